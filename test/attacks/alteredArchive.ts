import { expect } from "chai";
import { dataLength, type EventFragment, getBytes, hexlify } from "ethers";
import { withCurve } from "../../circuits/src/curve.ts";
import { type LocatedLog, type Reads, replayed } from "../../scripts/audit/archive.ts";
import { Chain } from "../../scripts/audit/chain.ts";
import { Verdict } from "../../scripts/audit/verdict.ts";
import { AWS_NITRO_ROOT } from "../../sdk/src/attestation/awsRoot.ts";
import { Refuted } from "../../sdk/src/verify/refuted.ts";
import {
  ATTESTATION,
  AuditedProtocol,
  flip,
  forge,
  type Place,
  placeOf,
  type RecordedBlock,
  withBlock,
} from "../support/audit.ts";

const deep = process.env.OPG_DEEP === "1";

/**
 * Whoever answers an auditor's questions may lie: an RPC node, or who hands over an archive. A byte that is changed shows
 * in a hash; and where every hash is made anew, it shows in what the hashes are of.
 */
describe("An archive that was altered", function () {
  this.timeout(3_600_000);

  let world: AuditedProtocol;
  let reads: Reads;
  let zk: Settled;
  let tee: Settled;
  let attested: Place;
  before(async () => {
    world = await AuditedProtocol.open();
    const { settlement } = world.protocol.contracts;
    const digit = await world.askDigit();
    const delivered = await placeOf(settlement.deliver(digit.terms, digit.answer));
    const { outputHash, units } = digit.answer;
    zk = {
      ...digit,
      delivered,
      settled: await placeOf(settlement.settle(digit.terms, outputHash, units, digit.proof)),
    };
    const signed = await world.askEnclave();
    const atOnce = await placeOf(
      settlement.deliverAndSettle(signed.terms, world.protocol.nodeId, signed.answer, signed.proof),
    );
    tee = { ...signed, delivered: atOnce, settled: atOnce };
    const [event] = await world.route.tee.queryFilter(world.route.tee.filters.EnclaveAttested(undefined, ATTESTATION));
    attested = { block: event?.blockNumber ?? 0 };
    reads = await world.record(zk.requestId, tee.requestId);
    // The node's other enclave, which a forged proof may name.
    const [other] = await world.route.tee.queryFilter(world.route.tee.filters.EnclaveAttested(undefined, 0));
    const { block, receipts } = world.archive;
    reads[`block [${other?.blockNumber}]`] = await block(other?.blockNumber ?? 0);
    reads[`receipts [${other?.blockNumber}]`] = await receipts(other?.blockNumber ?? 0);
  });

  /** What an audit of an archive concludes. */
  const verdictOf = async (requestId: string, changed: Reads) => {
    const { verdict, summary } = await world.audit(requestId, replayed(changed));
    return { verdict, summary };
  };

  const expectRefuted = async (requestId: string, changed: Reads, why: RegExp) => {
    const { verdict, summary } = await verdictOf(requestId, changed);
    expect(summary).to.match(why);
    expect(verdict).to.equal(Verdict.DOES_NOT_HOLD);
  };

  const forgeCalldata = (block: number, change: (input: string) => string) =>
    forge(reads, block, ({ block: { transactions } }) => {
      for (const transaction of transactions) transaction.input = change(String(transaction.input));
    });

  it("holds as long as nothing is altered, with every hash made anew, too", async () => {
    for (const { requestId, settled } of [zk, tee]) {
      expect((await verdictOf(requestId, reads)).verdict).to.equal(Verdict.HOLDS);
      const same = await forge(reads, settled.block, () => undefined);
      expect(same).to.deep.equal(reads);
    }
  });

  describe("does not hold with a byte altered", () => {
    /** Alters each byte (out of depth, every `step`-th) of the calldata of the only transaction in a block, and expects the block to be refused. */
    async function sweep(number: number, requestId: string, step = 1): Promise<void> {
      const archive = replayed(reads);
      const block = reads[`block [${number}]`] as RecordedBlock["block"];
      const [transaction, ...others] = block.transactions;
      expect(others).to.deep.equal([]);
      const input = String(transaction?.input);
      for (let index = 0; index < dataLength(input); index += deep ? 1 : step) {
        const altered = withBlock(archive, number, {
          ...block,
          transactions: [{ ...transaction, input: flip(input, index) }],
        });
        const chain = new Chain(altered, { startBlock: 0 });
        const refusal = await chain.block(number).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(refusal).to.be.instanceOf(Refuted);
        // What refuses the block refuses the audit: shown for some bytes, and for all of them in depth.
        if (deep || index % 397 === 0) {
          expect((await world.audit(requestId, altered)).verdict).to.equal(Verdict.DOES_NOT_HOLD);
        }
      }
    }

    it("of the calldata of a delivery, or of a settlement in zero knowledge with its proof", async () => {
      await sweep(zk.delivered.block, zk.requestId);
      await sweep(zk.settled.block, zk.requestId);
    });

    it("of the calldata of an enclave's settlement, with its proof", () => sweep(tee.settled.block, tee.requestId));

    it("of the attestation document, and of all of its transaction's calldata", () =>
      sweep(attested.block, tee.requestId, 5));
  });

  describe("does not hold with a byte altered and every hash made anew", () => {
    /** Forges each of some bytes at some place within a block's calldata. */
    async function sweep(requestId: string, block: number, part: string, step: number): Promise<void> {
      const at = calldataOf(reads, block).indexOf(part.slice(2));
      expect(at).to.be.greaterThan(0);
      for (let index = 0; index < dataLength(part); index += deep ? 1 : step) {
        const changed = await forgeCalldata(block, (input) => flip(input, at / 2 - 1 + index));
        const { verdict, summary } = await verdictOf(requestId, changed);
        expect(verdict, `byte ${index}: ${summary}`).to.equal(Verdict.DOES_NOT_HOLD);
      }
    }

    it("of a proof in zero knowledge", () => withCurve(() => sweep(zk.requestId, zk.settled.block, zk.proof, 17)));

    it("of an enclave's proof", () => sweep(tee.requestId, tee.settled.block, tee.proof, 1));

    it("of the node's signature", () => sweep(tee.requestId, tee.settled.block, tee.answer.signature, 4));

    it("of the attestation document", async () => {
      const calldata = world.route.tee.interface.decodeFunctionData("attest", calldataOf(reads, attested.block));
      await sweep(tee.requestId, attested.block, String(calldata.document), 97);
    });
  });

  describe("does not hold with", () => {
    it("an event that only eth_getLogs shows", async () => {
      const changed = structuredClone(reads);
      for (const [key, value] of Object.entries(changed)) {
        if (!key.startsWith("logs ")) continue;
        changed[key] = (value as LocatedLog[]).map((log) =>
          log.blockNumber === zk.settled.block ? { ...log, data: flip(log.data, 31) } : log,
        );
      }
      await expectRefuted(zk.requestId, changed, /another one in the block's receipts/);
    });

    it("the receipts of another block", async () => {
      const changed = { ...reads, [`receipts [${zk.settled.block}]`]: reads[`receipts [${tee.settled.block}]`] };
      await expectRefuted(zk.requestId, changed, /do not give the root in its header/);
    });

    it("the receipts of another block, and a root for them", async () => {
      const changed = structuredClone(reads);
      const other = structuredClone(reads[`block [${tee.settled.block}]`]) as RecordedBlock["block"];
      const block = changed[`block [${zk.settled.block}]`];
      changed[`receipts [${zk.settled.block}]`] = reads[`receipts [${tee.settled.block}]`];
      Object.assign(block as object, { receiptsRoot: other.receiptsRoot });
      await expectRefuted(zk.requestId, changed, /the header of block \d+ does not hash to/);
    });

    it("another block under the number of one", async () => {
      const changed = { ...reads, [`block [${zk.settled.block}]`]: reads[`block [${tee.settled.block}]`] };
      await expectRefuted(zk.requestId, changed, /shows another block/);
    });

    it("the proof of another request", async () => {
      const { settlement } = world.protocol.contracts;
      const call = calldataOf(reads, tee.settled.block);
      const settle = settlement.interface.encodeFunctionData("settle", [
        zk.terms,
        zk.answer.outputHash,
        zk.answer.units,
        tee.proof,
      ]);
      await expectRefuted(zk.requestId, await forgeCalldata(zk.settled.block, () => call), /no proof of the delivered/);
      await expectRefuted(zk.requestId, await forgeCalldata(zk.settled.block, () => settle), /snarkjs refuses/);
    });

    it("another key's bytes in the place of the verifying key's", async () => {
      const changed = structuredClone(reads);
      const [key, code] = Object.entries(changed).find(([key]) => key.startsWith("code ")) ?? ["", ""];
      const other = getBytes(String(code));
      other[100] = (other[100] ?? 0) ^ 1;
      await expectRefuted(zk.requestId, { ...changed, [key]: hexlify(other) }, /is not key/);
    });

    it("another key in the model's route", async () => {
      const { models } = world.protocol.contracts;
      const filter = models.filters.RouteSet(world.protocol.modelId, 0n, zk.terms.offer.routeVersion);
      const [set] = await models.queryFilter(filter);
      // The commitment to the weights is the second word of the parameters, which follow three words.
      const weights = 32 * (4 + 1 + 1) - 1;
      const changed = await forge(reads, set?.blockNumber ?? 0, ({ receipts: [receipt] }) => {
        for (const log of receipt?.logs ?? []) log.data = flip(log.data, weights);
      });
      await expectRefuted(zk.requestId, changed, /snarkjs refuses/);
    });

    it("another signer of the node's", async () => {
      const { nodes } = world.protocol.contracts;
      const [registered] = await nodes.queryFilter(nodes.filters.NodeRegistered(world.protocol.nodeId));
      const changed = await forge(reads, registered?.blockNumber ?? 0, ({ receipts: [receipt] }) => {
        for (const log of receipt?.logs ?? []) log.data = flip(log.data, 63); // After the salt.
      });
      await expectRefuted(tee.requestId, changed, /neither signed nor sent by the node's signer/);
    });

    /** Forges the amount in the last word of every log of one event in a block's only transaction. */
    const forgeAmount = (block: number, event: EventFragment, word: number) =>
      forge(reads, block, ({ receipts: [receipt] }) => {
        const logs = receipt?.logs.filter(({ topics }) => (topics as string[])[0] === event.topicHash) ?? [];
        expect(logs).to.have.lengthOf(1);
        for (const log of logs) log.data = flip(log.data, 32 * word + 31);
      });

    it("another amount in the burn, the token's own or the registry's, in the escrow or in the fee", async () => {
      const { opg, nodes, settlement } = world.protocol.contracts;
      const transfer = opg.interface.getEvent("Transfer");
      const settled = settlement.interface.getEvent("Settled");
      const [burned, unlocked] = [nodes.interface.getEvent("Burned"), nodes.interface.getEvent("BondUnlocked")];
      const { block } = zk.settled;
      await expectRefuted(zk.requestId, await forgeAmount(block, transfer, 0), /OPG itself does not show/);
      await expectRefuted(zk.requestId, await forgeAmount(block, burned, 0), /and the verification fee is/);
      await expectRefuted(zk.requestId, await forgeAmount(block, unlocked, 1), /the bond was not unlocked/);
      await expectRefuted(zk.requestId, await forgeAmount(block, settled, 0), /the fee is/);
      await expectRefuted(zk.requestId, await forgeAmount(block, settled, 1), /fee and return are/);
      await expectRefuted(zk.requestId, await forgeAmount(zk.requested.block, transfer, 0), /into escrow/);
    });

    it("another payout than the node's", async () => {
      const { settlement } = world.protocol.contracts;
      const { topicHash } = settlement.interface.getEvent("Settled");
      const changed = await forge(reads, zk.settled.block, ({ receipts: [receipt] }) => {
        for (const log of receipt?.logs ?? []) {
          const topics = log.topics as string[];
          if (topics[0] === topicHash) topics[3] = flip(topics[3], 31);
        }
      });
      await expectRefuted(zk.requestId, changed, /the node's payout was/);
    });

    it("terms that are not those of the request", async () => {
      const { topicHash } = world.protocol.contracts.settlement.interface.getEvent("Requested");
      const changed = await forge(reads, zk.requested.block, ({ receipts: [receipt] }) => {
        for (const log of receipt?.logs ?? []) {
          if ((log.topics as string[])[0] === topicHash) log.data = flip(log.data, 32 * 3 + 31);
        }
      });
      await expectRefuted(zk.requestId, changed, /the terms hash to/);
    });

    it("an enclave under another root than the one that is trusted", async () => {
      const { verdict, summary } = await world.audit(tee.requestId, replayed(reads), getBytes(AWS_NITRO_ROOT));
      expect(summary).to.match(/the certificates come from the root .* and not from/);
      expect(verdict).to.equal(Verdict.DOES_NOT_HOLD);
    });
  });

  it("cannot be read with anything left out", () =>
    withCurve(async () => {
      const audited = await world.record(zk.requestId, tee.requestId);
      for (const missing of Object.keys(audited)) {
        const { [missing]: _, ...rest } = audited;
        const audits = await Promise.all([verdictOf(zk.requestId, rest), verdictOf(tee.requestId, rest)]);
        expect(audits.map(({ verdict }) => verdict)).to.include(Verdict.CANNOT_BE_READ);
      }
    }));

  /** The calldata of the only transaction in a block. */
  const calldataOf = (from: Reads, number: number): string =>
    String((from[`block [${number}]`] as RecordedBlock["block"]).transactions[0]?.input);
});

type Settled = Awaited<ReturnType<AuditedProtocol["askEnclave"]>> & {
  readonly delivered: Place;
  readonly settled: Place;
};
