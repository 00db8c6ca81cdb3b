import { expect } from "chai";
import { Demand } from "../support/demand.ts";
import { loadProtocol, OPG_UNIT, type Protocol } from "../support/fixtures.ts";

/** Whoever fears an alert raises many others of the same kind, which cost nothing: defaults on an own promise of nothing. */
describe("attack: alerts buried under staged ones", () => {
  const SHOWN = 8;
  let protocol: Protocol;
  let demand: Demand;
  before(async () => {
    protocol = await loadProtocol();
    demand = await Demand.of(protocol);
  });
  after(() => demand?.close());

  it("leaves what harmed somebody else first, in a list of which the staged ones are the latest", async () => {
    const { nodes, settlement } = protocol.contracts;
    const { operator, stranger: attacker } = protocol.accounts;
    const harm = await protocol.delivered();
    await nodes.connect(operator).unbond(protocol.nodeId, (await nodes.accountOf(protocol.nodeId)).free);

    const offer = await protocol.addNode(attacker, 1_000n * OPG_UNIT, { coverage: 0n, pricePerRequest: 0n });
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

    const indexer = await demand.index("credits");
    type Answer = { alerts: { items: { kind: string; severity: string; subject: string }[] } };
    const { alerts } = await demand.ask<Answer>(
      indexer,
      `{ alerts(orderBy: "urgency", orderDirection: "desc", limit: ${SHOWN}) { items { kind severity subject } } }`,
    );
    const [first, ...others] = alerts.items;
    expect(first).to.deep.equal({ kind: "DEFAULT", severity: "WARNING", subject: harm.requestId });
    expect(others.map(({ severity }) => severity)).not.to.include("CRITICAL");
    expect(others.filter(({ severity }) => severity === "INFO").map(({ kind }) => kind)).to.include("DEFAULT");

    const rest = (await (await fetch(`${indexer.url}/alerts?limit=1`)).json()) as Answer["alerts"]["items"];
    expect(rest.map(({ subject }) => subject)).to.deep.equal([harm.requestId]);
  });
});
