import { expect } from "chai";
import { id, MaxUint256, Wallet } from "ethers";
import { MAX_PARTIES } from "../../indexer/src/mapping/dealing.ts";
import type { Indexer } from "../../indexer/start.ts";
import { hashChannelKey } from "../../sdk/src/hash/hashChannelKey.ts";
import { addressOfKey, channelKey, type SignedBatch, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { Demand } from "../support/demand.ts";
import { ethers, idOf, networkHelpers, OPG_UNIT, type Protocol } from "../support/fixtures.ts";
import { X402Route } from "../support/x402.ts";

const deep = process.env.OPG_DEEP === "1";

/**
 * A competitor who makes a node's honest demand look like the node's own, so that it falls out of the net figures; or who
 * makes every payment of a busy account's dear to index. Whatever the competitor brings about without the victim's keys may
 * count against the competitor's own nodes only.
 *
 * Anybody can settle a batch that waits to be mined, in a transaction that first claims rows of the competitor's own: what
 * these tell is not the batch's.
 */
describe("attack: honest demand is made to look like the node's own", function () {
  this.timeout(480_000);
  let demand: Demand;
  let protocol: Protocol;
  let x402: X402Route;
  let indexer: Indexer;
  before(async () => {
    x402 = await X402Route.open();
    protocol = x402.p;
    demand = await Demand.of(protocol);
  });
  after(() => demand.close());

  /** Settles batches right behind a claim of the attacker's at its own node. @returns the batches as they are to be indexed. */
  const settleBehindClaims = async (nodeId: string) => {
    const { stranger: attacker } = protocol.accounts;
    const { route: batches } = x402;
    const { contract, domain } = batches;
    const [good, own, nobody] = [channelKey(0), channelKey(1), channelKey(2)];
    await batches.openChannel(good);
    const payer = await x402.channel(100n);

    const [, modelId, routeVersion, token] = batches.place(own);
    const place = [nodeId, modelId, routeVersion, token] as const;
    const consent = own.sign(hashChannelKey(domain, { nodeId, modelId, routeVersion, token, payer: attacker.address }));
    const { usd } = protocol.contracts;
    await usd.mint(attacker, 10n);
    await usd.connect(attacker).approve(contract, MaxUint256);
    await contract.connect(attacker).open(...place, addressOfKey(own), WITHDRAWAL_DELAY, 10n, consent.serialized);

    const { interface: abi } = contract;
    const voucher = { nodeId };
    const rows = [own, nobody].map((signer) => ({ signer, ceiling: 9n, amount: 0n, voucher }));
    const claim = abi.encodeFunctionData("claim", [...place, batches.rows(...rows)]);
    const bundle = await ethers.deployContract("Bundle");
    const settle = async (batch: SignedBatch, ...first: string[]) => {
      await bundle.run(contract, [...first, abi.encodeFunctionData("settleBatch", batch), claim]);
      return contract.hashBatch(batch[0]);
    };
    const row = (signer: typeof good, ceiling: bigint) => ({ signer, ceiling, amount: 20n });
    const some = batches.rows(row(nobody, 20n), row(good, 20n), row(good, 30n), row(channelKey(3), 20n));
    const paid = { dealing: "ARMS_LENGTH", selfDealing: false };
    const unpaid = { dealing: "UNPAID", selfDealing: true };
    return {
      [await settle(await batches.signed(some), claim, claim)]: { rows: "4", rowsNotPaid: "3", paid: "30", ...paid },
      [await settle(await batches.signed(batches.rows(row(good, 90n))), claim)]: {
        rows: "1",
        rowsNotPaid: "0",
        paid: "30",
        ...paid,
      },
      [await settle(await batches.signed("0x"), claim)]: { rows: "0", rowsNotPaid: "0", paid: "0", ...unpaid },
      [await settle(await x402.signed([await x402.row(payer, 50n, 40n)]), claim)]: {
        rows: null,
        rowsNotPaid: "0",
        paid: "40",
        ...paid,
      },
      ...(await settleShort(claim)),
    };
  };

  /** Two batches of x402's that are not paid in full, and a claim of the rest, by anybody in one transaction. */
  const settleShort = async (claim: string) => {
    const { contract } = x402.route;
    const abi = contract.interface;
    const [payer, empty] = [await x402.channel(100n), await x402.channel(0n)];
    const one = await x402.signed([await x402.row(payer, 50n, 70n), await x402.row(empty, 5n, 5n)]);
    const then = { first: one[0].first + one[0].count, root: id("the other root") };
    const other = await x402.signed([await x402.row(empty, 7n, 7n)], then);
    const { nodeId, modelId, contracts } = protocol;
    const token = await contracts.usd.getAddress();
    const left = await x402.row(payer, 55n, 0n);
    const rest = abi.encodeFunctionData("claimLedger", [nodeId, modelId, one[0].routeVersion, token, left]);
    const settle = [one, other].map((batch) => abi.encodeFunctionData("settleBatch", batch));
    await (await ethers.deployContract("Bundle")).run(contract, [claim, ...settle, rest, claim]);
    return {
      [await contract.hashBatch(one[0])]: {
        rows: null,
        rowsNotPaid: "2",
        paid: "50",
        dealing: "ARMS_LENGTH",
        selfDealing: false,
      },
      [await contract.hashBatch(other[0])]: {
        rows: null,
        rowsNotPaid: "1",
        paid: "0",
        dealing: "UNPAID",
        selfDealing: true,
      },
    };
  };

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

    const batches = await settleBehindClaims(own.nodeId);

    indexer = await demand.index("tokens");
    expect(await demand.dealings(indexer)).to.deep.equal(expected);
    type Row = Record<string, string | string[] | null> & { batch: { id: string } | null };
    type Answer = Record<string, { items: Row[] }>;
    const found = await demand.ask<Answer>(
      indexer,
      `{
        fundingEvents(orderBy: "id", orderDirection: "asc") { items { funder account amount } }
        operatorAccounts(where: { account: "${requester.address.toLowerCase()}" }) { items { nodes } }
        nodes(where: { parties_has: "${operator.address.toLowerCase()}" }) { items { id } }
        crowd: nodes(where: { parties_has: "${requester.address.toLowerCase()}" }) { items { id } }
        own: nodes(where: { id: "${own.nodeId}" }) { items { parties } }
        batchSettlements { items { id rows rowsNotPaid paid dealing selfDealing } }
        lastDraws { items { ended } }
        rowNotPaids(limit: 1000) { items { ledger signer index fault missing batch { id } } }
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
    expect(Object.fromEntries(found.batchSettlements?.items.map(({ id, ...row }) => [id, row]) ?? [])).to.deep.equal(
      batches,
    );
    const notPaid = found.rowNotPaids?.items ?? [];
    for (const [batch, { rowsNotPaid }] of Object.entries(batches)) {
      expect(String(notPaid.filter((row) => row.batch?.id === batch).length), batch).to.equal(rowsNotPaid);
    }
    const [first, last] = Object.keys(batches).slice(-2);
    const ledger = (await x402.gate.getAddress()).toLowerCase();
    const short = (batch: string | undefined, index: number, fault: string, missing: number) => ({
      ledger,
      signer: null,
      index: String(index),
      fault,
      missing: String(missing),
      batch: batch === undefined ? null : { id: batch },
    });
    expect(notPaid.filter((row) => row.ledger === ledger)).to.deep.equal([
      short(first, 0, "LOW_CEILING", 20),
      short(first, 1, "LOW_BALANCE", 5),
      short(last, 0, "LOW_BALANCE", 12),
      short(undefined, 0, "LOW_CEILING", 15),
    ]);
    expect(found.lastDraws?.items, "claims leave one row, however many").to.deep.equal([{ ended: true }]);
    await demand.reconcile(indexer);
  });

  /** What was paid in USD, and what of it by others than the node's own. */
  const fees = async () => {
    type Answer = { periodTokens: { items: { fees: string; feesNet: string }[] } };
    const token = x402.route.token.toLowerCase();
    const { periodTokens } = await demand.ask<Answer>(
      indexer,
      `{ periodTokens(where: { interval: TOTAL, token: "${token}" }) { items { fees feesNet } } }`,
    );
    const [row] = periodTokens.items;
    return { fees: Number(row?.fees), feesNet: Number(row?.feesNet) };
  };

  it("takes no honest fee out by a claim that names a channel of the operator's beside it", async () => {
    const { operator, stranger } = protocol.accounts;
    const { usd } = protocol.contracts;
    const { route: batches } = x402;
    const { contract } = batches;
    const [good, old] = [channelKey(4), channelKey(5)];
    await usd.mint(operator, 9n);
    await usd.connect(operator).approve(contract, MaxUint256);
    const consent = batches.consent(old, operator.address);
    await contract.connect(operator).open(...batches.place(old), WITHDRAWAL_DELAY, 9n, consent);
    await batches.openChannel(good);
    await batches.settle({ signer: good, ceiling: 5n, amount: 20n });
    const before = await fees();

    // Vouchers are in the calldata of former batches, and in the mail.
    const [nodeId, modelId, routeVersion, token] = batches.place(good);
    const rows = [old, good, old].map((signer) => ({ signer, ceiling: 20n, amount: 0n }));
    await contract.connect(stranger).claim(nodeId, modelId, routeVersion, token, batches.rows(...rows));
    expect(await fees()).to.deep.equal({ fees: before.fees + 15, feesNet: before.feesNet + 15 });
  });

  it("takes a node that names parties without number to deal with itself, whoever pays and says so", async function () {
    if (!deep) this.skip(); // Each party is a transaction.
    const { nodes, usd } = protocol.contracts;
    const asOperator = nodes.connect(protocol.accounts.operator);
    const short = await x402.channel(100n);
    const owing = await x402.signed([await x402.row(short, 5n, 20n)]);
    await x402.route.contract.settleBatch(...owing);
    await ethers.provider.send("evm_setAutomine", [false]);
    for (let number = 0; number < MAX_PARTIES; ++number) {
      await asOperator.setSigner(protocol.nodeId, Wallet.createRandom(), { gasLimit: 60_000 });
    }
    await ethers.provider.send("evm_setAutomine", [true]);
    await networkHelpers.mine();
    const before = await fees();
    const batch = await x402.signed([await x402.row(await x402.channel(100n), 40n, 40n)]);
    await x402.route.contract.settleBatch(...batch);
    const { nodeId, modelId } = protocol;
    const left = await x402.row(short, 20n, 0n);
    await x402.route.contract.claimLedger(nodeId, modelId, batch[0].routeVersion, usd, left);
    expect(await fees()).to.deep.equal({ fees: before.fees + 55, feesNet: before.feesNet });

    const digest = await x402.route.contract.hashBatch(batch[0]);
    type Answer = { batchSettlement: { paid: string; dealing: string } };
    const found = await demand.ask<Answer>(indexer, `{ batchSettlement(id: "${digest}") { paid dealing } }`);
    expect(found.batchSettlement).to.deep.equal({ paid: "40", dealing: "PARTY" });
    await demand.reconcile(indexer);
  });
});
