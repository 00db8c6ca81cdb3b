import { createHash } from "node:crypto";
import fs, { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { bindings, CircomRunner, type WriteSync } from "circom2";
import { type Groth16VerificationKey, zKey } from "snarkjs";
import { withCurve } from "./curve.ts";
import { BEACON_ITERATIONS_EXP, developmentZkey } from "./developmentKey.ts";
import type { Ceremony } from "./key.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = join(ROOT, "build", "circuits");
const PACKAGES = join(ROOT, "node_modules");
const LIBRARY = join(ROOT, "circuits", "lib");

/** The beacons of the two phases: public by construction, which is what makes a setup reproducible, and a development one. */
export const BEACONS = {
  ptau: sha256("OPG Settlement, development setup, phase 1: whoever reads this can forge proofs"),
  zkey: sha256("OPG Settlement, development setup, phase 2: whoever reads this can forge proofs"),
};

/** A compiled circuit, as files: its constraints, its witness generator and the names of its signals. */
export interface CompiledCircuit {
  readonly r1cs: string;
  readonly wasm: string;
  readonly sym: string;
}

/** A circuit, compiled and set up for development. */
export interface Circuit extends CompiledCircuit {
  /** The proving key, as a file. */
  readonly zkey: string;
  readonly vkey: Groth16VerificationKey;
  readonly ceremony: Ceremony;
}

/** Told what is being done, one line at a time. */
export type Progress = (line: string) => void;

/**
 * Compiles a circuit: the same bytes on every machine. The result is kept in build/circuits under the hash of everything
 * that it follows from, and found there the next time.
 *
 * @param source The .circom file; it may include the files of circomlib, those of circuits/lib as "lib/…", and no others.
 * @throws Error with the compiler's own words if the circuit does not compile.
 */
export async function compileCircuit(source: string, progress: Progress = () => {}): Promise<CompiledCircuit> {
  const name = basename(source, ".circom");
  const library = (await readdir(LIBRARY)).sort().map((file) => join(LIBRARY, file));
  const sources = await Promise.all([source, ...library].map((file) => readFile(file)));
  const inputs = [...sources, ...(await versionsOf("circom2", "circomlib"))];
  const directory = await cached(name, inputs, async (work) => {
    progress(`${name}: compiling`);
    await compile(source, work);
  });
  const file = (path: string) => join(directory, path);
  return { r1cs: file(`${name}.r1cs`), wasm: file(join(`${name}_js`, `${name}.wasm`)), sym: file(`${name}.sym`) };
}

/**
 * Compiles a circuit and makes a development setup for it: the same bytes on every machine, kept like what
 * {@link compileCircuit} makes, and throwing as it does.
 */
export async function buildCircuit(source: string, progress: Progress = () => {}): Promise<Circuit> {
  const name = basename(source, ".circom");
  const compiled = await compileCircuit(source, progress);
  const constraints = await readFile(compiled.r1cs);
  const inputs = [constraints, ...(await versionsOf("snarkjs")), ...Object.values(BEACONS)];
  const directory = await cached(`${name}-development`, inputs, (work) => setUp(name, constraints, work, progress));
  const zkey = join(directory, "development.zkey");
  return {
    ...compiled,
    zkey,
    vkey: JSON.parse(await readFile(join(directory, "vkey.json"), "utf8")) as Groth16VerificationKey,
    ceremony: {
      development: true,
      contributions: 0,
      beacon: `0x${BEACONS.zkey}`,
      zkeyHash: `0x${createHash("sha256")
        .update(await readFile(zkey))
        .digest("hex")}`,
    },
  };
}

/**
 * circom, as the WebAssembly of circom2, in this process: its own command sometimes never exits. It sees the work folder,
 * with a copy of the source, the library and the installed packages.
 */
async function compile(source: string, work: string): Promise<void> {
  const file = basename(source);
  await copyFile(source, join(work, file));
  let output = "";
  const write: WriteSync = (descriptor, bytes, offset, length, position) => {
    if (descriptor > 2) return fs.writeSync(descriptor, bytes, offset, length, position);
    output += Buffer.from(bytes.subarray(offset, offset + length)).toString();
    return length;
  };
  const circom = new CircomRunner({
    args: [file, "--r1cs", "--wasm", "--sym", "--O2", "-l", "packages"],
    env: {},
    preopens: { ".": work, lib: LIBRARY, packages: PACKAGES },
    bindings: { ...bindings, fs: { ...fs, writeSync: write } },
  });
  try {
    await circom.execute(await readFile(join(PACKAGES, "circom2", "circom.wasm")));
  } catch (error) {
    throw new Error(`circom cannot compile ${source}:\n${stripVTControlCharacters(output)}`, { cause: error });
  }
}

/** Both phases of the setup, each closed by its beacon. */
async function setUp(name: string, r1cs: Uint8Array, work: string, progress: Progress): Promise<void> {
  await withCurve(async () => {
    progress(`${name}: setup, phase 1`);
    const first = await developmentZkey(r1cs, BEACONS.ptau);
    progress(`${name}: setup, phase 2`);
    const zkey = join(work, "development.zkey");
    await zKey.beacon({ type: "mem", data: first }, zkey, "development", BEACONS.zkey, BEACON_ITERATIONS_EXP);
    await writeFile(join(work, "vkey.json"), JSON.stringify(await zKey.exportVerificationKey(zkey)));
  });
}

/**
 * The folder of build/circuits for `inputs`. If it is not there, `make` fills another one, which is then moved to its
 * place, so that nobody ever sees half of it.
 */
export async function cached(
  name: string,
  inputs: readonly (string | Uint8Array)[],
  make: (work: string) => Promise<void>,
): Promise<string> {
  const target = join(CACHE, `${name}-${sha256(...inputs).slice(0, 16)}`);
  if (existsSync(target)) return target;
  const work = `${target}.${process.pid}.tmp`;
  try {
    await mkdir(work, { recursive: true });
    await make(work);
    await rename(work, target);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // otherwise another process was faster, with the same bytes
  }
  return target;
}

/** Of installed packages. Some do not export their package.json, so it is read as a file. */
export function versionsOf(...names: readonly string[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(PACKAGES, name, "package.json"), "utf8");
      return `${name} ${(JSON.parse(text) as { version: string }).version}`;
    }),
  );
}

function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex");
}
