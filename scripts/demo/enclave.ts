import { createHash } from "node:crypto";
import { addressOf, type Deployment, TypedContract, teeVerifierAbi } from "@opg/settlement-sdk";
import { type HDNodeWallet, hexlify, keccak256, SigningKey } from "ethers";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { measurementOf } from "../../sdk/src/attestation/tee.ts";
import { DevelopmentEnclave } from "../enclave/enclave.ts";
import type { Identity } from "../enclave/simulator.ts";

/** The demo's enclave: an image that is measured, and a key that never leaves it. */
export class DemoEnclave {
  /** What the chain calls the image: keccak256(PCR0 ‖ PCR1 ‖ PCR2). */
  readonly measurement: string;
  readonly #enclave: DevelopmentEnclave;
  readonly #now: number;

  /**
   * @param root The development root that the chain's verifier pins.
   * @param image What is measured: here the model's weights.
   * @param seed 32 bytes that the key is made from.
   * @param now The time on the enclave's clock, in Unix seconds; ours if absent.
   */
  constructor(root: Identity, image: string, seed: string, now: number = Math.floor(Date.now() / 1_000)) {
    const register = (part: string) => createHash("sha384").update(`${part}:${image}`).digest();
    const registers = [register("image"), register("kernel"), register("application")] as const;
    this.#now = now;
    this.measurement = measurementOf(registers);
    this.#enclave = new DevelopmentEnclave({ root, measurement: registers, now }, new SigningKey(keccak256(seed)));
  }

  /** Has the key attested for a node. @returns the attestation's number and the gas of the one transaction. */
  async attest(deployment: Deployment, signer: HDNodeWallet, nodeId: string): Promise<{ index: bigint; gas: bigint }> {
    const enclaves = new TypedContract(addressOf(deployment, "TeeVerifier"), teeVerifierAbi, signer);
    const document = this.#enclave.attest(await enclaves.read("expectedBinding", nodeId), this.#now * 1_000);
    const { logs, gasUsed } = await enclaves.write("attest", nodeId, hexlify(document), await documentHints(document));
    const [attested] = enclaves.parse("EnclaveAttested", logs);
    if (attested === undefined) throw new Error("the enclave was not attested");
    return { index: attested.args.index, gas: gasUsed };
  }

  /** The address of the key. */
  get address(): string {
    return this.#enclave.address;
  }

  /** The proof of a claim, a receipt or a batch: the enclave's signature, and which attestation its key has. */
  sign(digest: string, index: bigint): string {
    return this.#enclave.prove(digest, Number(index));
  }
}
