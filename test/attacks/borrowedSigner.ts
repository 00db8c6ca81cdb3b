import { expect } from "chai";
import { ZeroHash } from "ethers";
import { idOf, loadProtocol, OPG_UNIT } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/**
 * Anybody can register a node that names somebody else's key as its signer. The key's signatures are then that node's
 * too: the attacker takes a victim's answer and proof from the mempool and hands them in for its own node.
 */
describe("Attack: a node that borrows another node's signer", () => {
  it("cannot collect with the victim's signed answer and proof, which name the victim's node", async () => {
    const protocol = await loadProtocol();
    const { settlement, nodes, opg } = protocol.contracts;
    const { stranger, signer } = protocol.accounts;
    await nodes.connect(stranger).register(ZeroHash, signer, stranger, "", "");
    const thief = idOf(stranger.address, ZeroHash);
    await opg.approve(nodes, 100n * OPG_UNIT);
    await nodes.stake(thief, 100n * OPG_UNIT);

    const { terms, requestId } = await protocol.request({ offer: protocol.openOffer() });
    const answer = await protocol.answer(terms);
    const proof = await protocol.proof(await protocol.claim(terms, answer, protocol.nodeId));
    const steal = () => settlement.connect(stranger).deliverAndSettle(terms, thief, answer, proof);
    const claimHash = await protocol.hashClaim(await protocol.claim(terms, answer, thief));
    await refused(protocol, steal, settlement, "Settlement_InvalidProof", [requestId, claimHash]);

    // Handing it in unchanged is welcome: the victim is paid.
    await settlement.connect(stranger).deliverAndSettle(terms, protocol.nodeId, answer, proof);
    expect(await settlement.creditOf(terms.offer.token, protocol.accounts.payout)).to.equal(
      protocol.fee(terms, 1_500n),
    );
    expect(await settlement.creditOf(terms.offer.token, stranger)).to.equal(0n);
  });

  it("has no say over the victim's requests, though the key of both is the same", async () => {
    const protocol = await loadProtocol();
    const { settlement, nodes } = protocol.contracts;
    const { stranger, signer } = protocol.accounts;
    await nodes.connect(stranger).register(ZeroHash, signer, stranger, "", "");
    const { terms, requestId } = await protocol.request();
    const decline = () => settlement.connect(stranger).decline(terms);
    await refused(protocol, decline, settlement, "Settlement_Unauthorized", [requestId, stranger.address]);
    const pause = () => nodes.connect(stranger).pause(protocol.nodeId);
    await refused(protocol, pause, nodes, "NodeRegistry_Unauthorized", [protocol.nodeId, stranger.address]);
  });
});
