import { expect } from "chai";
import { deployProtocol, loadProtocol } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/**
 * Everything that is signed or proven for one settlement is shown to another one on the same chain, where the same node
 * and the same model stand under the same identifiers and the requester has the same approvals.
 */
describe("Attack: what was made for one deployment is replayed on another", () => {
  it("is refused: the requester's terms, the node's delivery and the proof name chain and contract", async () => {
    const here = await loadProtocol();
    const there = await deployProtocol();
    expect([there.nodeId, there.modelId]).to.deep.equal([here.nodeId, here.modelId]);
    const { settlement } = there.contracts;
    const { relayer } = here.accounts;

    // The same terms, but for the token, which is another contract there.
    const token = await there.contracts.usd.getAddress();
    const terms = await here.terms({ offer: { token } });
    const requestId = await there.requestIdOf(terms);
    expect(requestId).not.to.equal(await here.requestIdOf(terms));

    const signature = await here.signTerms(terms);
    const request = () => settlement.connect(relayer).request(terms, signature);
    await refused(there, request, settlement, "Settlement_BadRequesterSignature", [requestId, terms.requester]);
    await settlement.connect(there.accounts.requester).request(terms, "0x");

    const answer = await here.answer(terms);
    const deliver = () => settlement.connect(relayer).deliver(terms, answer);
    await refused(there, deliver, settlement, "Settlement_BadNodeSignature", [requestId, there.nodeId]);
    await settlement.connect(relayer).deliver(terms, await there.answer(terms));

    const proof = await here.proof(await here.claim(terms, answer));
    const settle = () => settlement.settle(terms, answer.outputHash, answer.units, proof);
    const claimHash = await there.hashClaim(await there.claim(terms, answer));
    await refused(there, settle, settlement, "Settlement_InvalidProof", [requestId, claimHash]);
  });
});
