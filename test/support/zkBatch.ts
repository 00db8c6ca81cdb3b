import { FIELD, type Hex } from "../../circuits/src/model.ts";
import type { Groth16Settler, Groth16Verifier } from "../../types/ethers-contracts/index.ts";
import { DigitRoute } from "./digits.ts";
import { ethers, type Protocol, type Terms, type TermsChange } from "./fixtures.ts";
import { forgeProofs } from "./forge.ts";

/** A row of `settleMany`, and its request. */
export interface Row {
  terms: Terms;
  outputHash: string;
  units: bigint;
  proof: string;
}

/** Many requests for digits, and the contract that settles them together. Their proofs are valid, and forged: see there. */
export class ZkBatch {
  readonly protocol: Protocol;
  readonly route: DigitRoute;
  readonly verifier: Groth16Verifier;
  readonly settler: Groth16Settler;

  private constructor(protocol: Protocol, route: DigitRoute, verifier: Groth16Verifier, settler: Groth16Settler) {
    this.protocol = protocol;
    this.route = route;
    this.verifier = verifier;
    this.settler = settler;
  }

  static async open(protocol: Protocol): Promise<ZkBatch> {
    const route = await DigitRoute.open(protocol);
    const { settlement, models, verifiers } = protocol.contracts;
    const { verifier: address } = await verifiers.verifierOf(1n);
    const verifier = await ethers.getContractAt("Groth16Verifier", address);
    const settler = await ethers.deployContract("Groth16Settler", [settlement, models, verifier]);
    return new ZkBatch(protocol, route, verifier, settler);
  }

  get keyId(): Hex {
    return this.route.digits.keyId;
  }

  idsOf(rows: readonly { readonly terms: object }[]): Promise<string[]> {
    return Promise.all(rows.map(({ terms }) => this.protocol.requestIdOf(terms as Terms)));
  }

  /** Requests and delivers as many digits, and proves them. */
  async delivered(count: number, change: TermsChange = {}): Promise<Row[]> {
    const { settlement } = this.protocol.contracts;
    const { requester, signer } = this.protocol.accounts;
    const rows: Row[] = [];
    for (let i = 0; i < count; i++) {
      const pixels = this.route.pixels(i);
      const terms = await this.route.terms(pixels, change);
      const answer = await this.route.answer(terms, pixels);
      await settlement.connect(requester).request(terms, "0x");
      await settlement.connect(signer).deliver(terms, answer);
      rows.push({ terms, outputHash: answer.outputHash, units: answer.units, proof: "0x" });
    }
    return this.proven(rows);
  }

  /** The rows with proofs of what they say. */
  async proven(rows: readonly Row[]): Promise<Row[]> {
    const proofs = await forgeProofs(this.route.digits, await Promise.all(rows.map((row) => this.signals(row))));
    return rows.map((row, i) => ({ ...row, proof: proofs[i] ?? "0x" }));
  }

  async claimHash(row: Row): Promise<string> {
    return this.protocol.hashClaim(await this.protocol.claim(row.terms, row));
  }

  /** The public signals of a row's proof. */
  async signals(row: Row): Promise<bigint[]> {
    const { weightsCommitment } = this.route.digits;
    return [await this.claimHash(row), weightsCommitment, row.terms.inputHash, row.outputHash].map((word, i) =>
      i === 0 ? BigInt(word) % FIELD : BigInt(word),
    );
  }
}
