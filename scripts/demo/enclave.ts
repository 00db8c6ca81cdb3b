import { createHash } from "node:crypto";
import { addressOf, type Deployment, TypedContract, teeVerifierAbi } from "@opg/settlement-sdk";
import { getBytes, type HDNodeWallet, hexlify, keccak256, SigningKey } from "ethers";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { measurementOf, teeProof } from "../../sdk/src/attestation/tee.ts";
import { EnclaveSimulator, type Identity } from "../enclave/simulator.ts";

/** A simulated enclave: an image that is measured, and a key that never leaves it. */
export class DemoEnclave {
  readonly #key: SigningKey;
  readonly #simulator: EnclaveSimulator;
  readonly #registers: readonly [Uint8Array, Uint8Array, Uint8Array];

  /**
   * @param root The development root that the chain's verifier pins.
   * @param image What is measured: here the model's weights.
   * @param seed 32 bytes that the key is made from.
   */
  constructor(root: Identity, image: string, seed: string) {
    const register = (part: string) => createHash("sha384").update(`${part}:${image}`).digest();
    this.#key = new SigningKey(keccak256(seed));
    this.#registers = [register("image"), register("kernel"), register("application")];
    this.#simulator = new EnclaveSimulator({ root, measurement: this.#registers });
  }

  /** What the chain calls the image: keccak256(PCR0 ‖ PCR1 ‖ PCR2). */
  get measurement(): string {
    return measurementOf(this.#registers);
  }

  /** Has the key attested for a node. @returns the attestation's number and the gas of the one transaction. */
  async attest(deployment: Deployment, signer: HDNodeWallet, nodeId: string): Promise<{ index: bigint; gas: bigint }> {
    const enclaves = new TypedContract(addressOf(deployment, "TeeVerifier"), teeVerifierAbi, signer);
    const { userData, nonce } = await enclaves.read("expectedBinding", nodeId);
    const document = this.#simulator.attest({
      publicKey: getBytes(this.#key.publicKey),
      userData: getBytes(userData),
      nonce: getBytes(nonce),
    });
    const { logs, gasUsed } = await enclaves.write("attest", nodeId, hexlify(document), await documentHints(document));
    const [attested] = enclaves.parse("EnclaveAttested", logs);
    if (attested === undefined) throw new Error("the enclave was not attested");
    return { index: attested.args.index, gas: gasUsed };
  }

  /** The proof of a claim as TeeVerifier takes it: the enclave's signature, and which attestation its key has. */
  sign(claimHash: string, index: bigint): string {
    return teeProof(this.#key, claimHash, Number(index));
  }
}
