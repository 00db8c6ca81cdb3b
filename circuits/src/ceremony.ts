import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream, existsSync } from "node:fs";
import { copyFile, link, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isHexString } from "ethers";
import { type FileLike, type Groth16VerificationKey, powersOfTau, zKey } from "snarkjs";
import { LEAST_CONTRIBUTIONS } from "../../sdk/src/client/keyWeaknesses.ts";
import { withCurve } from "./curve.ts";
import type { Hex } from "./field.ts";
import { type Ceremony, keyBytes, keyIdOf } from "./key.ts";
import { publishedAs, publishedPowers } from "./publishedPowers.ts";
import { BEACONS } from "./setup.ts";
import { callSnarkjs, type StepProgress } from "./snarkjsCall.ts";
import {
  type Contribution,
  type KeyTranscript,
  type PowersTranscript,
  readCircuitSize,
  readKeyTranscript,
  readPowersTranscript,
} from "./transcript.ts";
import { UnreadableFileError } from "./UnreadableFileError.ts";

/**
 * The trusted setup of a circuit (Groth16 over BN254, snarkjs's files), as a ceremony of many parties: its secrets stay
 * unknown as long as one contributor of each phase forgets theirs.
 *
 * Every step reads one file and makes the next, which appears whole or not at all, and never takes the place of another.
 * What a folder holds is the ceremony's state:
 *
 *   circuit.r1cs           the constraints
 *   powersOfTau.ptau       the first phase, which does not depend on the circuit
 *   circuit_0000.zkey      the second phase, before any contribution
 *   circuit_0001.zkey …    after each
 *   circuit_final.zkey     closed by a beacon
 */

/** A ceremony, or a file of one, that is not what it claims to be; or a step that would break it. */
export class CeremonyError extends Error {
  override name = "CeremonyError";
}

/** The largest circuit, as a power of two, for which `setUpCeremony` makes powers of tau: some minutes of work. */
const DEVELOPMENT_POWER = 13;

/** A beacon is hashed 2^10 times at the least (snarkjs's bound), and so often at the most that anyone can verify it. */
export const BEACON_EXPONENTS = { least: 10, most: 26 } as const;

const POWERS_FILE = "powersOfTau.ptau";

/** What {@link setUpCeremony} made or found. */
export interface CeremonyFiles {
  readonly r1cs: string;
  readonly ptau: string;
  /** The latest key. */
  readonly zkey: string;
}

/**
 * Begins the ceremony of a circuit in a folder, or goes on where it stopped: what is there already is left as it is.
 *
 * @param constraints The circuit's .r1cs file, which is copied.
 * @param ptau A prepared powers-of-tau file, which is copied. If absent, one is made whose secrets are public: whatever
 * follows from it is for development only.
 * @throws CeremonyError if the folder holds another circuit's ceremony, or if the powers of tau are too small, not prepared
 * or absent for a large circuit; UnreadableFileError.
 */
export async function setUpCeremony(
  constraints: string,
  directory: string,
  { ptau, progress }: { readonly ptau?: string; readonly progress: StepProgress },
): Promise<CeremonyFiles> {
  const name = basename(constraints, ".r1cs");
  await mkdir(directory, { recursive: true });
  const r1cs = join(directory, `${name}.r1cs`);
  const others = (await readdir(directory)).filter((file) => file.endsWith(".r1cs") && file !== basename(r1cs));
  if (others.length > 0) throw new CeremonyError(`${directory} holds the ceremony of another circuit: ${others}`);
  await copyOnce(constraints, r1cs, `${directory} holds the ceremony of another circuit: ${basename(r1cs)} differs`);

  const powers = join(directory, POWERS_FILE);
  const { power } = await readCircuitSize(r1cs);
  if (ptau !== undefined) {
    requirePowers(ptau, await readPowersTranscript(ptau), power);
    progress(`copying ${ptau}`);
    await copyOnce(ptau, powers, `${powers} is there already, and is not ${ptau}`);
  } else if (!existsSync(powers)) {
    await makeDevelopmentPowers(powers, power, progress);
  } else {
    requirePowers(powers, await readPowersTranscript(powers), power);
  }

  const first = join(directory, keyFile(name, 0));
  if (!existsSync(first)) {
    await make(first, async (work) => {
      const sources = [await inMemory(r1cs), await inMemory(powers)] as const;
      const { result, complaint } = await callSnarkjs("making the first key", progress, (logger) =>
        zKey.newZKey(...sources, work, logger),
      );
      if (result === -1) throw new CeremonyError(`snarkjs makes no key of ${r1cs} and ${powers}: ${complaint}`);
    });
  }
  return { r1cs, ptau: powers, zkey: await latestKey(directory) };
}

