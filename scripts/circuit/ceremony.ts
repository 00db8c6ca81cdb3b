import { createReadStream, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { buffer } from "node:stream/consumers";
import {
  type CeremonyFiles,
  ceremonyFiles,
  closeWithBeacon,
  contribute,
  type Phase,
  setUpCeremony,
  type VerifiedCeremony,
  verifyCeremony,
} from "../../circuits/src/ceremony.ts";
import type { Hex } from "../../circuits/src/field.ts";
import { type CompiledCircuit, compileCircuit } from "../../circuits/src/setup.ts";
import type { StepProgress } from "../../circuits/src/snarkjsCall.ts";
import { type Report, table } from "../cli/command.ts";
import { readInputFile } from "../cli/files.ts";
import { InputError } from "../cli/InputError.ts";
import { showProgress } from "../cli/progress.ts";

/** The reports of `opg circuit setup | contribute | beacon | verify` on ceremonies. */

export async function setup(source: string, { out, ptau }: { out?: string; ptau?: string }): Promise<Report> {
  const { r1cs } = await compile(source, showProgress);
  const directory = out ?? `${basename(source, ".circom")}.ceremony`;
  const files = await setUpCeremony(r1cs, directory, {
    progress: showProgress,
    ...(ptau === undefined ? {} : { ptau }),
  });
  return {
    json: { ...files },
    text: table({ constraints: files.r1cs, "powers of tau": files.ptau, "latest key": files.zkey }),
  };
}

export async function addContribution(
  from: string,
  { name, entropyFrom }: { name: string; entropyFrom?: string },
): Promise<Report> {
  const { zkey, hash } = await contribute(from, {
    name,
    progress: showProgress,
    ...(entropyFrom === undefined ? {} : { entropy: await readEntropy(entropyFrom) }),
  });
  return { json: { zkey, hash }, text: table({ wrote: zkey, "publish this hash": hash.slice(2) }) };
}

export async function addBeacon(from: string, options: { hash: Hex; iterations: number }): Promise<Report> {
  const { zkey, hash } = await closeWithBeacon(from, {
    hash: options.hash,
    iterationsExp: options.iterations,
    progress: showProgress,
  });
  return { json: { zkey, hash }, text: table({ wrote: zkey, hash: hash.slice(2) }) };
}

/** The start of a file, which may be a device that never ends. */
async function readEntropy(path: string): Promise<Uint8Array> {
  try {
    return await buffer(createReadStream(path, { end: 65_535 }));
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** @throws InputError with the compiler's words if the circuit cannot be read or compiled. */
export async function compile(source: string, progress: StepProgress): Promise<CompiledCircuit> {
  readInputFile(source);
  try {
    return await compileCircuit(source, progress);
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error));
  }
}

/** Where a ceremony to verify is: a folder or a .zkey, and what is elsewhere. */
export interface CeremonyOptions {
  readonly circuit?: string;
  readonly ptau?: string;
  readonly progress: StepProgress;
}

/**
 * The files of a ceremony, the circuit compiled if its source is named.
 *
 * @throws InputError if a file is missing or not named.
 */
export async function locateCeremony(
  where: string,
  { circuit, ptau, progress }: CeremonyOptions,
): Promise<CeremonyFiles> {
  const named = {
    ...(circuit === undefined ? {} : { r1cs: (await compile(circuit, progress)).r1cs }),
    ...(ptau === undefined ? {} : { ptau }),
  };
  if (!where.endsWith(".zkey")) return { ...(await ceremonyFiles(where)), ...named };
  const { r1cs } = named;
  if (r1cs === undefined || ptau === undefined) {
    throw new InputError("name the sources of a .zkey by --circuit and --ptau, or name the ceremony's folder");
  }
  return { zkey: where, r1cs, ptau };
}

/** Replays a ceremony. @throws CeremonyError if it does not hold. */
export async function verify(
  where: string,
  options: Omit<CeremonyOptions, "progress"> & { writeKey?: string },
): Promise<Report> {
  const files = await locateCeremony(where, { ...options, progress: showProgress });
  const verified = await verifyCeremony(files, showProgress);
  if (options.writeKey !== undefined) {
    const { ceremony, vkey } = verified;
    writeFileSync(options.writeKey, `${JSON.stringify({ ceremony, vkey }, null, 2)}\n`);
  }
  return { json: ceremonyJson(verified), text: ceremonyText(files, verified) };
}

/** A verified ceremony for `--json`. */
export function ceremonyJson({ powers, circuit, weaknesses, ceremony, keyId }: VerifiedCeremony) {
  return { holds: true, keyId, ceremony, weaknesses, powers, circuit };
}

function ceremonyText(files: CeremonyFiles, { powers, circuit, weaknesses, ceremony, keyId }: VerifiedCeremony) {
  return table({
    circuit: [`${files.r1cs}: 2^${circuit.power} rows, ${circuit.publicSignals} public signals`],
    "powers of tau": [
      `${files.ptau}: 2^${powers.power}, ${powers.published === undefined ? "not a published file that is known here: compare names and hashes with what you trust" : `published as ${powers.published}`}`,
      `BLAKE2b-512 ${powers.hash.slice(2)}`,
      ...(powers.published === undefined ? chain(powers) : []),
    ],
    "circuit's phase": [files.zkey, ...chain(circuit)],
    "zkey SHA-256": ceremony.zkeyHash,
    key: keyId,
    verdict: [
      "the whole chain holds",
      ...(weaknesses.length === 0 ? ["a production key"] : weaknesses.map((why) => `a development key: ${why}`)),
    ],
  });
}

function chain({ contributions, beacon }: Phase): string[] {
  return [
    ...contributions.map(({ name, hash }, i) => `${i + 1}  ${name || "(no name)"}  ${hash.slice(2)}`),
    ...(beacon === undefined ? [] : [`beacon  ${beacon.value}, hashed 2^${beacon.iterationsExp} times`]),
  ];
}
