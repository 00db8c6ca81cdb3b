import { expect } from "chai";
import { concat, id, MaxUint256 } from "ethers";
import type { Indexer } from "../../indexer/start.ts";
import { BatchRoute, channelKey, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { Demand } from "../support/demand.ts";
import { ethers, loadProtocol, networkHelpers, OPG_UNIT, type Protocol, USD_UNIT } from "../support/fixtures.ts";

/**
 * An operator who makes its node look wanted, by buying from itself. Fees come back to it, so only the verification fees
 * cost it anything. Its own addresses are known; so it buys through accounts that nobody knows, and gives them money in
 * every way in which the protocol and the fee token let it, or asks no money.
 *
 * Or it makes looking for all that dear: by parties without number, whose payments to everybody have to be looked for at every
 * event, and by claims that name one channel thousands of times. Or it makes its answers look like collateral at risk.
 */
describe("attack: an operator buys from its own node", function () {
  this.timeout(480_000);
  let demand: Demand;
  let protocol: Protocol;
  let batches: BatchRoute;
  let indexer: Indexer;
  before(async () => {
    protocol = await loadProtocol();
    demand = await Demand.of(protocol);
  });
  after(() => demand.close());

  it("is left out of the net figures, whichever way the money goes", async () => {
    const { settlement, nodes, usd, opg } = protocol.contracts;
    const { requester, operator, payout } = protocol.accounts;
    const expected: Record<string, string> = {};
    const buy = async (index: number, dealing: string) => {
      expected[await demand.buy(await demand.buyer(index))] = dealing;
    };

    // Honest demand, which also gives the payout something to spend.
    const honest = await demand.request(requester);
    expected[await demand.settle(honest)] = "ARMS_LENGTH";
    await usd.mint(operator, 1_000n * USD_UNIT);
    await buy(8, "ARMS_LENGTH");

    await usd.connect(operator).transfer(await demand.buyer(9), 1n);
    await buy(9, "FUNDED");
    await settlement.connect(payout).withdraw(usd, await demand.buyer(10));
    await buy(10, "FUNDED");
    await nodes.connect(operator).unbond(protocol.nodeId, OPG_UNIT);
    await networkHelpers.time.increase(await nodes.unbondingDelay());
    await nodes.connect(operator).withdraw(protocol.nodeId, await demand.buyer(11));
    await buy(11, "FUNDED");

    // Money in the middle: from the next step on.
    const late = await demand.request(await demand.buyer(12));
    await usd.connect(payout).transfer(await demand.buyer(12), 0n);
    await usd.connect(operator).transfer(await demand.buyer(12), 5n);
    expected[await demand.settle(late)] = "FUNDED";

    // An address that was the payout for a moment: it is a party, and it passes money on as one.
    const former = await demand.buyer(13);
    await nodes.connect(operator).setPayout(protocol.nodeId, former);
    await nodes.connect(operator).setPayout(protocol.nodeId, payout);
    await buy(13, "PARTY");
    await usd.connect(former).transfer(await demand.buyer(14), 1n);
    await buy(14, "FUNDED");

    // Channels: paid into by the operator, and out of its own to somebody else.
    batches = await BatchRoute.open(protocol);
    const { contract } = batches;
    const [funded, own, honestKey] = [channelKey(0), channelKey(1), channelKey(2)];
    const open = async (key: typeof funded, payer: typeof operator) => {
      await usd.connect(payer).approve(contract, MaxUint256);
      const consent = batches.consent(key, payer.address);
      await contract.connect(payer).open(...batches.place(key), WITHDRAWAL_DELAY, USD_UNIT, consent);
    };
    await open(funded, await demand.buyer(15));
    await open(own, operator);
    await open(honestKey, requester);
    await contract.connect(operator).deposit(...batches.place(funded), USD_UNIT);
    await contract.connect(operator).announceWithdrawal(batches.channelId(own));
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    await contract.connect(operator).withdrawChannel(...batches.place(own), await demand.buyer(16));
    await buy(16, "FUNDED");
    await batches.settle({ signer: honestKey, ceiling: 40n, amount: 40n });
    await batches.settle({ signer: honestKey, ceiling: 41n, amount: 1n }, { signer: funded, ceiling: 7n, amount: 7n });
    await contract.connect(payout).withdraw(usd, await demand.buyer(17));
    await buy(17, "FUNDED");

    // And without any money: an offer of nothing, taken by a key that has nothing, and a batch that nobody pays.
    const free = { pricePerRequest: 0n, pricePerUnit: 0n };
    await nodes.connect(operator).postOffer(await protocol.offer(free));
    const nobody = (await ethers.getSigners())[18];
    if (nobody === undefined) throw new Error("the test chain has no account 18");
    expected[await demand.settle(await demand.request(nobody, { maxFee: 0n, offer: free }))] = "UNPAID";
    await batches.settle();

    indexer = await demand.index("tokens");
    expect(await demand.dealings(indexer)).to.deep.equal(expected);

    type Item = Record<string, string | boolean>;
    type Answer = Record<string, { items: Item[] }>;
    const found = await demand.ask<Answer>(
      indexer,
      `{
        channels(orderBy: "blockNumber", orderDirection: "asc") { items { dealing selfDealing } }
        batchSettlements(orderBy: "first", orderDirection: "asc") { items { dealing selfDealing } }
        periods(where: { interval: TOTAL }) { items { settlements settlementsNet burned burnedNet } }
        periodTokens(where: { interval: TOTAL }) { items { fees feesNet } }
        burns(where: { selfDealing: false, cause_not: OTHER }) { items { amount } }
        fundingEvents(orderBy: "id", orderDirection: "asc") { items { how funder } }
        nodeFundings(where: { nodeId: "${protocol.nodeId}" }) { items { payments } }
      }`,
    );
    expect(found.channels?.items).to.deep.equal([
      { dealing: "FUNDED", selfDealing: true },
      { dealing: "PARTY", selfDealing: true },
      { dealing: "ARMS_LENGTH", selfDealing: false },
    ]);
    expect(found.batchSettlements?.items).to.deep.equal([
      { dealing: "ARMS_LENGTH", selfDealing: false },
      { dealing: "FUNDED", selfDealing: true },
      { dealing: "UNPAID", selfDealing: true },
    ]);
    const by = ({ address }: { address: string }, how: string) => ({ funder: address.toLowerCase(), how });
    const events = [
      by(operator, "TOKEN_TRANSFER"),
      by(payout, "CREDIT_WITHDRAWAL"),
      by(operator, "STAKE_WITHDRAWAL"),
      by(operator, "TOKEN_TRANSFER"),
      by(former, "TOKEN_TRANSFER"),
      by(operator, "CHANNEL_DEPOSIT"),
      by(operator, "CHANNEL_WITHDRAWAL"),
      by(payout, "CREDIT_WITHDRAWAL"),
    ];
    expect(found.fundingEvents?.items).to.deep.equal(events);
    expect(found.nodeFundings?.items).to.have.length(events.length);

    // Two inferences of independent buyers, and one batch of one; of a mixed batch, what the independent one paid.
    const [total] = found.periods?.items ?? [];
    const settled = BigInt(Object.keys(expected).length) + 4n;
    expect(total).to.include({ settlements: String(settled), settlementsNet: "3" });
    const burned = found.burns?.items.reduce((sum, { amount }) => sum + BigInt(amount ?? 0), 0n);
    expect(total?.burnedNet).to.equal(String(burned));
    const fee = protocol.fee(honest.terms, 1_500n);
    expect(found.periodTokens?.items).to.deep.equal([
      { fees: String(BigInt(Object.keys(expected).length - 1) * fee + 48n), feesNet: String(2n * fee + 41n) },
    ]);
    expect(await opg.balanceOf(await demand.buyer(11))).to.equal(OPG_UNIT);
  });

  it("has no payment looked up that was not made, and a channel of many claims judged once", async () => {
    const { nodes, usd } = protocol.contracts;
    const { operator, payout } = protocol.accounts;
    // How often the indexer has asked its tables for a payment.
    const lookUps = async () => {
      await indexer.reached(await ethers.provider.getBlockNumber());
      const metrics = await (await fetch(`${indexer.url}/metrics`)).text();
      return Number(/^ponder_indexing_store_queries_total\{table="funding",method="find"\} (\d+)$/m.exec(metrics)?.[1]);
    };

    // Another node's owner pays an honest buyer. This node has had many a payout.
    const buyer = await demand.buyer(19);
    const other = await demand.buyer(18);
    await nodes.connect(other).register(id("another node"), other, other, "", "");
    await usd.connect(other).transfer(buyer, 1n);
    for (let party = 1n; party <= 20n; ++party) {
      await nodes.connect(operator).setPayout(protocol.nodeId, `0x${(party << 100n).toString(16).padStart(40, "0")}`);
    }
    await nodes.connect(operator).setPayout(protocol.nodeId, payout);
    await nodes.connect(operator).postOffer(await protocol.offer());
    const before = await lookUps();
    expect(before).to.be.greaterThan(0);
    const requestId = await demand.buy(buyer);
    expect((await demand.dealings(indexer))[requestId]).to.equal("ARMS_LENGTH");
    expect(await lookUps()).to.equal(before);

    // A channel whose payer the operator had paid: each judgement finds that one payment.
    const [nodeId, modelId, routeVersion, token] = batches.place(channelKey(0));
    const row = batches.rows({ signer: channelKey(0), ceiling: 7n, amount: 0n });
    await batches.contract.claim(nodeId, modelId, routeVersion, token, concat(Array(50).fill(row)));
    expect(await lookUps()).to.equal(before + 1);
  });

  it("adds nothing to the most collateral at risk by an answer that brings its proof", async () => {
    const { nodes, settlement } = protocol.contracts;
    const peak = async () => {
      type Answer = { periods: { items: { atRisk: string; atRiskPeak: string }[] } };
      const { periods } = await demand.ask<Answer>(
        indexer,
        "{ periods(where: { interval: TOTAL }) { items { atRisk atRiskPeak } } }",
      );
      return periods.items;
    };
    const before = await peak();
    const offer = await protocol.offer({ coverage: 400n * OPG_UNIT });
    expect(offer.coverage).to.be.greaterThan(BigInt(before[0]?.atRiskPeak ?? 0));
    await nodes.connect(protocol.accounts.operator).postOffer(offer);
    const { terms } = await demand.request(await demand.buyer(19), { offer });
    const answer = await protocol.answer(terms);
    const proof = await protocol.proof(await protocol.claim(terms, answer));
    await settlement.connect(protocol.accounts.signer).deliverAndSettle(terms, protocol.nodeId, answer, proof);
    expect(await peak()).to.deep.equal(before);

    const late = await demand.request(await demand.buyer(19), { offer });
    await settlement.deliver(late.terms, await protocol.answer(late.terms));
    const atRisk = String(offer.coverage);
    expect(await peak()).to.deep.equal([{ atRisk, atRiskPeak: atRisk }]);
  });

  it("leaves the tables in agreement with the chain, and is seen in part where transfers are not watched", async () => {
    await demand.reconcile(indexer);
    await indexer.stop();

    // By the protocol's own events alone, plain transfers are not seen, and the rest is. Another indexer takes its time.
    if (!process.env.OPG_DEEP) return;
    const blind = await demand.index("credits");
    const senders = await Promise.all(
      [9, 12, 14].map(async (index) => (await demand.buyer(index)).address.toLowerCase()),
    );
    type Fundings = { fundings: { items: { account: string }[] } };
    const { fundings } = await demand.ask<Fundings>(blind, "{ fundings { items { account } } }");
    expect(fundings.items).to.have.length(5);
    for (const { account } of fundings.items) expect(senders).to.not.include(account);
    await demand.reconcile(blind);
  });
});