/** A step of the second phase that was made. */
export interface CeremonyStep {
  /** The file that it made. */
  readonly zkey: string;
  /** What to publish, for everyone to find in the finished key: 64 bytes, BLAKE2b. */
  readonly hash: Hex;
}

/**
 * Adds a contribution to a key, from the system's randomness and `entropy`, both of which are forgotten.
 *
 * @param from A .zkey, or a ceremony's folder: its latest.
 * @param name Who contributes: 1 to 64 printable characters.
 * @throws CeremonyError if the key is closed by a beacon, or if the next key is there already; UnreadableFileError.
 */
export async function contribute(
  from: string,
  {
    name,
    entropy,
    progress,
  }: { readonly name: string; readonly entropy?: Uint8Array; readonly progress: StepProgress },
): Promise<CeremonyStep> {
  if (!/^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(name) || name.length > 64) {
    throw new CeremonyError("a contributor's name has 1 to 64 printable characters");
  }
  const { key, transcript } = await openKey(from);
  const to = join(dirname(key), keyFile(stemOf(key), transcript.contributions.length + 1));
  const secret = createHash("sha512")
    .update(randomBytes(64))
    .update(entropy ?? "")
    .digest("hex");
  return addTo(key, to, (work) =>
    callSnarkjs(`contributing to ${key}`, progress, (logger) => zKey.contribute(key, work, name, secret, logger)),
  );
}

/**
 * Closes a ceremony with public randomness that nobody could know, or choose, before the last contribution was published.
 *
 * @param from A .zkey, or a ceremony's folder: its latest.
 * @param hash 32 bytes.
 * @param iterationsExp It is hashed 2^this times, so that its effect is known only some time later.
 * @throws CeremonyError if the key is closed already; UnreadableFileError.
 */
export async function closeWithBeacon(
  from: string,
  {
    hash,
    iterationsExp,
    progress,
  }: { readonly hash: Hex; readonly iterationsExp: number; readonly progress: StepProgress },
): Promise<CeremonyStep> {
  const { least, most } = BEACON_EXPONENTS;
  if (!isHexString(hash, 32)) throw new CeremonyError("a beacon is 32 bytes of hex");
  if (!Number.isInteger(iterationsExp) || iterationsExp < least || iterationsExp > most) {
    throw new CeremonyError(`a beacon is hashed 2^${least} to 2^${most} times`);
  }
  const { key } = await openKey(from);
  return addTo(key, join(dirname(key), `${stemOf(key)}_final.zkey`), (work) =>
    callSnarkjs(`closing ${key}`, progress, (logger) =>
      zKey.beacon(key, work, "beacon", hash.slice(2), iterationsExp, logger),
    ),
  );
}

/** One phase of a verified ceremony. */
export interface Phase {
  /** In their order; the closing beacon is not one of them. */
  readonly contributions: readonly Contribution[];
  /** What closed it; undefined if the last link is no beacon. */
  readonly beacon: NonNullable<Contribution["beacon"]> | undefined;
}

/** A ceremony whose chain holds. */
export interface VerifiedCeremony {
  /** The powers of tau; `published` is the name under which they were published, if they are known here. */
  readonly powers: Phase & { readonly power: number; readonly hash: Hex; readonly published: string | undefined };
  readonly circuit: Phase & { readonly power: number; readonly hash: Hex; readonly publicSignals: number };
  /** Why its key is good for development only; empty for a production key. */
  readonly weaknesses: readonly string[];
  /** What the key declares of it, and the key as `registerKey` takes it. */
  readonly ceremony: Ceremony;
  readonly vkey: Groth16VerificationKey;
  readonly keyBytes: Hex;
  readonly keyId: Hex;
}

/**
 * Replays a whole ceremony: each contribution of both phases against the one before it, the beacons, and the key against
 * constraints and powers of tau. Powers of tau with a published hash are not replayed: the hash says more.
 *
 * What no file can show is whether the contributors were independent, and whether the beacon was public randomness that
 * was announced before: compare names, hashes and beacon with what was published of them.
 *
 * @throws CeremonyError if anything does not hold; UnreadableFileError.
 */
