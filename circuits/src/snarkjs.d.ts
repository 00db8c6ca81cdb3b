/** The parts of snarkjs, ffjavascript and circom2 that this repository uses; none of them ships types. */

declare module "snarkjs" {
  import type { Curve } from "ffjavascript";

  /** A file by its path, or in memory: an empty object to write to, `{ type: "mem", data }` to read from. */
  export type FileLike = string | { type: "mem"; data?: Uint8Array };

  export interface Logger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  }

  export interface Groth16Proof {
    pi_a: string[];
    pi_b: string[][];
    pi_c: string[];
    protocol: string;
    curve: string;
  }

  export interface Groth16VerificationKey {
    protocol: string;
    curve: string;
    nPublic: number;
    vk_alpha_1: string[];
    vk_beta_2: string[][];
    vk_gamma_2: string[][];
    vk_delta_2: string[][];
    IC: string[][];
  }

  export type CircuitInput = Record<string, bigint | readonly bigint[] | readonly number[]>;

  export const powersOfTau: {
    newAccumulator(curve: Curve, power: number, file: FileLike, logger?: Logger): Promise<Uint8Array>;
    contribute(from: FileLike, to: FileLike, name: string, entropy: string, logger?: Logger): Promise<Uint8Array>;
    beacon(
      from: FileLike,
      to: FileLike,
      name: string,
      beaconHex: string,
      iterationsExp: number,
      logger?: Logger,
    ): Promise<Uint8Array | false>;
    preparePhase2(from: FileLike, to: FileLike, logger?: Logger): Promise<void>;
    verify(file: FileLike, logger?: Logger): Promise<boolean>;
  };

  export const zKey: {
    newZKey(r1cs: FileLike, ptau: FileLike, zkey: FileLike, logger?: Logger): Promise<Uint8Array | -1>;
    contribute(from: FileLike, to: FileLike, name: string, entropy: string, logger?: Logger): Promise<Uint8Array>;
    beacon(
      from: FileLike,
      to: FileLike,
      name: string,
      beaconHex: string,
      iterationsExp: number,
      logger?: Logger,
    ): Promise<Uint8Array | false>;
    verifyFromR1cs(r1cs: FileLike, ptau: FileLike, zkey: FileLike, logger?: Logger): Promise<boolean>;
    exportVerificationKey(zkey: FileLike): Promise<Groth16VerificationKey>;
    exportSolidityVerifier(zkey: FileLike, templates: { groth16?: string; plonk?: string }): Promise<string>;
  };

  type PlonkPoint = "A" | "B" | "C" | "Z" | "T1" | "T2" | "T3" | "Wxi" | "Wxiw";
  type PlonkEvaluation = "eval_a" | "eval_b" | "eval_c" | "eval_s1" | "eval_s2" | "eval_zw";
  export type PlonkProof = Record<PlonkPoint, string[]> & Record<PlonkEvaluation, string>;

  export const plonk: {
    /** -1 if the circuit does not fit the powers of tau. */
    setup(r1cs: FileLike, ptau: FileLike, zkey: FileLike, logger?: Logger): Promise<-1 | undefined>;
    prove(zkey: FileLike, witness: FileLike): Promise<{ proof: PlonkProof; publicSignals: string[] }>;
  };

  export const wtns: {
    calculate(input: CircuitInput, wasm: FileLike, witness: FileLike, options?: { memorySize?: number }): Promise<void>;
    check(r1cs: FileLike, witness: FileLike, logger?: Logger): Promise<boolean>;
  };

  /** The curve that the rest of snarkjs uses too, until it is terminated. */
  export const curves: { getCurveFromName(name: "bn128"): Promise<Curve> };

  export const groth16: {
    prove(zkey: FileLike, witness: FileLike): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    verify(key: Groth16VerificationKey, publicSignals: readonly string[], proof: Groth16Proof): Promise<boolean>;
  };
}

declare module "ffjavascript" {
  /** A field or curve element in ffjavascript's own encoding: little-endian, Montgomery form. */
  type Element = Uint8Array;

  export interface ScalarField {
    e(value: number | bigint): Element;
    inv(a: Element): Element;
    exp(base: Element, exponent: number): Element;
    random(): Element;
    fromRng(rng: ChaCha): Element;
    toObject(a: Element): bigint;
    ifft(elements: Uint8Array): Promise<Uint8Array>;
  }

  /** Points are Jacobian unless said otherwise; a coordinate is a number in G1, and a pair (real, imaginary) in G2. */
  export interface Group<Coordinate = bigint> {
    g: Element;
    zero: Element;
    zeroAffine: Element;
    add(a: Element, b: Element): Element;
    neg(a: Element): Element;
    timesFr(point: Element, scalar: Element): Element;
    toAffine(a: Element): Element;
    isZero(point: Element): boolean;
    /** Whether a point is on the curve (not whether it is in the subgroup), or at infinity. */
    isValid(point: Element): boolean;
    /** Multiplies by any number, not reduced. */
    timesScalar(point: Element, scalar: bigint): Element;
    fromObject(affine: Coordinate[]): Element;
    toObject(a: Element): Coordinate[];
    batchToAffine(points: Uint8Array): Promise<Uint8Array>;
    /** Affine points from ffjavascript's encoding to uncompressed, big-endian ones. */
    batchLEMtoU(points: Uint8Array): Promise<Uint8Array>;
  }

  export interface Curve {
    q: bigint;
    r: bigint;
    Fr: ScalarField;
    G1: Group;
    G2: Group<bigint[]>;
    terminate(): Promise<void>;
  }

  /** The curve that snarkjs uses too: one for the process, until it is terminated. Without threads, one of its own. */
  export function getCurveFromName(name: "bn128", singleThread?: boolean): Promise<Curve>;

  export class ChaCha {
    constructor(seed: number[]);
  }
}

declare module "circom2" {
  export type WriteSync = (
    descriptor: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ) => number;

  /** What circom's WebAssembly reaches of the system; the given ones throw where circom exits. */
  interface Bindings {
    /** Node's own, or what replaces parts of it. */
    fs: { writeSync: WriteSync };
  }

  export const bindings: Omit<Bindings, "fs">;

  export class CircomRunner {
    constructor(options: {
      args: string[];
      env: Record<string, string>;
      /** Folders that circom sees, from their names to their paths. */
      preopens: Record<string, string>;
      bindings: Bindings;
    });
    /** Throws if circom exits with an error. */
    execute(wasm: Uint8Array): Promise<unknown>;
  }
}
