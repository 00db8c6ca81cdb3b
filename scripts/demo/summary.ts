import { batchContract, contractsOf, type Deployment, RequestStatus, SettlementFailure } from "@opg/settlement-sdk";
import type { JsonRpcProvider } from "ethers";
import { withCurve } from "../../circuits/src/curve.ts";
import { rpcArchive } from "../audit/archive.ts";
import { Auditor, type AuditReport } from "../audit/audit.ts";
import { tally, tallyText } from "../audit/text.ts";
import { OPG } from "./cast.ts";
import { dim, green, heading, print, red, table } from "./console.ts";
import { opg, usd } from "./inferences.ts";
import type { Played, Stage } from "./stage.ts";

/** What the summary is read from. Any app can ask the same. */
export const QUERIES = {
  protocol: `{
  protocols {
    items {
      initialSupply supply burned bonded coverageAtRisk
      requested delivered settled refunded defaulted voided batched batches channels
    }
  }
  batchSettlements { items { id nodeId count rows rowsNotPaid paid burned selfDealing } }
  channels(limit: 100) { items { nodeId claimed balance deposited } }
  laws { items { law subject left right holds } }
}`,
  inferences: `{
  inferences(orderBy: "requestedAt", orderDirection: "desc", limit: 200) {
    totalCount
    items { id status selfDealing fee burned compensation outputHash trustGapSeconds nodeId }
  }
}`,
  days: `{
  periods(where: { interval: DAY }, orderBy: "start") {
    items { start requests settlements settlementsNet defaults burned burnedNet supply }
  }
}`,
  nodes: `{
  nodes(orderBy: "registeredAt") {
    items { id free bonded settlements defaults burned }
  }
}`,
} as const;

interface Answers {
  readonly protocol: {
    protocols: { items: Record<string, string>[] };
    batchSettlements: { items: ({ nodeId: string } & Record<string, string | boolean>)[] };
    channels: { items: { nodeId: string; claimed: string; balance: string; deposited: string }[] };
    laws: { items: { law: string; subject: string; left: string; right: string; holds: boolean }[] };
  };
  readonly inferences: {
    inferences: {
      totalCount: number;
      items: {
        id: string;
        status: keyof typeof RequestStatus;
        selfDealing: boolean;
        fee: string | null;
        burned: string;
        compensation: string | null;
        outputHash: string | null;
        trustGapSeconds: string | null;
        nodeId: string | null;
      }[];
    };
  };
  readonly days: { periods: { items: Record<string, string>[] } };
  readonly nodes: { nodes: { items: ({ id: string } & Record<string, string>)[] } };
}

/** Audits every request, as `opg audit --all` does. @param root The certificate (DER) that enclaves come under. */
async function auditEvery(provider: JsonRpcProvider, deployment: Deployment, root: Uint8Array): Promise<AuditReport[]> {
  const auditor = new Auditor(rpcArchive(provider), deployment, { root });
  const reports: AuditReport[] = [];
  for (const { requestId, block } of await auditor.requests()) reports.push(await auditor.audit(requestId, block));
  return reports;
}

/** Whether what somebody says is what the chain says. */
class Checks {
  #failed = 0;
  #passed = 0;

  /** Compares what the indexer has with what is true; both sides are shown if they differ. */
  equal(what: string, indexed: unknown, actual: unknown): void {
    const same = String(indexed) === String(actual);
    if (same) this.#passed++;
    else this.#failed++;
    print(
      `  ${same ? green("✓") : red("✗")} ${what}${same ? "" : red(`: the indexer says ${indexed}, the chain ${actual}`)}`,
    );
  }

