import { expect } from "chai";
import type { Indexer } from "../../indexer/start.ts";
import { BatchRoute } from "../support/batches.ts";
import { Demand } from "../support/demand.ts";
import { loadProtocol, networkHelpers, OPG_UNIT, type Protocol } from "../support/fixtures.ts";

/**
 * Whoever fears an alert raises many others of the same kind, which cost nothing: defaults on an own promise of next to
 * nothing, and an own key's equivocation with nothing at stake.
 */
describe("attack: alerts buried under staged ones", function () {
  this.timeout(120_000);
  const SHOWN = 8;
  let protocol: Protocol;
  let demand: Demand;
  let indexer: Indexer;
  before(async () => {
    protocol = await loadProtocol();
    demand = await Demand.of(protocol);
  });
  after(() => demand?.close());

  type Alert = { kind: string; severity: string; subject: string };
  const alerts = async (limit: number) => {
    type Answer = { alerts: { items: Alert[] } };
    const query = `{ alerts(orderBy: "urgency", orderDirection: "desc", limit: ${limit}) { items { kind severity subject } } }`;
    return (await demand.ask<Answer>(indexer, query)).alerts.items;
  };

  it("leaves what harmed somebody else first, in a list of which the staged ones are the latest", async () => {
    const { nodes, settlement } = protocol.contracts;
    const { operator, stranger: attacker } = protocol.accounts;
    const harm = await protocol.delivered();
    await nodes.connect(operator).unbond(protocol.nodeId, (await nodes.accountOf(protocol.nodeId)).free);

    // Of two wei one goes to the requester, and one burns.
    const offer = await protocol.addNode(attacker, 1_000n * OPG_UNIT, { coverage: 2n, pricePerRequest: 0n });
    const buyer = await demand.buyer(12);
    const late = [harm.terms];
    while (late.length <= SHOWN) {
      const { terms } = await demand.request(buyer, { offer });
      const answer = await protocol.answer(terms, {}, attacker);
      await settlement.connect(attacker).deliver(terms, answer);
      late.push(terms);
    }
    await protocol.passProofWindow(harm.terms);
    for (const terms of late) await settlement.connect(attacker).claimDefault(terms);

    indexer = await demand.index("credits");
    const [first, ...others] = await alerts(SHOWN);
    expect(first).to.deep.equal({ kind: "DEFAULT", severity: "WARNING", subject: harm.requestId });
    expect(others.map(({ severity }) => severity)).not.to.include("CRITICAL");
    expect(others.filter(({ severity }) => severity === "INFO").map(({ kind }) => kind)).to.include("DEFAULT");

    const rest = (await (await fetch(`${indexer.url}/alerts?limit=1`)).json()) as Alert[];
    expect(rest.map(({ subject }) => subject)).to.deep.equal([harm.requestId]);
  });

  it("takes two signatures of an own key for critical only if that cost the node its stake", async () => {
    const { nodes } = protocol.contracts;
    const { operator, stranger } = protocol.accounts;
    await nodes.connect(operator).unbond(protocol.nodeId, (await nodes.accountOf(protocol.nodeId)).free);
    await networkHelpers.time.increase(await nodes.unbondingDelay());
    await nodes.connect(operator).withdraw(protocol.nodeId, operator);
    const [worst] = await alerts(1);
    const equivocate = async () => {
      const batches = await BatchRoute.open(protocol);
      const a = await batches.batch("0x");
      const b = { ...a, count: 2n };
      await batches.contract.connect(stranger).reportEquivocation(a, batches.prove(a), b, batches.prove(b));
    };
    const KINDS = ["SLASHED", "EQUIVOCATED", "KEY_FAULTED"];
    const severities = async () =>
      (await alerts(100)).flatMap(({ kind, severity }) => (KINDS.includes(kind) ? [severity] : []));

    // Three wei burn.
    await nodes.connect(operator).stake(protocol.nodeId, 4n);
    await equivocate();
    expect(await severities()).to.deep.equal(["INFO", "INFO", "INFO"]);
    expect(await alerts(1)).to.deep.equal([worst]);

    await nodes.connect(operator).stake(protocol.nodeId, 1_000n * OPG_UNIT);
    await equivocate();
    const staged = ["INFO", "INFO", "INFO"];
    expect(await severities()).to.deep.equal(["CRITICAL", "CRITICAL", "CRITICAL", ...staged]);

    // What governance finds is no matter of stakes.
    const { route } = await BatchRoute.open(protocol);
    await route.tee.emergencyRevoke(protocol.nodeId, 0, await networkHelpers.time.latest());
    expect(await severities()).to.deep.equal(["CRITICAL", "CRITICAL", "CRITICAL", "CRITICAL", ...staged]);
  });

  it("counts nothing as urgent for longer than 30 days", async () => {
    const [before] = await alerts(1);
    expect(before?.severity).to.equal("CRITICAL");
    await networkHelpers.time.increase(31 * 86_400);
    await protocol.contracts.nodes.connect(protocol.accounts.operator).stake(protocol.nodeId, 1n);
    const [now] = await alerts(1);
    expect(now?.severity).not.to.equal("CRITICAL");
    expect((await alerts(100)).map(({ severity }) => severity)).to.include("CRITICAL");
  });
});
