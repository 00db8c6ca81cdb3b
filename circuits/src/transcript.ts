import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { withCurve } from "./curve.ts";
import { FIELD, type Hex } from "./field.ts";
import { UnreadableFileError } from "./UnreadableFileError.ts";

/** Reads what snarkjs's files say of the ceremony that made them; whether it is true is for `verifyCeremony` to find out. */

/** One link of a ceremony's chain: somebody's secret, or the public randomness of a beacon. */
export interface Contribution {
  /** As its contributor wrote it: it may hold anything. */
  readonly name: string;
  /**
   * 64 bytes, BLAKE2b. In a .zkey, what its contributor was shown; in a .ptau, the challenge that it left to the next.
   */
  readonly hash: Hex;
  /** Of a beacon: its value, and the exponent of the number of times that it was hashed. */
  readonly beacon?: { readonly value: Hex; readonly iterationsExp: number };
}

/** What a .zkey says. */
export interface KeyTranscript {
  /** Of the constraints and the powers of tau: 64 bytes, BLAKE2b. */
  readonly circuitHash: Hex;
  readonly publicSignals: number;
  /** Its size in rows is 2 to this. */
  readonly power: number;
  readonly contributions: readonly Contribution[];
}

/** What a .ptau says. */
export interface PowersTranscript {
  /** It serves circuits of up to 2 to this rows. */
  readonly power: number;
  /** Whether it is prepared for the second phase. */
  readonly prepared: boolean;
  readonly contributions: readonly Contribution[];
}

const [G1, G2, HASH] = [64, 128, 64];
/** BN254's scalar field has roots of unity of order 2^28. */
const MOST_POWER = 28;
/** Of ptau contributions: the secrets' points, and a hash function's inner state. */
const [POWERS_POINTS, POWERS_KEY, PARTIAL_HASH] = [3 * G1 + 2 * G2, 6 * G1 + 3 * G2, 216];

/**
 * Reads a Groth16 .zkey.
 *
 * @throws UnreadableFileError if it is none over BN254, or if a point in it is none of the prime-order groups.
 */
export function readKeyTranscript(path: string): Promise<KeyTranscript> {
  return readFile(path, "zkey", async (section) => {
    if ((await section(1)).uint32() !== 1) throw new Error("it is not a Groth16 key");
    const header = await section(2);
    header.field(); // the base field's order, and the scalar field's
    if (header.field() !== FIELD) throw new Error("it is not over BN254");
    header.uint32(); // wires
    const publicSignals = header.uint32();
    const power = Math.log2(header.uint32());
    header.bytes(2 * G1 + 2 * G2); // alpha, beta, beta, gamma: of the powers of tau
    const points = { g1: [header.bytes(G1)], g2: [header.bytes(G2)] }; // delta

    const transcript = await section(10);
    const circuitHash = transcript.hex(HASH);
    const read = transcript.list(() => {
      const [after, s, sx] = [transcript.bytes(G1), transcript.bytes(G1), transcript.bytes(G1)];
      const spx = transcript.bytes(G2);
      points.g1.push(after, s, sx);
      points.g2.push(spx);
      return {
        g1: Buffer.concat([after, s, sx]),
        g2: spx,
        challenge: transcript.bytes(HASH),
        ...parameters(transcript),
      };
    });
    transcript.end();

    return withCurve(async (curve) => {
      // snarkjs compares pairings of these points without asking where they are.
      const outside =
        points.g1.some((point) => curve.G1.isZero(point) || !curve.G1.isValid(point)) ||
        points.g2.some(
          (point) =>
            curve.G2.isZero(point) || !curve.G2.isValid(point) || !curve.G2.isZero(curve.G2.timesScalar(point, FIELD)),
        );
      if (outside) throw new Error("a point of its transcript is not of the group");
      const contributions = await Promise.all(
        read.map(async ({ g1, g2, challenge, ...rest }) => {
          const hash = createHash("blake2b512");
          hash
            .update(await curve.G1.batchLEMtoU(g1))
            .update(await curve.G2.batchLEMtoU(g2))
            .update(challenge);
          return { ...rest, hash: `0x${hash.digest("hex")}` as const };
        }),
      );
      return { circuitHash, publicSignals, power, contributions };
    });
  });
}

/**
 * Reads a powers-of-tau file.
 *
 * @throws UnreadableFileError if it is none over BN254.
 */
export function readPowersTranscript(path: string): Promise<PowersTranscript> {
  return readFile(path, "ptau", async (section, types) => {
    const header = await section(1);
    if (header.field() !== BASE_FIELD) throw new Error("it is not over BN254");
    const [power, ceremonyPower] = [header.uint32(), header.uint32()]; // they differ in a file that was made smaller
    if (power > ceremonyPower || ceremonyPower > MOST_POWER) {
      throw new Error(`it is of 2^${power} of the powers of a ceremony of 2^${ceremonyPower}`);
    }
    const transcript = await section(7);
    const contributions = transcript.list(() => {
      transcript.bytes(POWERS_POINTS + POWERS_KEY + PARTIAL_HASH);
      const hash = transcript.hex(HASH);
      return { hash, ...parameters(transcript) };
    });
    transcript.end();
    return { power, prepared: [12, 13, 14, 15].every((type) => types.has(type)), contributions };
  });
}

