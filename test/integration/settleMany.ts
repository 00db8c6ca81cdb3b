import { expect } from "chai";
import { ZeroHash } from "ethers";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import { toBytes32 } from "../../circuits/src/model.ts";
import {
  Commitment,
  ethers,
  loadProtocol,
  networkHelpers,
  type Protocol,
  RequestStatus,
  Route,
} from "../support/fixtures.ts";
import { OUTSIDE_SUBGROUP, patched } from "../support/groth16.ts";
import { refused } from "../support/refused.ts";
import { type Row, ZkBatch } from "../support/zkBatch.ts";

describe("Settling many requests by one batch of proofs", function () {
  this.timeout(600_000);

  let protocol: Protocol;
  let batch: ZkBatch;
  beforeEach(async () => {
    protocol = await loadProtocol();
    batch = await ZkBatch.open(protocol);
  });

  /** Settles the rows, and tells which were and the reasons of those that were not, by their place. */
  async function settle(rows: readonly Row[], keyId: string = batch.keyId) {
    const { settler } = batch;
    const { settlement, models } = protocol.contracts;
    const told = await settler.settleMany.staticCall(keyId, [...rows]);
    const receipt = await (await settler.settleMany(keyId, [...rows])).wait();
    const skipped = new Map<number, unknown[]>();
    for (const log of receipt?.logs ?? []) {
      const event = settler.interface.parseLog(log);
      if (event?.name !== "RowSkipped") continue;
      const { index, requestId, reason } = event.args;
      const error = settlement.interface.parseError(reason) ?? models.interface.parseError(reason);
      expect(requestId).to.equal((await batch.idsOf(rows))[Number(index)]);
      skipped.set(Number(index), [error?.name, ...(error?.args ?? [])]);
    }
    const settled = await Promise.all((await batch.idsOf(rows)).map((requestId) => settlement.isSettled(requestId)));
    return { told: [...told], settled, skipped, gasUsed: receipt?.gasUsed ?? 0n };
  }

  /** Expects exactly the row at `index` to be skipped, with this error and these values. */
  async function skips(rows: readonly Row[], index: number, error: string, ...values: unknown[]) {
    const { told, skipped } = await settle(rows);
    expect(told).to.deep.equal(rows.map((_, i) => i !== index));
    expect([...skipped]).to.deep.equal([[index, [error, ...values]]]);
  }

  it("pays, returns and burns for each request exactly as a settlement alone does", async () => {
    const { settlement, usd, opg, nodes } = protocol.contracts;
    const { payout } = protocol.accounts;
    const supply = await opg.totalSupply();
    const rows = await batch.delivered(16);
    const { told, settled } = await settle(rows);
    expect(told).to.deep.equal(rows.map(() => true));
    expect(settled).to.deep.equal(told);
    const sum = (of: (row: Row) => bigint) => rows.reduce((total, row) => total + of(row), 0n);
    expect(await settlement.creditOf(usd, payout)).to.equal(sum(({ terms }) => terms.maxFee));
    expect(await opg.totalSupply()).to.equal(supply - sum(({ terms }) => terms.verificationFee));
    expect((await nodes.accountOf(protocol.nodeId)).bonded).to.equal(0n);
    const stranger = await batch.settler.getAddress();
    for (const token of [usd, opg]) expect(await token.balanceOf(stranger)).to.equal(0n);
  });

  for (const size of [1, 2, 16, 64]) {
    it(`settles all but the row with a bad proof among ${size}, wherever it stands, and names it`, async () => {
      const rows = await batch.delivered(size);
      const [spare] = await batch.delivered(1);
      const delivered = await networkHelpers.takeSnapshot();
      const step = size === 64 && !process.env.OPG_DEEP ? 21 : 1;
      for (let at = 0; at < size; at += step) {
        const row = rows[at];
        if (row === undefined || spare === undefined) throw new Error("no row");
        const proof = at % 2 === 0 ? spare.proof : patched(row.proof, 64, OUTSIDE_SUBGROUP);
        const values = [await protocol.requestIdOf(row.terms), await batch.claimHash(row)];
        const { settled, skipped, gasUsed } = await settle(rows.with(at, { ...row, proof }));
        expect(settled).to.deep.equal(rows.map((_, i) => i !== at));
        expect([...skipped]).to.deep.equal([[at, ["Settlement_InvalidProof", ...values]]]);
        expect(gasUsed).to.be.lessThan(16_777_216n);
        await delivered.restore();
      }
    });
  }

  it("settles the rows of two models with one key", async () => {
    const { models, nodes } = protocol.contracts;
    const { modelOwner, operator } = protocol.accounts;
    const contentHash = ethers.id("another model");
    await models.connect(modelOwner).register(contentHash, "");
    const modelId = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [modelOwner.address, contentHash]),
    );
    const parameters = encodeZkParameters({ ...batch.route.digits, units: 1n });
    await models.connect(modelOwner).setRoute(modelId, Route.ZK, 1n, Commitment.VALUE, parameters);
    await nodes.connect(operator).postOffer({ ...batch.route.offer, modelId, routeVersion: 1n });
    const others = await batch.delivered(2, { offer: { modelId, routeVersion: 1n } });
    const [first, second] = await batch.delivered(2);
    const rows = [first, others[0], second, others[1]].filter((row) => row !== undefined);
    expect((await settle(rows)).settled).to.deep.equal([true, true, true, true]);
  });

  it("skips a request that was settled before, and one that stands twice in the batch", async () => {
    const rows = await batch.delivered(3);
    const [first, second, third] = rows;
    if (!first || !second || !third) throw new Error("no rows");
    const status = async (row: Row) => [await protocol.requestIdOf(row.terms), RequestStatus.SETTLED];
    await settle([first]);
    await skips([second, first], 1, "Settlement_WrongStatus", ...(await status(first)));
    await skips([third, third], 1, "Settlement_WrongStatus", ...(await status(third)));
  });

  it("skips a row whose answer is not the one delivered", async () => {
    const [good, row] = await batch.delivered(2);
    if (!good || !row) throw new Error("no rows");
    const [other] = await batch.proven([{ ...row, outputHash: toBytes32(BigInt(row.outputHash) + 1n) }]);
    if (!other) throw new Error("no row");
    const values = [await protocol.requestIdOf(row.terms), await batch.claimHash(other)];
    await skips([good, other], 1, "Settlement_NotTheDeliveredClaim", ...values);
  });

  it("skips a row whose proof window is over", async () => {
    const [late] = await batch.delivered(1);
    if (!late) throw new Error("no row");
    const [, since, sinceBlock] = await protocol.contracts.settlement.clockOf(await protocol.requestIdOf(late.terms));
    await protocol.passProofWindow(late.terms);
    const [row] = await batch.delivered(1);
    if (!row) throw new Error("no row");
    const deadlines = [since + late.terms.offer.proofWindow, sinceBlock + late.terms.proofBlocks];
    const requestId = await protocol.requestIdOf(late.terms);
    await skips([late, row], 0, "Settlement_ProofWindowClosed", requestId, ...deadlines);
  });

  it("skips a request that was never made, of a model or route that there is not", async () => {
    const [row] = await batch.delivered(1);
    if (!row) throw new Error("no row");
    for (const offer of [{ modelId: ZeroHash }, { routeVersion: 99n }]) {
      const terms = await batch.route.terms(batch.route.pixels(0), { offer });
      const values = [await protocol.requestIdOf(terms), RequestStatus.NONE];
      await skips([{ ...row, terms }, row], 0, "Settlement_WrongStatus", ...values);
      const rest = await batch.delivered(1);
      Object.assign(row, rest[0]);
    }
  });

  it("skips a row of another verifier, of another route, of other units and of another key", async () => {
    const { models, nodes } = protocol.contracts;
    const { modelOwner, operator } = protocol.accounts;
    const [row] = await batch.delivered(1);
    if (!row) throw new Error("no row");
    // The fixture's own routes stand on doubles; version 1 of the model's ZK route is no longer in force.
    const tee = await protocol.delivered({ offer: { route: Route.TEE } });
    const otherKey = encodeZkParameters({ ...batch.route.digits, keyId: toBytes32(0n), units: 1n });
    await models.connect(modelOwner).setRoute(protocol.modelId, Route.ZK, 1n, Commitment.VALUE, otherKey);
    const [routeVersion] = await models.currentRoute(protocol.modelId, Route.ZK);
    await nodes.connect(operator).postOffer({ ...batch.route.offer, routeVersion });
    const [other] = await batch.delivered(1, { offer: { routeVersion } });
    if (!other) throw new Error("no row");
    const rows = [{ ...tee, outputHash: tee.answer.outputHash, units: tee.answer.units }, other, row];
    const { settled, skipped } = await settle(rows);
    expect(settled).to.deep.equal([false, false, true]);
    expect([...skipped.values()].map(([error]) => error)).to.deep.equal([
      "Settlement_InvalidProof",
      "Settlement_InvalidProof",
    ]);
  });

  it("settles nothing under a key that is not the rows'", async () => {
    const rows = await batch.delivered(2);
    const { settled, skipped } = await settle(rows, ZeroHash);
    expect(settled).to.deep.equal([false, false]);
    expect(skipped.size).to.equal(2);
    expect((await settle(rows)).settled).to.deep.equal([true, true]);
  });

  it("calls the consumers as a settlement alone does", async () => {
    const consumer = await ethers.deployContract("TestConsumer");
    const rows = await batch.delivered(3, { consumer: await consumer.getAddress() });
    const transaction = await batch.settler.settleMany(batch.keyId, rows);
    const ids = await batch.idsOf(rows);
    const heard = (await consumer.queryFilter(consumer.filters.SettledTo(), transaction.blockNumber ?? 0)).map(
      ({ args }) => [args.requestId, args.outputHash, args.units],
    );
    expect(heard).to.deep.equal(rows.map(({ outputHash, units }, i) => [ids[i], outputHash, units]));
  });

  it("takes an empty batch", async () => {
    expect(await batch.settler.settleMany.staticCall(batch.keyId, [])).to.deep.equal([]);
  });

  it("leaves the settlement itself without a proof where none is given", async () => {
    const [row] = await batch.delivered(1);
    if (!row) throw new Error("no row");
    const { settlement } = protocol.contracts;
    const attempt = () => settlement.settle(row.terms, row.outputHash, row.units, "0x");
    const values = [await protocol.requestIdOf(row.terms), await batch.claimHash(row)];
    await refused(protocol, attempt, settlement, "Settlement_InvalidProof", values);
  });
});
