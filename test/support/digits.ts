import { digitImages } from "../../circuits/src/dataset.ts";
import { type Digits, loadDigits, proveDigit } from "../../circuits/src/digits.ts";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import { commitInput, commitOutput, type Hex, infer } from "../../circuits/src/model.ts";
import {
  type Answer,
  Commitment,
  ethers,
  type Offer,
  type Protocol,
  Route,
  type Terms,
  type TermsChange,
} from "./fixtures.ts";

/** What the protocol's module registers first: the real Groth16Verifier. */
const GROTH16_VERIFIER = 1n;

/** The salt of every input here; fixed, because what a transaction's bytes cost must not depend on the run. */
const SALT = 1n;

/** The digit classifier as the fixture's model, its ZK route under the real verifier. */
export class DigitRoute {
  readonly protocol: Protocol;
  readonly digits: Digits;
  readonly offer: Offer;

  private constructor(protocol: Protocol, digits: Digits, offer: Offer) {
    this.protocol = protocol;
    this.digits = digits;
    this.offer = offer;
  }

  /** Registers the circuit's key, sets the model's ZK route to it and posts the node's offer, at a fixed price. */
  static async open(protocol: Protocol): Promise<DigitRoute> {
    const { models, nodes, verifiers } = protocol.contracts;
    const { modelOwner, operator } = protocol.accounts;
    const digits = await loadDigits((line) => console.error(line));
    const { verifier } = await verifiers.verifierOf(GROTH16_VERIFIER);
    await (await ethers.getContractAt("Groth16Verifier", verifier)).registerKey(digits.keyBytes);
    const parameters = encodeZkParameters({ ...digits, units: 1n });
    await models
      .connect(modelOwner)
      .setRoute(protocol.modelId, Route.ZK, GROTH16_VERIFIER, Commitment.VALUE, parameters);
    const [routeVersion] = await models.currentRoute(protocol.modelId, Route.ZK);
    const offer = await protocol.offer({ routeVersion, pricePerUnit: 0n });
    await nodes.connect(operator).postOffer(offer);
    return new DigitRoute(protocol, digits, offer);
  }

  /** The pixels of a held-out digit. */
  pixels(index: number): readonly number[] {
    const image = digitImages().heldOut[index];
    if (image === undefined) throw new RangeError(`there is no held-out digit ${index}`);
    return image.pixels;
  }

  /** Terms of a request for an image's digit; `maxFee` is the fee, which is known beforehand. */
  terms(pixels: readonly number[], change: TermsChange = {}): Promise<Terms> {
    return this.protocol.terms({
      maxFee: this.offer.pricePerRequest,
      inputHash: commitInput(pixels, SALT),
      ...change,
      offer: { ...this.offer, ...change.offer },
    });
  }

  /** The model's answer, with the node's signature. */
  answer(terms: Terms, pixels: readonly number[]): Promise<Answer> {
    const output = commitOutput(infer(this.digits.weights, pixels).digit);
    return this.protocol.answer(terms, { outputHash: output, output: terms.mode === 0n ? "0x" : output, units: 1n });
  }

  /** A real proof of the model's answer to a request, by the node that the terms name or another. */
  async prove(terms: Terms, pixels: readonly number[], nodeId = terms.offer.nodeId): Promise<Hex> {
    const claim = await this.protocol.claim(terms, await this.answer(terms, pixels), nodeId);
    const claimHash = (await this.protocol.hashClaim(claim)) as Hex;
    return (await proveDigit(this.digits, { claimHash, pixels, salt: SALT })).proof;
  }
}
