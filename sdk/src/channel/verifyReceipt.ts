import { dataSlice, recoverAddress } from "ethers";
import { inferenceOf, type Receipt } from "../batch/receipt.ts";
import type { Contracts } from "../chain/contracts.ts";
import { TypedContract } from "../chain/TypedContract.ts";
import { verifierFor } from "../client/verifyProof.ts";
import { OpgError } from "../errors/OpgError.ts";
import { batchVerifierAbi } from "../generated/abis.ts";
import { hashReceipt } from "../hash/hashReceipt.ts";
import type { SettlementDomain } from "../hash/typedData.ts";
import { Route } from "../types.ts";

/** Milliseconds for which a key that the chain has confirmed is believed. */
const LIFETIME = 60_000;

/**
 * Checks receipts: that an enclave has signed them that is attested for the node now, and runs an image that the model
 * trusts. The chain is asked about a key once a minute; a signature by a key that it has confirmed is checked here.
 */
export class ReceiptVerifier {
  readonly #contracts: Contracts;
  readonly #domain: SettlementDomain;
  /** When a key was confirmed, by key, node, model and version. */
  readonly #confirmed = new Map<string, number>();

  /** @param domain Of the BatchSettlement contract. */
  constructor(contracts: Contracts, domain: SettlementDomain) {
    this.#contracts = contracts;
    this.#domain = domain;
  }

  /** @throws OpgError if no enclave that the model trusts has signed the receipt. */
  async verify(receipt: Receipt): Promise<void> {
    const { stream, proof } = receipt;
    const { nodeId, modelId, routeVersion, key } = stream;
    const digest = hashReceipt(this.#domain, inferenceOf(stream, receipt));
    const name = `${key.toLowerCase()}/${nodeId}/${modelId}/${routeVersion}`;
    if (Date.now() - (this.#confirmed.get(name) ?? 0) < LIFETIME) {
      if (recover(digest, proof) === key.toLowerCase()) return;
      throw new OpgError(`the receipt is not signed by the enclave's key ${key}`);
    }
    const { models } = this.#contracts;
    const [{ verifier, parameters }, block] = await Promise.all([
      verifierFor(this.#contracts, { modelId, route: Route.TEE, routeVersion }),
      models.provider.getBlock("latest"),
    ]);
    const contract = new TypedContract(verifier, batchVerifierAbi, models.provider);
    const now = BigInt(block?.timestamp ?? 0);
    if (!(await contract.read("verifyBatch", nodeId, key, digest, now, parameters, proof))) {
      throw new OpgError(`the receipt is not signed by an enclave that model ${modelId} trusts (key ${key})`);
    }
    this.#confirmed.set(name, Date.now());
  }
}

function recover(digest: string, proof: string): string | undefined {
  try {
    return recoverAddress(digest, dataSlice(proof, 0, 65)).toLowerCase();
  } catch {
    return undefined;
  }
}
