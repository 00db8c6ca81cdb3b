import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { getBytes, id, keccak256 } from "ethers";
import { type Archive, type Reads, recorded, replayed, rpcArchive } from "../../scripts/audit/archive.ts";
import { Auditor, type AuditReport } from "../../scripts/audit/audit.ts";
import { Verdict } from "../../scripts/audit/verdict.ts";
import { type LeafSet, leavesOf, treeOf } from "../../sdk/src/batch/leafSet.ts";
import type { BatchEntry } from "../../sdk/src/batch/receipt.ts";
import type { Deployment } from "../../sdk/src/deployment.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { flip, forge } from "../support/audit.ts";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { opg } from "../support/cli.ts";
import { ethers, loadProtocol, OPG_UNIT, provider, USD_UNIT } from "../support/fixtures.ts";
import { serveRpc } from "../support/rpcServer.ts";
import { deploymentOf, temporaryDirectory } from "../support/sdk.ts";

const PAYERS = 5;
const CALLS = 8;

describe("Auditing a batch of inferences by its leaf set", function () {
  this.timeout(600_000);

  const archive = rpcArchive(ethers.provider);
  let route: BatchRoute;
  let deployment: Deployment;
  let set: LeafSet;
  let block: number;
  let reads: Reads;

  /** Settles a batch of the stream's next inferences: `CALLS` of each payer, one after the other. */
  async function settle(change: { charged?: (entries: BatchEntry[]) => BatchEntry[]; ceiling?: bigint } = {}) {
    const first = await route.contract.nextSequence((await stream()).streamId);
    const entries = Array.from({ length: PAYERS * CALLS }, (_, i): BatchEntry => {
      const place = { channelId: route.channelId(channelKey(i % PAYERS)), sequence: first + BigInt(i) };
      return {
        ...place,
        inputHash: id(`input ${i}`),
        outputHash: id(`output ${i}`),
        units: 3n,
        amount: BigInt(100 + i),
      };
    });
    const rows = Array.from({ length: PAYERS }, (_, payer) => ({
      signer: channelKey(payer),
      ceiling: change.ceiling ?? 10n * USD_UNIT,
      amount: entries.filter((_, i) => i % PAYERS === payer).reduce((sum, { amount }) => sum + amount, 0n),
    }));
    const inferences = change.charged?.(entries) ?? entries;
    const packed = route.rows(...rows);
    const draft = await route.batch(packed, { count: BigInt(entries.length) });
    const batch = { ...draft, root: treeOf(leavesOf(draft, inferences)).root };
    const proof = route.prove(batch);
    const receipt = await (await route.contract.settleBatch(batch, proof, packed)).wait();
    const settled: LeafSet = { batch, proof, rows: packed, inferences };
    return { settled, block: receipt?.blockNumber ?? 0 };
  }

  async function stream() {
    const batch = await route.batch("0x");
    return { streamId: await route.contract.streamIdOf(batch) };
  }

  const audit = (leaves: LeafSet, from: Archive = archive, root = route.route.root.certificate): Promise<AuditReport> =>
    new Auditor(from, deployment, { root }).auditBatch(leaves);

  async function expectRefuted(leaves: LeafSet, why: RegExp, from?: Archive): Promise<void> {
    const { verdict, summary } = await audit(leaves, from);
    expect(summary).to.match(why);
    expect(verdict).to.equal(Verdict.DOES_NOT_HOLD);
  }

  before(async () => {
    const protocol = await loadProtocol();
    route = await BatchRoute.open(protocol);
    const { opg: token, nodes } = protocol.contracts;
    await token.approve(nodes, 1_000n * OPG_UNIT);
    await nodes.stake(protocol.nodeId, 1_000n * OPG_UNIT);
    for (let payer = 0; payer < PAYERS; ++payer) await route.openChannel(channelKey(payer));
    const { addresses, ...rest } = await deploymentOf(protocol);
    deployment = { ...rest, addresses: { ...addresses, NitroVerifier: await route.route.nitro.getAddress() } };
    ({ settled: set, block } = await settle());
    reads = {};
    await audit(set, recorded(archive, reads));
    reads = structuredClone(reads);
  });

  it("holds, and says what was compared", async () => {
    const { verdict, summary, steps, of } = await audit(set);
    expect(verdict, summary).to.equal(Verdict.HOLDS);
    expect(of).to.equal("batch");
    expect(steps.map(({ name }) => name)).to.deep.equal(["batch", "leaves", "rows", "proof", "payment"]);
    const lines = steps.flatMap((step) => step.lines).join("\n");
    expect(lines).to.match(/40 leaves, inferences 0 to 39 of the stream, each once/);
    expect(lines).to.match(/4780 base units of 0x.* for 5 payers/);
    expect(lines).to.match(/the rows prove of every channel exactly the sum of its leaves/);
    expect(lines).to.match(/the batch is signed by the key/);
    expect(lines).to.match(/drawn on the channels: 4780/);
    expect(lines).to.match(/burn: 1000000000000000000 × 40 = 40000000000000000000/);
  });

  it("holds for the stream's next batch, of which the payers' vouchers allow only a part", async () => {
    const { settled } = await settle({ ceiling: 1_000n });
    const { verdict, summary, steps } = await audit(settled);
    expect(verdict, summary).to.equal(Verdict.HOLDS);
    expect(steps.at(-1)?.lines.join()).to.match(/drawn on the channels: \d+, of each at most/);
  });

  it("does not hold for leaves that are others, in another order, missing or more", async () => {
    const [first, second, ...others] = set.inferences;
    if (first === undefined || second === undefined) throw new Error("the batch is empty");
    const withLeaves = (...inferences: BatchEntry[]): LeafSet => ({ ...set, inferences });
    for (const change of [
      { inputHash: id("other") },
      { outputHash: id("other") },
      { units: 4n },
      { amount: first.amount + 1n },
      { channelId: second.channelId },
    ]) {
      await expectRefuted(withLeaves({ ...first, ...change }, second, ...others), /the leaves give the root/);
    }
    await expectRefuted(withLeaves(second, first, ...others), /out of turn/);
    await expectRefuted(withLeaves(first, first, ...others), /out of turn/);
    await expectRefuted(withLeaves(second, ...others), /there are 39 leaves/);
    await expectRefuted(withLeaves(first, second, ...others, first), /there are 41 leaves/);
  });

  it("does not hold where an enclave signed rows that are not the sums of its leaves", async () => {
    const shifted = (entries: BatchEntry[]) => entries.map((entry, i) => (i === 7 ? { ...entry, amount: 1n } : entry));
    const { settled } = await settle({ charged: shifted });
    await expectRefuted(settled, /the rows prove \d+ of channel 0x.*, and its leaves sum up to/);
  });

  it("cannot be read for a batch that was not settled", async () => {
    const batch = { ...set.batch, root: keccak256("0x") };
    const { verdict, summary } = await audit({ ...set, batch });
    expect(summary).to.match(/no settlement of batch/);
    expect(verdict).to.equal(Verdict.CANNOT_BE_READ);
  });

  it("does not hold with a byte of proof or rows altered, every hash made anew", async () => {
    const { transactions } = reads[`block [${block}]`] as { transactions: { input: string }[] };
    const input = transactions[0]?.input ?? "0x";
    for (const [part, step] of [
      [set.proof, 3],
      [set.rows, 29],
    ] as const) {
      const at = input.indexOf(part.slice(2)) / 2 - 1;
      expect(at).to.be.greaterThan(0);
      for (let index = 0; index < getBytes(part).length; index += process.env.OPG_DEEP === "1" ? 1 : step) {
        const changed = await forge(reads, block, ({ block: { transactions } }) => {
          for (const transaction of transactions) transaction.input = flip(transaction.input, at + index);
        });
        const { verdict, summary } = await audit(set, replayed(changed));
        expect(verdict, `byte ${index}: ${summary}`).to.equal(Verdict.DOES_NOT_HOLD);
      }
    }
  });

  it("does not hold with another burn, another credit, or more drawn than was signed for", async () => {
    const { opg: token, nodes, batches } = route.protocol.contracts;
    const forgeLog = (topic: string, byte: number) =>
      forge(reads, block, ({ receipts: [receipt] }) => {
        const logs = receipt?.logs.filter(({ topics }) => (topics as string[])[0] === topic) ?? [];
        expect(logs).to.have.lengthOf(1);
        for (const log of logs) log.data = flip(log.data, byte);
      });
    const [transfer, burned] = [token.interface.getEvent("Transfer"), nodes.interface.getEvent("Burned")];
    const settled = batches.interface.getEvent("BatchSettled");
    const claimed = batches.interface.getEvent("ChannelsClaimed");
    const from = async (topic: string, byte: number) => replayed(await forgeLog(topic, byte));
    await expectRefuted(set, /OPG itself does not show/, await from(transfer.topicHash, 31));
    await expectRefuted(set, /OPG burned, and the verification fees are/, await from(burned.topicHash, 31));
    // BatchSettled's data: ten words of the batch, then payout, paid and burned.
    await expectRefuted(set, /and the node's payout was/, await from(settled.topicHash, 32 * 10 + 31));
    await expectRefuted(set, /and the node was credited/, await from(settled.topicHash, 32 * 11 + 31));
    await expectRefuted(set, /OPG burned, and the verification fees are/, await from(settled.topicHash, 32 * 12 + 31));
    // ChannelsClaimed's data: route version, offset, length, then signer ‖ drawn of each row.
    await expectRefuted(set, /more was drawn on channel/, await from(claimed.topicHash, 32 * 3 + 20));
    await expectRefuted(set, /the payers were drawn on for/, await from(claimed.topicHash, 32 * 3 + 31));
  });

  it("does not hold once its key is shown to have signed another batch for the same inferences", async () => {
    const { requester } = route.protocol.accounts;
    const other = { ...set.batch, root: id("other") };
    await route.contract.connect(requester).reportEquivocation(set.batch, set.proof, other, route.prove(other));
    await expectRefuted(set, /the key signed another batch for one of these inferences|revoked/);
  });

  it("is what opg audit --batch does with a leaf set in a file", async () => {
    const directory = temporaryDirectory();
    const server = await serveRpc(provider);
    const write = (name: string, content: string | Uint8Array) => {
      writeFileSync(join(directory.path, name), content);
      return join(directory.path, name);
    };
    const root = write("root.der", route.route.root.certificate);
    const place = ["--deployment", write("deployment.json", toJson(deployment)), "--root", root];
    const archived = write("reads.json", toJson(reads));
    const leaves = write("leaves.json", toJson(set));
    const found = await opg(["audit", "--batch", leaves, "--archive", archived, ...place], {});
    expect(found.stderr).to.equal("");
    expect(found.code, found.stdout).to.equal(Verdict.HOLDS);
    expect(found.stdout).to.match(/^batch 0x[0-9a-f]{64}\n {2}ok {2}batch/);
    expect(found.stdout).to.match(/HOLDS: 40 inferences are proven by one signature, paid and burned/);
    const wrong = await opg(["audit", "--batch", root, "--rpc", server.url, ...place], {});
    expect([wrong.code, wrong.stdout]).to.deep.equal([Verdict.CANNOT_BE_READ, ""]);
    await server.close();
    directory.remove();
  });
});