  get verdict(): { readonly passed: number; readonly failed: number } {
    return { passed: this.#passed, failed: this.#failed };
  }
}

/**
 * Reads everything back over GraphQL, shows it, and holds each figure against the chain, and audits every
 * inference.
 *
 * @returns what held.
 */
export async function summarise(
  { indexer, chain: { provider }, deployment, cast, root }: Stage,
  { ended, settledBatch }: Played,
): Promise<{ readonly passed: number; readonly failed: number }> {
  const ask = <Key extends keyof Answers>(key: Key) => indexer.query<Answers[Key]>(QUERIES[key]);
  await indexer.reached(await provider.getBlockNumber());
  const [{ protocols, batchSettlements, channels, laws }, { inferences }, { periods }, { nodes }] = await Promise.all([
    ask("protocol"),
    ask("inferences"),
    ask("days"),
    ask("nodes"),
  ]);
  const totals = protocols.items[0] ?? {};
  const amount = (name: string) => BigInt(totals[name] ?? "-1");

  heading("Summary, read back from the indexer over GraphQL");
  print(`  supply      ${opg(amount("supply"))}, of ${opg(amount("initialSupply"))} at the start`);
  print(`  burned      ${opg(amount("burned"))}`);
  print(
    `  requests    ${["settled", "defaulted", "refunded", "voided", "delivered", "requested"].map((s) => `${totals[s]} ${s}`).join(", ")}`,
  );
  const gaps = inferences.items.flatMap(({ trustGapSeconds }) =>
    trustGapSeconds === null ? [] : [Number(trustGapSeconds)],
  );
  gaps.sort((a, b) => a - b);
  print(
    `  batches     ${amount("batches")}, with ${amount("batched")} inferences paid by ${amount("channels")} channels`,
  );
  print(
    `  trust gap   median ${gaps[Math.floor(gaps.length / 2)]} s, longest ${gaps.at(-1)} s, collateral at risk now ${opg(amount("coverageAtRisk"))}`,
  );
  print();
  table([
    ["node", "settled", "defaults", "OPG burned", "OPG free", "OPG bonded"],
    ...cast.operators.map(({ name, nodeId }) => {
      const node = nodes.items.find(({ id }) => id === nodeId);
      const whole = (value: string | undefined) => String(Number((BigInt(value ?? 0) * 100n) / OPG) / 100);
      return [
        name,
        node?.settlements ?? "",
        node?.defaults ?? "",
        whole(node?.burned),
        whole(node?.free),
        whole(node?.bonded),
      ];
    }),
  ]);
  for (const day of periods.items.slice(-3)) {
    const date = new Date(Number(day.start) * 1000).toISOString().slice(0, 10);
    print();
    print(
      `  ${date}  ${opg(BigInt(day.burned ?? 0))} burned, ${opg(BigInt(day.burnedNet ?? 0))} of it net of self-dealing`,
    );
  }

  heading("Checked against the chain");
  const checks = new Checks();
  const { settlement, nodes: registry, opg: token } = contractsOf(deployment, provider);
  const burns = await registry.events("Burned", [], deployment.startBlock);
  const burned = burns.reduce((sum, { args }) => sum + args.amount, 0n);
  checks.equal("supply is the token's totalSupply()", amount("supply"), await token.read("totalSupply"));
  checks.equal("burned is the sum of the registry's Burned events", amount("burned"), burned);
  checks.equal("initial supply − burned = supply", amount("initialSupply") - amount("burned"), amount("supply"));

  const requested = await settlement.events("Requested", [], deployment.startBlock);
  const statuses = await Promise.all(requested.map(({ args }) => settlement.read("statusOf", args.requestId)));
  checks.equal("every request is indexed", inferences.totalCount, requested.length);
  for (const [name, status] of Object.entries(RequestStatus)) {
    if (status === RequestStatus.NONE) continue;
    const count = statuses.filter((one) => one === status).length;
    checks.equal(`${name.toLowerCase()}: as many as statusOf() says`, totals[name.toLowerCase()], count);
  }
  for (const { name, nodeId } of cast.operators) {
    const account = await registry.read("accountOf", nodeId);
    const node = nodes.items.find(({ id }) => id === nodeId);
    checks.equal(
      `${name}'s account is accountOf()`,
      `${node?.free}/${node?.bonded}`,
      `${account.free}/${account.bonded}`,
    );
  }
  for (const [index, { run, end, images, operator, requester }] of ended.entries()) {
    const indexed = inferences.items.find(({ id }) => id === run.requestId);
    const failed = end instanceof SettlementFailure;
    checks.equal(
      `inference ${index + 1} (${images.map(({ label }) => label).join("")}): status, output, money, gap and self-dealing`,
      [
        indexed?.status,
        indexed?.outputHash,
        indexed?.fee ?? 0,
        indexed?.compensation ?? 0,
        indexed?.trustGapSeconds,
        indexed?.selfDealing,
      ],
      [
        failed ? "DEFAULTED" : "SETTLED",
        run.answer.outputHash,
        failed ? 0 : end.fee,
        failed ? end.compensation : 0,
        failed ? null : end.trustGap,
        requester === operator.wallet,
      ],
    );
  }
  const price = ended.reduce((sum, { end }) => sum + (end instanceof SettlementFailure ? 0n : end.fee), 0n);
  const credits = await Promise.all(
    cast.operators.map(({ payout, offer }) => settlement.read("creditOf", offer.token, payout)),
  );
  checks.equal(
    `the operators' credits are all of the fees, ${usd(price)}`,
    price,
    credits.reduce((a, b) => a + b, 0n),
  );
  const { digest, count, rows, paid, burned: burnedByBatch } = settledBatch;
  const [, , , dee] = cast.operators;
  const ofDee = <Item extends { nodeId: unknown }>(items: Item[]) =>
    items.filter(({ nodeId }) => nodeId === dee.nodeId);
  const indexedBatch = ofDee(batchSettlements.items).map((one) => [
    one.id,
    one.count,
    one.rows,
    one.rowsNotPaid,
    one.paid,
    one.burned,
  ]);
  const claimed = ofDee(channels.items).reduce((sum, channel) => sum + BigInt(channel.claimed), 0n);
  checks.equal("the batch: inferences, rows, payment and burn", indexedBatch, [
    [digest, count, rows, 0, paid, burnedByBatch],
  ]);
  checks.equal("what was drawn from the channels", claimed, paid);
  const batches = await batchContract(deployment, provider).events("BatchSettled", [], deployment.startBlock);
  const batched = batches.reduce((sum, { args }) => sum + args.batch.count, 0n);
  checks.equal("inferences, not transactions: the batched ones", amount("batched"), batched);
  for (const { law, subject, left, right } of laws.items) checks.equal(`law ${law} of ${subject}`, left, right);

  const found = tally(await withCurve(() => auditEvery(provider, deployment, root.certificate)));
  print(`  ${tallyText(found)}`);
  const settled = statuses.filter((status) => status === RequestStatus.SETTLED).length;
  checks.equal("an audit of chain data alone finds that every settled inference holds", found.holds, settled);

  heading("The queries");
  for (const query of Object.values(QUERIES)) print(dim(query));
  return checks.verdict;
}
