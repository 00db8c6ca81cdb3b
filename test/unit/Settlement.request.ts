import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadProtocol, RequestStatus, Route } from "../support/fixtures.ts";

describe("Settlement: request", () => {
  it("identifies a request by the EIP-712 digest of its terms", async () => {
    const protocol = await loadProtocol();
    const { settlement } = protocol.contracts;
    for (const route of [Route.ZK, Route.TEE]) {
      const { terms, requestId } = await protocol.request({ offer: { route } });
      expect(await settlement.hashTerms(terms)).to.equal(requestId);
      expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.REQUESTED);
      const answer = await protocol.answer(terms);
      const claim = await protocol.claim(terms, answer);
      await settlement.connect(protocol.accounts.signer).deliver(terms, answer);
      await settlement.settle(terms, answer.outputHash, answer.units, await protocol.proof(claim));
      expect(await settlement.isClaimSettled(claim)).to.equal(true);
      expect(terms.consumer).to.equal(ZeroAddress);
    }
  });
});