export async function verifyCeremony(
  { r1cs, ptau, zkey }: CeremonyFiles,
  progress: StepProgress,
): Promise<VerifiedCeremony> {
  const { power } = await readCircuitSize(r1cs);
  const powersTranscript = await readPowersTranscript(ptau);
  const transcript = await readKeyTranscript(zkey);
  requirePowers(ptau, powersTranscript, power);
  for (const { beacon } of [...powersTranscript.contributions, ...transcript.contributions]) {
    if (beacon !== undefined && beacon.iterationsExp > BEACON_EXPONENTS.most) {
      throw new CeremonyError(`a beacon that is hashed 2^${beacon.iterationsExp} times cannot be verified here`);
    }
  }

  progress(`hashing ${ptau}`);
  const powersHash = await hashFile(ptau, "blake2b512");
  const published = publishedAs(powersHash);
  const [constraints, tau, key] = [await inMemory(r1cs), await inMemory(ptau), await inMemory(zkey)];
  if (published === undefined) {
    await mustHold(ptau, "replaying the powers of tau", progress, (logger) => powersOfTau.verify(tau, logger));
  }
  await mustHold(zkey, "replaying the circuit's phase", progress, (logger) =>
    zKey.verifyFromR1cs(constraints, tau, key, logger),
  );

  const powers = phaseOf(powersTranscript);
  const circuit = phaseOf(transcript);
  const weaknesses = [
    ...(published === undefined ? weaknessesOf(powers, "its powers of tau have") : []),
    ...weaknessesOf(circuit, "the circuit's phase has"),
  ];
  const ceremony: Ceremony = {
    development: weaknesses.length > 0,
    contributions: circuit.contributions.length,
    beacon: isHexString(circuit.beacon?.value, 32) ? circuit.beacon.value : `0x${"00".repeat(32)}`,
    zkeyHash: await hashFile(zkey, "sha256"),
  };
  const vkey = await withCurve(() => zKey.exportVerificationKey(zkey));
  const bytes = keyBytes(vkey, ceremony);
  return {
    powers: { ...powers, power: powersTranscript.power, hash: powersHash, published },
    circuit: { ...circuit, power, hash: transcript.circuitHash, publicSignals: transcript.publicSignals },
    weaknesses,
    ceremony,
    vkey,
    keyBytes: bytes,
    keyId: keyIdOf(bytes),
  };
}

/**
 * The files of a ceremony's folder.
 *
 * @throws UnreadableFileError if the folder holds none.
 */
export async function ceremonyFiles(directory: string): Promise<CeremonyFiles> {
  const zkey = await latestKey(directory);
  return { r1cs: join(directory, `${stemOf(zkey)}.r1cs`), ptau: join(directory, POWERS_FILE), zkey };
}

/** The final key of a ceremony's folder, or else the one with the most contributions. */
async function latestKey(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => []);
  const keys = names.filter((name) => /_(\d{4,}|final)\.zkey$/.test(name)).sort(); // digits come before letters
  const [latest] = keys.slice(-1);
  if (latest === undefined) throw new UnreadableFileError(`${directory} holds no ceremony: it has no .zkey file`);
  if (keys.some((key) => stemOf(key) !== stemOf(latest))) {
    throw new UnreadableFileError(`${directory} holds the keys of several circuits: name one of them`);
  }
  return join(directory, latest);
}

const keyFile = (name: string, contributions: number) => `${name}_${String(contributions).padStart(4, "0")}.zkey`;

/** The name of a key's circuit, by its file's. */
const stemOf = (zkey: string) => basename(zkey, ".zkey").replace(/_(\d{4,}|final)$/, "");

async function openKey(from: string): Promise<{ key: string; transcript: KeyTranscript }> {
  const key = from.endsWith(".zkey") ? from : await latestKey(from);
  const transcript = await readKeyTranscript(key);
  if (transcript.contributions.at(-1)?.beacon !== undefined) {
    throw new CeremonyError(`${key} is closed by a beacon: nothing can be added to it`);
  }
  return { key, transcript };
}

async function addTo(
  from: string,
  to: string,
  add: (work: string) => Promise<{ readonly result: Uint8Array | false; readonly complaint: string }>,
): Promise<CeremonyStep> {
  await make(to, async (work) => {
    const { result, complaint } = await add(work);
    if (result === false) throw new CeremonyError(`snarkjs refuses ${from}: ${complaint}`);
  });
  const { contributions } = await readKeyTranscript(to);
  return { zkey: to, hash: contributions.at(-1)?.hash ?? "0x" };
}

