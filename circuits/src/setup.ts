import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Groth16VerificationKey, r1cs, zKey } from "snarkjs";
import { withCurve } from "./curve.ts";
import type { Ceremony } from "./key.ts";
import { BEACON_ITERATIONS_EXP, developmentPtau } from "./ptau.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = join(ROOT, "build", "circuits");

/** The beacons of the two phases: public by construction, which is what makes a setup reproducible, and a development one. */
const BEACONS = {
  ptau: sha256("OPG Settlement, development setup, phase 1: whoever reads this can forge proofs"),
  zkey: sha256("OPG Settlement, development setup, phase 2: whoever reads this can forge proofs"),
};

/** A circuit, compiled and set up for development. */
export interface Circuit {
  /** The constraints, the witness generator and the proving key, as files. */
  readonly r1cs: string;
  readonly wasm: string;
  readonly zkey: string;
  readonly vkey: Groth16VerificationKey;
  readonly ceremony: Ceremony;
}

/** Told what is being done, one line at a time. */
export type Progress = (line: string) => void;

/**
 * Compiles a circuit and makes a development setup for it: the same bytes on every machine. The result is kept in
 * build/circuits under the hash of everything that it follows from, and found there the next time.
 *
 * @param source The .circom file.
 * @throws Error with the compiler's own words if the circuit does not compile.
 */
export async function buildCircuit(source: string, progress: Progress = () => {}): Promise<Circuit> {
  const name = basename(source, ".circom");
  const versions = await Promise.all(["circom2", "circomlib", "snarkjs"].map(versionOf));
  const inputs = [await readFile(source), ...versions, ...Object.values(BEACONS)];
  const directory = join(CACHE, `${name}-${sha256(...inputs).slice(0, 16)}`);
  if (!existsSync(directory)) {
    await publish(directory, async (work) => {
      progress(`${name}: compiling`);
      await mkdir(work);
      await compile(source, work);
      await setUp(name, work, progress);
    });
  }
  const zkey = join(directory, `${name}.zkey`);
  return {
    r1cs: join(directory, `${name}.r1cs`),
    wasm: join(directory, `${name}_js`, `${name}.wasm`),
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

/** circom, compiled to WebAssembly; it prints what is wrong with a circuit and exits with an error. */
async function compile(source: string, target: string): Promise<void> {
  const options = ["--r1cs", "--wasm", "--O2", "-l", join(ROOT, "node_modules"), "-o", target];
  const child = spawn(process.execPath, [join(ROOT, "node_modules", "circom2", "cli.js"), source, ...options], {
    cwd: ROOT,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data) => {
      output += data;
    });
  const status = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  if (status !== 0) throw new Error(`circom cannot compile ${source}:\n${output}`);
}

async function setUp(name: string, work: string, progress: Progress): Promise<void> {
  const file = (suffix: string) => join(work, `${name}${suffix}`);
  await withCurve(async () => {
    const { nConstraints, nPubInputs, nOutputs } = await r1cs.info(file(".r1cs"));
    const power = Math.ceil(Math.log2(nConstraints + nPubInputs + nOutputs + 1));
    progress(`${name}: ${nConstraints} constraints; setup, phase 1 for 2^${power}`);
    const ptau = await ptauFile(power);
    progress(`${name}: setup, phase 2`);
    await zKey.newZKey(file(".r1cs"), ptau, file("_0.zkey"));
    await zKey.beacon(file("_0.zkey"), file(".zkey"), "development", BEACONS.zkey, BEACON_ITERATIONS_EXP);
    await rm(file("_0.zkey"));
    await writeFile(join(work, "vkey.json"), JSON.stringify(await zKey.exportVerificationKey(file(".zkey"))));
  });
}

/** The first phase's file for circuits of up to 2^power constraints; kept, as it is the same for every circuit. */
async function ptauFile(power: number): Promise<string> {
  const file = join(CACHE, `development-${power}-${BEACONS.ptau.slice(0, 16)}.ptau`);
  if (!existsSync(file)) {
    await publish(file, async (work) => writeFile(work, await developmentPtau(power, BEACONS.ptau)));
  }
  return file;
}

/** Makes a file or folder under another name and moves it to its own, so that nobody ever sees half of it. */
async function publish(target: string, make: (work: string) => Promise<void>): Promise<void> {
  const work = `${target}.${process.pid}.tmp`;
  await mkdir(CACHE, { recursive: true });
  try {
    await make(work);
    await rename(work, target);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // otherwise another process was faster, with the same bytes
  }
}

/** Of an installed package. Some do not export their package.json, so it is read as a file. */
async function versionOf(name: string): Promise<string> {
  const text = await readFile(join(ROOT, "node_modules", name, "package.json"), "utf8");
  return `${name} ${(JSON.parse(text) as { version: string }).version}`;
}

function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex");
}
