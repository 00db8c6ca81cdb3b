import { dataLength } from "ethers";
import { network } from "hardhat";
import { keyBytes, keyIdOf, proofBytes, publicSignalsOf, UNDECLARED } from "../../circuits/src/key.ts";
import { buildContracts } from "../buildContracts.ts";
import { readJsonFile, understood } from "../cli/files.ts";
import { InputError } from "../cli/InputError.ts";

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

/** About the longest key that a transaction of 2^24 gas registers (EIP-7825): one of 900 public signals. */
const OSAKA_KEY_BYTES = 58_000;

/**
 * Registers a Groth16 verification key of snarkjs on a chain of its own, in process, and verifies a proof with our contract.
 *
 * @throws InputError if a file is missing, is not JSON, is not of Groth16 over BN254 or of another form, or if the contract
 * refuses the key.
 */
export async function verifyCircuit(files: CircuitFiles): Promise<CircuitVerification> {
  const key = understood(files.vkey, () => keyBytes(readJsonFile(files.vkey), UNDECLARED));
  const proof = understood(files.proof, () => proofBytes(readJsonFile(files.proof)));
  const publicSignals = understood(files.public, () => publicSignalsOf(readJsonFile(files.public)));

  buildContracts();
  // A longer key fits no transaction of a real chain; here it does, by the rules before that cap.
  const isLarge = dataLength(key) > OSAKA_KEY_BYTES;
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
    throw new InputError(`${files.vkey}: ${pointAt(Number(offset))} is no valid point (${refusal.name})`);
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
