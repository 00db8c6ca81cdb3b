import { expect } from "chai";
import { EnclaveRoute } from "../support/enclave.ts";
import { loadProtocol, type Protocol, RequestStatus, type Terms } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/** The TEE route as it is: a simulated enclave under a development root, and no double for anything else. */
describe("Settling by an attested enclave's signature", () => {
  let protocol: Protocol;
  let route: EnclaveRoute;
  beforeEach(async () => {
    protocol = await loadProtocol();
    route = await EnclaveRoute.open(protocol);
  });

  async function delivered() {
    const { settlement } = protocol.contracts;
    const terms = await protocol.terms({ offer: route.offer });
    const answer = await protocol.answer(terms);
    await settlement.connect(protocol.accounts.requester).request(terms, "0x");
    await settlement.deliver(terms, answer);
    return { terms, answer, requestId: await protocol.requestIdOf(terms) };
  }

  async function refusedProof(terms: Terms, answer: { outputHash: string; units: bigint }, proof: string) {
    const { settlement } = protocol.contracts;
    const values = [await protocol.requestIdOf(terms), await protocol.hashClaim(await protocol.claim(terms, answer))];
    const settle = () => settlement.settle(terms, answer.outputHash, answer.units, proof);
    await refused(protocol, settle, settlement, "Settlement_InvalidProof", values);
  }

  it("pays by the units that the enclave signed, and burns", async () => {
    const { settlement, opg, usd } = protocol.contracts;
    const { terms, answer, requestId } = await delivered();
    const supply = await opg.totalSupply();
    await settlement.settle(terms, answer.outputHash, answer.units, await route.prove(terms, answer));
    expect(await settlement.isSettled(requestId)).to.equal(true);
    const fee = route.offer.pricePerRequest + answer.units * route.offer.pricePerUnit;
    expect(await settlement.creditOf(usd, protocol.accounts.payout)).to.equal(fee);
    expect(await opg.totalSupply()).to.equal(supply - terms.verificationFee);
  });

  it("refuses a signature over other units, another output or another request", async () => {
    const { terms, answer } = await delivered();
    const other = await delivered();
    await refusedProof(terms, answer, await route.prove(terms, { ...answer, units: answer.units - 1n }));
    await refusedProof(terms, answer, await route.prove(terms, { ...answer, outputHash: other.requestId }));
    await refusedProof(terms, answer, await route.prove(other.terms, answer));
  });

  it("settles what was delivered before the key was revoked, and refuses what was delivered after", async () => {
    const { settlement } = protocol.contracts;
    const before = await delivered();
    await route.tee.connect(protocol.accounts.operator).revoke(protocol.nodeId, 0);
    const after = await delivered();
    await settlement.settle(
      before.terms,
      before.answer.outputHash,
      before.answer.units,
      await route.prove(before.terms, before.answer),
    );
    await refusedProof(after.terms, after.answer, await route.prove(after.terms, after.answer));
    await protocol.passProofWindow(after.terms);
    await settlement.claimDefault(after.terms);
    expect(await settlement.statusOf(after.requestId)).to.equal(RequestStatus.DEFAULTED);
  });
});