/** Makes the first phase whose only contribution is a public beacon. */
async function makeDevelopmentPowers(target: string, power: number, progress: StepProgress): Promise<void> {
  if (power > DEVELOPMENT_POWER) {
    const published = publishedPowers(power);
    throw new CeremonyError(
      `a circuit of 2^${power} rows is too large to make powers of tau here: ${
        published === undefined
          ? "and there are no published ones of that size"
          : `get ${published.file}, whose BLAKE2b-512 (b2sum) must be ${published.hash.slice(2)}, and name it with --ptau`
      }`,
    );
  }
  const [fresh, contributed] = [memoryFile(), memoryFile()];
  const step = "making powers of tau for development";
  await callSnarkjs(step, progress, async (logger) => {
    await withCurve((curve) => powersOfTau.newAccumulator(curve, Math.max(power, 1), fresh, logger));
    await powersOfTau.beacon(fresh, contributed, "development", BEACONS.ptau, BEACON_EXPONENTS.least, logger);
  });
  await make(target, async (work) => {
    await callSnarkjs("preparing them for the circuit", progress, (logger) =>
      powersOfTau.preparePhase2(contributed, work, logger),
    );
  });
}

const memoryFile = (data = new Uint8Array()) => ({ type: "mem" as const, data });

/** A file for snarkjs, which leaves open what it opens by name: only what is too large for memory is given so. */
async function inMemory(path: string): Promise<FileLike> {
  return (await stat(path)).size < 2 ** 30 ? memoryFile(await readFile(path)) : path;
}

function requirePowers(ptau: string, { power, prepared }: PowersTranscript, needed: number): void {
  if (!prepared) {
    throw new CeremonyError(`${ptau} is not prepared for a circuit: run \`snarkjs powersoftau prepare phase2\` on it`);
  }
  if (power < needed) {
    throw new CeremonyError(`${ptau} serves circuits of up to 2^${power} rows, and this one needs 2^${needed}`);
  }
}

async function mustHold(
  file: string,
  step: string,
  progress: StepProgress,
  verify: Parameters<typeof callSnarkjs<boolean>>[2],
): Promise<void> {
  let failure: string;
  try {
    const { result, complaint } = await callSnarkjs(step, progress, verify);
    if (result === true) return;
    failure = complaint;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  throw new CeremonyError(`${file} does not hold: ${failure}`);
}

/** Contributions, and what closed them; a beacon in between counts as nothing. */
function phaseOf({ contributions }: Pick<KeyTranscript, "contributions">): Phase {
  return {
    contributions: contributions.filter(({ beacon }) => beacon === undefined),
    beacon: contributions.at(-1)?.beacon,
  };
}

function weaknessesOf({ contributions, beacon }: Phase, subject: string): string[] {
  const count = contributions.length;
  return [
    ...(count < LEAST_CONTRIBUTIONS
      ? [`${subject} ${count === 0 ? "no contribution" : `${count} of ${LEAST_CONTRIBUTIONS} contributions`}`]
      : []),
    ...(isHexString(beacon?.value, 32) ? [] : [`${subject} no beacon of 32 bytes at its end`]),
  ];
}

/**
 * Has a file made under another name and gives it its own once it is whole and on the disk. What a killed process left of
 * it is cleared away.
 *
 * @throws CeremonyError if there is such a file already.
 */
async function make(target: string, write: (work: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) throw new CeremonyError(`${target} is there already`);
  const [directory, name] = [dirname(target), basename(target)];
  for (const file of await readdir(directory)) {
    const [, owner] = file.startsWith(`${name}.`) ? (/\.(\d+)\.tmp$/.exec(file) ?? []) : [];
    if (owner !== undefined && !isRunning(Number(owner))) await rm(join(directory, file), { force: true });
  }
  const work = `${target}.${process.pid}.tmp`;
  try {
    await write(work);
    const file = await open(work, "r+");
    await file.sync();
    await file.close();
    await link(work, target); // fails if another process was faster
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw new CeremonyError(`${target} is there already`);
    }
    throw error;
  } finally {
    await rm(work, { force: true });
  }
}

/** Copies a file, unless its copy is there. */
async function copyOnce(from: string, to: string, conflict: string): Promise<void> {
  if (!existsSync(to)) return make(to, (work) => copyFile(from, work, constants.COPYFILE_FICLONE));
  if ((await hashFile(from, "sha256")) !== (await hashFile(to, "sha256"))) throw new CeremonyError(conflict);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function hashFile(path: string, algorithm: "blake2b512" | "sha256"): Promise<Hex> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return `0x${hash.digest("hex")}`;
}
