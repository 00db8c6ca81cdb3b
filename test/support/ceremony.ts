import { EventEmitter, once } from "node:events";
import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { powersOfTau } from "snarkjs";
import { closeWithBeacon, contribute, setUpCeremony } from "../../circuits/src/ceremony.ts";
import { withCurve } from "../../circuits/src/curve.ts";
import { compileCircuit } from "../../circuits/src/setup.ts";

/** A circuit with the four public signals of the ZK route, of 2^4 rows at the most. */
export const SCALE = fileURLToPath(new URL("./circuits/scale.circom", import.meta.url));

export const BEACON = `0x${"5e".repeat(32)}` as const;

export const quiet = () => {};

/** Keeps snarkjs's workers, which take a while to start, between its calls. @returns what lets them end. */
export function keepCurve(): () => Promise<void> {
  const held = new EventEmitter();
  const ended = withCurve(() => once(held, "release"));
  return async () => {
    held.emit("release");
    await ended;
  };
}

/** Makes powers of tau of 2^4 with contributions by Tau 1, Tau 2, …, and a beacon; prepares them. */
export async function makePowers(file: string, contributions = 2, power = 4): Promise<string> {
  const memory = () => ({ type: "mem" as const, data: new Uint8Array() });
  await withCurve(async (curve) => {
    let latest = memory();
    await powersOfTau.newAccumulator(curve, power, latest);
    for (let i = 1; i <= contributions; i++) {
      const next = memory();
      await powersOfTau.contribute(latest, next, `Tau ${i}`, "some entropy");
      latest = next;
    }
    const closed = memory();
    await powersOfTau.beacon(latest, closed, "beacon", BEACON.slice(2), 10);
    await powersOfTau.preparePhase2(closed, file);
  });
  return file;
}

/** Runs a whole ceremony of a circuit in a folder: contributions by Key 1, Key 2, …, and a beacon. @returns its .zkey. */
export async function runCeremony(
  directory: string,
  ptau: string,
  { source = SCALE, contributions = 2 }: { readonly source?: string; readonly contributions?: number } = {},
): Promise<string> {
  await setUpCeremony((await compileCircuit(source)).r1cs, directory, { ptau, progress: quiet });
  for (let i = 1; i <= contributions; i++) await contribute(directory, { name: `Key ${i}`, progress: quiet });
  return (await closeWithBeacon(directory, { hash: BEACON, iterationsExp: 10, progress: quiet })).zkey;
}

/** A copy of a ceremony's folder. */
export function copyOf(directory: string, to: string): string {
  cpSync(directory, to, { recursive: true });
  return to;
}

/** The sections of one of iden3's binary files: where their headers and their contents begin. */
export function sectionsOf(file: Buffer): { type: number; position: number; content: number; length: number }[] {
  const sections = [];
  for (let position = 12; position < file.length; ) {
    const length = Number(file.readBigUInt64LE(position + 4));
    sections.push({ type: file.readUInt32LE(position), position, content: position + 12, length });
    position += 12 + length;
  }
  return sections;
}
