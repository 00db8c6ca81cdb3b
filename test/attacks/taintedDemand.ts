import { expect } from "chai";
import { id, Wallet } from "ethers";
import { MAX_PARTIES } from "../../indexer/src/mapping/dealing.ts";
import { Demand } from "../support/demand.ts";
import { idOf, loadProtocol, OPG_UNIT, type Protocol } from "../support/fixtures.ts";

const deep = process.env.OPG_DEEP === "1";

/**
 * A competitor who makes a node's honest demand look like the node's own, so that it falls out of the net figures; or who
 * makes every payment of a busy account's dear to index. Whatever the competitor brings about without the victim's keys may
 * count against the competitor's own nodes only.
 */
describe("attack: honest demand is made to look like the node's own", function () {
  this.timeout(480_000);
  let demand: Demand;
  let protocol: Protocol;
  before(async () => {
    protocol = await loadProtocol();
    demand = await Demand.of(protocol);
  });
  after(() => demand.close());

  it("counts against nodes of the attacker's only, and costs a row per payment", async () => {
    const { nodes, usd } = protocol.contracts;
    const { requester, operator, payout, stranger: attacker } = protocol.accounts;
    const asAttacker = nodes.connect(attacker);

    // The token says that the operator and the payout paid the requester: nothing, which anybody can make it say.
    await usd.connect(attacker).transferFrom(operator, requester, 0n);
    await usd.connect(attacker).transferFrom(payout, requester, 0n);

    // Nodes of the attacker's that name the victims as their own, which needs nobody's consent; and one that is given
    // to the operator, who does not take it.
    const own = await protocol.addNode(attacker, 1_000n * OPG_UNIT);
    await asAttacker.setPayout(own.nodeId, requester);
    await asAttacker.setSigner(own.nodeId, payout);
    await asAttacker.setSigner(own.nodeId, attacker);
    const crowd = [1, 2, 3, 4, 5].map((number) => id(`crowd ${number}`));
    for (const salt of crowd) await asAttacker.register(salt, attacker, requester, "", "");
    await asAttacker.transferNode(own.nodeId, operator);

    // Money from the attacker to those who buy from the node, and from these to each other.
    const buyer = await demand.buyer(8);
    const other = await demand.buyer(9);
    await usd.mint(attacker, 3n);
    await usd.connect(attacker).transfer(requester, 1n);
    await usd.connect(attacker).transfer(buyer, 2n);
    await usd.connect(requester).transfer(buyer, 3n);

    const expected: Record<string, string> = {};
    for (const account of [requester, buyer, other]) expected[await demand.buy(account)] = "ARMS_LENGTH";

    // At the attacker's node all of that counts.
    const buyHere = async (account: typeof buyer, dealing: string) => {
      const { requestId } = await demand.request(account, { offer: own });
      expected[requestId] = dealing;
    };
    await buyHere(requester, "PARTY");
    await buyHere(buyer, "FUNDED");
    await buyHere(other, "ARMS_LENGTH");
    if (deep) {
      // A node that has had too many parties to keep deals with itself, whoever comes; other nodes do not.
      for (let number = 0; number < MAX_PARTIES; ++number) {
        await asAttacker.setSigner(own.nodeId, Wallet.createRandom());
      }
      await buyHere(other, "PARTY");
      expected[await demand.buy(other)] = "ARMS_LENGTH";
    }

    const indexer = await demand.index("tokens");
    expect(await demand.dealings(indexer)).to.deep.equal(expected);
    type Answer = Record<string, { items: Record<string, string | string[]>[] }>;
    const found = await demand.ask<Answer>(
      indexer,
      `{
        fundingEvents(orderBy: "id", orderDirection: "asc") { items { funder account amount } }
        operatorAccounts(where: { account: "${requester.address.toLowerCase()}" }) { items { nodes } }
        nodes(where: { parties_has: "${operator.address.toLowerCase()}" }) { items { id } }
        crowd: nodes(where: { parties_has: "${requester.address.toLowerCase()}" }) { items { id } }
        own: nodes(where: { id: "${own.nodeId}" }) { items { parties } }
      }`,
    );
    const from = (funder: typeof buyer, account: typeof buyer, amount: bigint) => ({
      funder: funder.address.toLowerCase(),
      account: account.address.toLowerCase(),
      amount: String(amount),
    });
    expect(found.fundingEvents?.items).to.deep.equal([
      from(attacker, requester, 1n),
      from(attacker, buyer, 2n),
      from(requester, buyer, 3n),
    ]);
    expect(found.operatorAccounts?.items).to.deep.equal([{ nodes: String(crowd.length + 1) }]);
    expect(found.nodes?.items).to.deep.equal([{ id: protocol.nodeId }]);
    expect(found.crowd?.items.map((node) => node.id)).to.have.members([
      own.nodeId,
      ...crowd.map((salt) => idOf(attacker.address, salt)),
    ]);
    const named = [attacker, requester, payout].map(({ address }) => address.toLowerCase());
    expect(found.own?.items[0]?.parties?.slice(0, named.length)).to.deep.equal(named);
    expect(found.own?.items[0]?.parties).to.have.length(deep ? MAX_PARTIES : named.length);
    await demand.reconcile(indexer);
  });
});
