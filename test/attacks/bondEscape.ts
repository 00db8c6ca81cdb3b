import { expect } from "chai";
import { loadProtocol, networkHelpers, OPG_UNIT, Route } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/**
 * A node has delivered an answer that it cannot prove. Before the default can be claimed its owner does everything that
 * owners can do to get the bond, or the node, out of reach.
 */
describe("Attack: an operator who tries to get the bond out before a default", () => {
  it("cannot touch it: the requester is compensated in full", async () => {
    const protocol = await loadProtocol();
    const { settlement, nodes, usd, opg } = protocol.contracts;
    const { operator, relayer, stranger, requester } = protocol.accounts;
    const { nodeId, modelId } = protocol;
    const { terms } = await protocol.delivered();
    const as = nodes.connect(operator);
    const free = 10_000n * OPG_UNIT - 102n * OPG_UNIT;

    const whole = () => as.unbond(nodeId, 10_000n * OPG_UNIT);
    await refused(protocol, whole, nodes, "NodeRegistry_InsufficientFree", [nodeId, free, 10_000n * OPG_UNIT]);
    await as.unbond(nodeId, free);
    await as.withdrawOffer(nodeId, modelId, Route.ZK, usd);
    await as.setSigner(nodeId, relayer);
    await as.setPayout(nodeId, relayer);
    await as.retire(nodeId);
    await as.transferNode(nodeId, relayer);
    await nodes.connect(relayer).acceptNode(nodeId);
    const decline = () => settlement.connect(relayer).decline(terms);
    const requestId = await protocol.requestIdOf(terms);
    await refused(protocol, decline, settlement, "Settlement_WrongStatus", [requestId, 2n]);
    await networkHelpers.time.increase(await nodes.unbondingDelay());
    await nodes.connect(relayer).withdraw(nodeId, relayer);

    await protocol.passProofWindow(terms);
    await settlement.connect(stranger).claimDefault(terms);
    expect(await settlement.creditOf(opg, requester)).to.equal(80n * OPG_UNIT);
    const account = await nodes.accountOf(nodeId);
    expect([account.free, account.bonded, account.unbonding]).to.deep.equal([2n * OPG_UNIT, 0n, 0n]);
  });

  it("gains nothing by claiming the default of its own node", async () => {
    const protocol = await loadProtocol();
    const { settlement, nodes, opg } = protocol.contracts;
    const { operator } = protocol.accounts;
    const { terms } = await protocol.delivered();
    await protocol.passProofWindow(terms);
    await settlement.connect(operator).claimDefault(terms);
    expect(await settlement.creditOf(opg, operator)).to.equal(2n * OPG_UNIT);
    expect((await nodes.accountOf(protocol.nodeId)).free).to.equal(9_900n * OPG_UNIT);
  });
});
