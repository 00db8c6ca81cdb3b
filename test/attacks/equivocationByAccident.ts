import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { parseLeafSet } from "../../sdk/src/batch/leafSet.ts";
import type { Receipt } from "../../sdk/src/batch/receipt.ts";
import { parseReceipt } from "../../sdk/src/channel/channelWire.ts";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import { BatchAccountant } from "../../sdk/src/node/batch/BatchAccountant.ts";
import { nativeRows } from "../../sdk/src/node/batch/nativeRows.ts";
import { charge, DOMAIN, enclaveSigner, STREAM } from "../support/accountant.ts";
import { temporaryDirectory } from "../support/sdk.ts";

/**
 * A key that signs two batches for one inference costs its node the whole stake, whoever is to blame. No crash may lead
 * to that: neither a number given twice, nor a batch decided twice.
 */
describe("Attack: killing a node so that it equivocates", () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let child: ChildProcess | undefined;
  let accountant: BatchAccountant | undefined;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    await kill();
    accountant?.close();
    accountant = undefined;
    directory.remove();
  });

  /** Lets an accountant work in a process of its own until it has printed so many lines, and kills it. */
  async function workUntilKilled(until: "charging" | "signing" | "sending", lines: number): Promise<unknown[]> {
    const printed = await work(until, lines);
    await kill();
    return printed;
  }

  async function work(until: string, lines: number): Promise<unknown[]> {
    const script = new URL("../support/accountantProcess.ts", import.meta.url).pathname;
    child = spawn(process.execPath, [script, directory.path, until], { stdio: ["ignore", "pipe", "inherit"] });
    if (child.stdout === null) throw new Error("the process has no output");
    const printed: unknown[] = [];
    for await (const line of createInterface(child.stdout)) {
      printed.push(JSON.parse(line));
      if (printed.length === lines) break;
    }
    return printed;
  }

  async function kill(): Promise<void> {
    if (child === undefined) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    child = undefined;
  }

  const open = async () => {
    const ledgers = [nativeRows(DOMAIN.settlement)];
    accountant = await BatchAccountant.open({
      directory: directory.path,
      domain: DOMAIN,
      signer: enclaveSigner,
      ledgers,
    });
    return accountant;
  };

  it("never gives a number twice whose receipt has left", async () => {
    const receipts: Receipt[] = (await workUntilKilled("charging", 50)).map(parseReceipt);
    const books = await open();
    for (const receipt of receipts) {
      const [kept] = books.store.entries(streamIdOf(STREAM), Number(receipt.sequence), 1);
      expect(kept?.inputHash).to.equal(receipt.inputHash);
    }
    const { sequence } = await books.charge(STREAM, charge(99, 0));
    expect(sequence > (receipts.at(-1)?.sequence ?? 0n)).to.equal(true);
  });

  it("signs the batch that it had decided, if it was killed before it signed", async () => {
    const decided = (await workUntilKilled("signing", 8)).at(-1);
    const books = await open();
    // What is charged and promised meanwhile must not change it.
    await books.charge(STREAM, charge(0, 40));
    const next = await books.batch(STREAM);
    const again = await books.signedBatch(STREAM, 0);
    expect(again && hashBatch(DOMAIN, again.batch)).to.equal(Object(decided).digest);
    expect([again?.batch.count, next?.batch.first]).to.deep.equal([7n, 7n]);
  });

  it("sends the same bytes again, if it was killed after it signed", async () => {
    const sent = parseLeafSet((await workUntilKilled("sending", 8)).at(-1));
    const books = await open();
    await books.charge(STREAM, charge(0, 40));
    for (const sequence of [0, 3, 6]) expect(await books.signedBatch(STREAM, sequence)).to.deep.equal(sent);
  });

  it("does not count beside another process", async () => {
    await work("sending", 8);
    const refusal = await open().then(
      () => "opened",
      (error: Error) => error.message,
    );
    expect(refusal).to.match(/batches\.sqlite is in use: another process serves from it\.$/);
    await kill();
    expect((await open()).store.head(streamIdOf(STREAM)).next).to.equal(7);
  });
});
