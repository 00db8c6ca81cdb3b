import { readFile } from "node:fs/promises";
import { network, tasks } from "hardhat";
import { keyBytes, keyIdOf, proofBytes, publicSignalsOf, UNDECLARED } from "../../circuits/src/key.ts";

/** The files that snarkjs writes: `verification_key.json`, `proof.json` and `public.json`. */
export interface CircuitFiles {
  readonly vkey: string;
  readonly proof: string;
  readonly public: string;
}

export interface CircuitVerification {
  /** Whether the contract accepts the proof. */
  readonly valid: boolean;
  /**
   * What a transaction that verifies the proof uses, base fee and calldata included. A proof with an invalid point uses
   * almost all the gas that the transaction has.
   */
  readonly gas: number;
}

/** Input that is no verification key, proof or list of public signals; the message says which file and why, in one line. */
export class UnreadableInputError extends Error {
  override readonly name = "UnreadableInputError";
}

/** The most public signals whose key is registered in one transaction of 2^24 gas, roughly (EIP-7825). */
const OSAKA_SIGNALS = 900;

/**
 * Registers a Groth16 verification key of snarkjs on a chain of its own, in process, and verifies a proof with our contract.
 *
 * @throws UnreadableInputError if a file is missing, is not JSON, is not of Groth16 over BN254 or of another form, or if the
 * contract refuses the key.
 */
export async function verifyCircuit(files: CircuitFiles): Promise<CircuitVerification> {
  const key = await read(files.vkey, (json) => keyBytes(json, UNDECLARED));
  const proof = await read(files.proof, proofBytes);
  const publicSignals = await read(files.public, publicSignalsOf);

  await tasks.getTask("build").run({ quiet: true });
  // A key of more signals cannot be registered in one transaction on a real chain; here it can, before Osaka's cap.
  const isLarge = publicSignals.length > OSAKA_SIGNALS;
  const { ethers } = await network.create(
    isLarge ? { override: { hardfork: "prague", blockGasLimit: 10n ** 9n } } : {},
  );
  const verifier = await ethers.deployContract("Groth16Verifier");
  try {
    await verifier.registerKey(key);
  } catch (error) {
    const refusal = verifier.interface.parseError((error as { data?: string }).data ?? "0x");
    if (refusal === null) throw error;
    const [offset] = refusal.args;
    throw new UnreadableInputError(`${files.vkey}: ${pointAt(Number(offset))} is no valid point (${refusal.name})`);
  }
  const keyId = keyIdOf(key);
  const valid = await verifier.verifyProof(keyId, publicSignals, proof);
  const transaction = await verifier.getFunction("verifyProof").send(keyId, publicSignals, proof);
  return { valid, gas: Number((await transaction.wait())?.gasUsed) };
}

/** What snarkjs calls the point at an offset of a key; see `IGroth16Verifier`. */
function pointAt(offset: number): string {
  const names: Record<number, string> = {
    96: "vk_delta_2",
    224: "vk_alpha_1",
    288: "vk_beta_2",
    416: "IC[0]",
    480: "vk_gamma_2",
  };
  return names[offset] ?? `IC[${(offset - 0x260) / 64 + 1}]`;
}

async function read<T>(file: string, parse: (json: unknown) => T): Promise<T> {
  try {
    return parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no such file" : message.replaceAll(/\s+/g, " ");
    throw new UnreadableInputError(`${file}: ${reason}`);
  }
}
