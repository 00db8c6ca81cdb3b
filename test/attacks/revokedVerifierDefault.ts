import { expect } from "chai";
import { loadProtocol, OPG_UNIT, Protocol, RequestStatus } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/**
 * A verifier is revoked while an honest node's proof is pending. Nothing settles any more, so the requester waits for
 * the proof deadline and takes the node's coverage for a default that nobody could have avoided.
 */
describe("Attack: a default on a revoked verifier", () => {
  it("is refused, and the request is void: fee back, bond unlocked", async () => {
    const protocol = await loadProtocol();
    const { settlement, nodes } = protocol.contracts;
    const { terms, requestId, answer, proof } = await protocol.delivered();
    await protocol.revokeVerifier();
    const settle = () => settlement.settle(terms, answer.outputHash, answer.units, proof);
    await refused(protocol, settle, settlement, "Settlement_VerifierRevoked", [Protocol.ZK_VERIFIER]);

    await protocol.passProofWindow(terms);
    const claimDefault = () => settlement.connect(protocol.accounts.requester).claimDefault(terms);
    await refused(protocol, claimDefault, settlement, "Settlement_RequestVoid", [requestId]);

    await settlement.connect(protocol.accounts.stranger).voidRequest(terms);
    expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.VOIDED);
    expect(await settlement.creditOf(terms.offer.token, terms.requester)).to.equal(terms.maxFee);
    expect((await nodes.accountOf(protocol.nodeId)).free).to.equal(10_000n * OPG_UNIT);
  });
});
