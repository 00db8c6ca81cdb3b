import { randomBytes } from "node:crypto";
import { computeAddress, getBytes, SigningKey } from "ethers";
import { teeProof } from "../../sdk/src/attestation/tee.ts";
import { EnclaveSimulator, type SimulatorOptions } from "./simulator.ts";

/** What a registry expects in the next document of a node: `expectedBinding` of IEnclaveRegistry. */
export interface Binding {
  readonly userData: string;
  readonly nonce: string;
}

/**
 * An enclave for development: the simulated security module, and a signing key that was made inside. A real one runs
 * the model, too, and signs only what it has run; this one signs what its operator says.
 */
export class DevelopmentEnclave {
  readonly #simulator: EnclaveSimulator;
  readonly #key: SigningKey;

  /** @param key The signing key; a new one by default. */
  constructor(options: SimulatorOptions, key: SigningKey = new SigningKey(randomBytes(32))) {
    this.#simulator = new EnclaveSimulator(options);
    this.#key = key;
  }

  /** The address of the signing key. */
  get address(): string {
    return computeAddress(this.#key.publicKey);
  }

  /** An attestation document with the signing key, for a node. */
  attest({ userData, nonce }: Binding, timestamp: number = Date.now()): Uint8Array {
    return this.#simulator.attest({
      timestamp,
      publicKey: getBytes(this.#key.publicKey),
      userData: getBytes(userData),
      nonce: getBytes(nonce),
    });
  }

  /** The proof of a claim, by the attestation with this number in the node's history. */
  prove(claimHash: string, index: number): string {
    return teeProof(this.#key, claimHash, index);
  }
}
