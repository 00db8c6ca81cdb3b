import { expect } from "chai";
import { getBytes, hexlify } from "ethers";
import { proveDigit } from "../../circuits/src/digits.ts";
import { commitOutput, type Hex, infer } from "../../circuits/src/model.ts";
import { DigitRoute } from "../support/digits.ts";
import { loadProtocol, Mode, OPG_UNIT, type Protocol, RequestStatus, type Terms } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/** A real model on real digits, really proven: no double stands in for anything. */
describe("Settling digits by zero-knowledge proofs", function () {
  this.timeout(600_000);

  let protocol: Protocol;
  let route: DigitRoute;
  beforeEach(async () => {
    protocol = await loadProtocol();
    route = await DigitRoute.open(protocol);
  });

  /** Requests and delivers a digit. */
  async function delivered(index: number, change: Parameters<DigitRoute["terms"]>[1] = {}) {
    const { settlement } = protocol.contracts;
    const pixels = route.pixels(index);
    const terms = await route.terms(pixels, change);
    const answer = await route.answer(terms, pixels);
    await settlement.connect(protocol.accounts.requester).request(terms, "0x");
    await settlement.deliver(terms, answer);
    return { pixels, terms, answer, requestId: await protocol.requestIdOf(terms) };
  }

  /** Expects a settlement to be refused for its proof. */
  async function refusedProof(terms: Terms, outputHash: string, proof: string): Promise<void> {
    const { settlement } = protocol.contracts;
    const claimHash = await protocol.hashClaim(await protocol.claim(terms, { outputHash, units: 1n }));
    const requestId = await protocol.requestIdOf(terms);
    const settle = () => settlement.settle(terms, outputHash, 1n, proof);
    await refused(protocol, settle, settlement, "Settlement_InvalidProof", [requestId, claimHash]);
  }

  it("pays the operator in full and burns, once the delivered digit is proven", async () => {
    const { settlement, opg, usd } = protocol.contracts;
    const supply = await opg.totalSupply();
    let settled = 0n;
    for (const index of [0, 500, 1_000]) {
      const { pixels, terms, answer, requestId } = await delivered(index);
      await settlement.settle(terms, answer.outputHash, answer.units, await route.prove(terms, pixels));
      settled++;
      expect(await settlement.isSettled(requestId)).to.equal(true);
      expect(answer.outputHash).to.equal(commitOutput(infer(route.digits.weights, pixels).digit));
      expect(await settlement.creditOf(usd, protocol.accounts.payout)).to.equal(settled * terms.maxFee);
      expect(await opg.totalSupply()).to.equal(supply - settled * terms.verificationFee);
    }
    expect((await protocol.contracts.nodes.accountOf(protocol.nodeId)).free).to.equal(
      10_000n * OPG_UNIT - (supply - (await opg.totalSupply())),
    );
  });

  it("publishes the digit on chain where the terms ask for it", async () => {
    const { settlement } = protocol.contracts;
    const pixels = route.pixels(3);
    const terms = await route.terms(pixels, { mode: Mode.ONCHAIN });
    const answer = await route.answer(terms, pixels);
    await settlement.connect(protocol.accounts.requester).request(terms, "0x");
    await expect(settlement.deliver(terms, answer))
      .to.emit(settlement, "OutputPublished")
      .withArgs(await protocol.requestIdOf(terms), commitOutput(infer(route.digits.weights, pixels).digit));
    await settlement.settle(terms, answer.outputHash, 1n, await route.prove(terms, pixels));
  });

  it("takes an open request with its proof, which another node cannot use for itself", async () => {
    const { settlement } = protocol.contracts;
    const { requester, signer, stranger } = protocol.accounts;
    const { routeVersion } = route.offer;
    const thief = await protocol.addNode(stranger, 1_000n * OPG_UNIT, { routeVersion });
    const pixels = route.pixels(7);
    const terms = await route.terms(pixels, { offer: protocol.openOffer() });
    await settlement.connect(requester).request(terms, "0x");
    const answer = await route.answer(terms, pixels);
    const proof = await route.prove(terms, pixels, protocol.nodeId);

    const stolenClaim = await protocol.hashClaim(await protocol.claim(terms, answer, thief.nodeId));
    const stolen = { ...answer, signature: "0x" };
    const requestId = await protocol.requestIdOf(terms);
    const steal = () => settlement.connect(stranger).deliverAndSettle(terms, thief.nodeId, stolen, proof);
    await refused(protocol, steal, settlement, "Settlement_InvalidProof", [requestId, stolenClaim]);

    await settlement.connect(signer).deliverAndSettle(terms, protocol.nodeId, { ...answer, signature: "0x" }, proof);
    expect(await settlement.isSettled(requestId)).to.equal(true);
  });

  it("refuses the proof of another request for the same digit", async () => {
    const first = await delivered(11);
    const second = await delivered(11);
    await refusedProof(second.terms, second.answer.outputHash, await route.prove(first.terms, first.pixels));
  });

  it("leaves a node that delivered another digit than its model's without a proof", async () => {
    const { settlement } = protocol.contracts;
    const pixels = route.pixels(12);
    const terms = await route.terms(pixels);
    await settlement.connect(protocol.accounts.requester).request(terms, "0x");
    const { digit } = infer(route.digits.weights, pixels);
    const outputHash = commitOutput((digit + 1) % 10);
    await settlement.deliver(terms, await protocol.answer(terms, { outputHash, units: 1n }));
    await refusedProof(terms, outputHash, await route.prove(terms, pixels));

    await protocol.passProofWindow(terms);
    await settlement.claimDefault(terms);
    expect(await settlement.statusOf(await protocol.requestIdOf(terms))).to.equal(RequestStatus.DEFAULTED);
  });

  it("refuses a proof with a byte flipped, whichever point it is in, and still takes the right one", async () => {
    const { settlement } = protocol.contracts;
    const { pixels, terms, answer } = await delivered(13);
    const proof = await route.prove(terms, pixels);
    const bytes = getBytes(proof);
    for (const i of process.env.OPG_DEEP ? bytes.keys() : [0, 63, 64, 127, 128, 191, 192, 255]) {
      await refusedProof(terms, answer.outputHash, hexlify(bytes.with(i, (bytes[i] ?? 0) ^ (1 << (i % 8)))));
    }
    await settlement.settle(terms, answer.outputHash, 1n, proof);
  });

  it("refuses a claim of another input, or of more units than the model counts, whatever the node delivered", async () => {
    const { settlement } = protocol.contracts;
    const { requester } = protocol.accounts;
    const pixels = route.pixels(14);
    const { inputHash } = await route.terms(route.pixels(15));
    for (const [change, units] of [
      [{ inputHash }, 1n],
      [{}, 2n],
    ] as const) {
      const terms = await route.terms(pixels, change);
      const { outputHash } = await route.answer(terms, pixels);
      await settlement.connect(requester).request(terms, "0x");
      await settlement.deliver(terms, await protocol.answer(terms, { outputHash, units }));
      // The node proves what it ran, bound to exactly the claim that it delivered.
      const claimHash = (await protocol.hashClaim(await protocol.claim(terms, { outputHash, units }))) as Hex;
      const { proof } = await proveDigit(route.digits, { claimHash, pixels, salt: 1n });
      const settle = () => settlement.settle(terms, outputHash, units, proof);
      const values = [await protocol.requestIdOf(terms), claimHash];
      await refused(protocol, settle, settlement, "Settlement_InvalidProof", values);
    }
  });

  it("delivers and settles a named request at once, and no proof settles twice", async () => {
    const { settlement } = protocol.contracts;
    const pixels = route.pixels(16);
    const terms = await route.terms(pixels);
    const answer = await route.answer(terms, pixels);
    const requestId = await protocol.requestIdOf(terms);
    await settlement.connect(protocol.accounts.requester).request(terms, "0x");
    const proof = await route.prove(terms, pixels);
    const atOnce = () => settlement.deliverAndSettle(terms, protocol.nodeId, answer, proof);
    await atOnce();
    const over = [requestId, RequestStatus.SETTLED];
    await refused(protocol, atOnce, settlement, "Settlement_WrongStatus", over);
    const again = () => settlement.settle(terms, answer.outputHash, 1n, proof);
    await refused(protocol, again, settlement, "Settlement_WrongStatus", over);
  });
});