/** What the head of an .r1cs says of a circuit. */
export interface CircuitSize {
  readonly publicSignals: number;
  /** The rows that a key of it has are 2 to this. */
  readonly power: number;
}

/** Reads the head of an .r1cs. @throws UnreadableFileError if it is none over BN254. */
export function readCircuitSize(r1cs: string): Promise<CircuitSize> {
  return readFile(r1cs, "r1cs", async (section) => {
    const header = await section(1);
    if (header.field() !== FIELD) throw new Error("it is not over BN254");
    header.uint32(); // wires
    const publicSignals = header.uint32() + header.uint32();
    header.bytes(4 + 8); // private inputs, labels
    return { publicSignals, power: Math.ceil(Math.log2(header.uint32() + publicSignals + 1)) };
  });
}

/** The order of BN254's base field. */
const BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** What follows the points of a contribution, in both kinds of file. */
function parameters(content: Content): Pick<Contribution, "name" | "beacon"> {
  const type = content.uint32();
  const end = content.uint32() + content.position;
  let [name, iterationsExp, value]: [string, number | undefined, Hex | undefined] = ["", undefined, undefined];
  for (let last = 0; content.position < end; ) {
    const [parameter = 0] = content.bytes(1);
    if (parameter <= last) throw new Error("the parameters of a contribution are not in order");
    last = parameter;
    const [size = 0] = content.bytes(1);
    if (parameter === 1) name = new TextDecoder().decode(content.bytes(size));
    else if (parameter === 2) iterationsExp = size;
    else if (parameter === 3) value = content.hex(size);
    else throw new Error(`a contribution has a parameter of the unknown kind ${parameter}`);
  }
  if (content.position !== end) throw new Error("the parameters of a contribution are longer than they say");
  if (type === 0 && iterationsExp === undefined && value === undefined) return { name };
  if (type === 1 && iterationsExp !== undefined && value !== undefined)
    return { name, beacon: { value, iterationsExp } };
  throw new Error(`a contribution of kind ${type} has the parameters of another kind`);
}

/** The content of a section, read from its start. */
class Content {
  position = 0;
  readonly #data: Buffer;

  constructor(data: Buffer) {
    this.#data = data;
  }

  bytes(length: number): Buffer {
    if (this.position + length > this.#data.length) throw new Error("it is cut short");
    this.position += length;
    return this.#data.subarray(this.position - length, this.position);
  }

  hex(length: number): Hex {
    return `0x${this.bytes(length).toString("hex")}`;
  }

  uint32(): number {
    return this.bytes(4).readUInt32LE();
  }

  /** A number after its length in bytes. */
  field(): bigint {
    return BigInt(`0x${Buffer.from(this.bytes(this.uint32())).reverse().toString("hex")}`);
  }

  /** As many things as the next number says. */
  list<T>(read: () => T): T[] {
    const things: T[] = [];
    for (let left = this.uint32(); left > 0; left--) things.push(read());
    return things;
  }

  end(): void {
    if (this.position !== this.#data.length) throw new Error("it is longer than it says");
  }
}

/** Reads one of iden3's binary files; of its sections, only those that are asked for. */
async function readFile<T>(
  path: string,
  magic: string,
  read: (section: (type: number) => Promise<Content>, types: ReadonlyMap<number, unknown>) => Promise<T>,
): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new UnreadableFileError(`${path} cannot be read: ${code === "ENOENT" ? "there is no such file" : code}`);
  }
  try {
    const { size } = await file.stat();
    const at = async (position: number, length: number) => {
      if (position + length > size) throw new Error("it is cut short");
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
      return new Content(buffer);
    };
    const start = await at(0, 12);
    if (start.bytes(4).toString("latin1") !== magic) throw new Error(`it is no .${magic} file`);
    start.uint32(); // the format's version
    const sections = new Map<number, { position: number; length: number }>();
    let position = 12;
    for (let left = start.uint32(); left > 0; left--) {
      const header = await at(position, 12);
      const [type, length] = [header.uint32(), Number(header.bytes(8).readBigUInt64LE())];
      if (sections.has(type)) throw new Error(`it has section ${type} twice`);
      position += 12;
      if (position + length > size) throw new Error("it is cut short");
      sections.set(type, { position, length });
      position += length;
    }
    return await read((type) => {
      const found = sections.get(type);
      if (found === undefined) throw new Error(`it has no section ${type}`);
      return at(found.position, found.length);
    }, sections);
  } catch (error) {
    throw new UnreadableFileError(
      `${path} is not what it should be: ${error instanceof Error ? error.message : error}`,
    );
  } finally {
    await file.close();
  }
}
