import { expect } from "chai";
import { concat, id } from "ethers";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import { ethers } from "../support/fixtures.ts";
import { deployGate, makeGate, X402Route } from "../support/x402.ts";

// The batch settlement calls the ledger that a batch names, and credits what comes. Whatever the operator names, only its
// gate for the model and version that were proven may draw on payers, and every inference once.
describe("Attack: batches that name another ledger, or come twice", () => {
  let f: X402Route;

  beforeEach(async () => {
    f = await X402Route.open();
  });

  const claimed = async (channelId: string) => (await f.x402.channels(channelId)).totalClaimed;

  it("are refused with a gate of another factory, model, version or node, and with no gate", async () => {
    const { p, gates } = f;
    const { batches, nodes } = p.contracts;
    const { routeVersion } = f.route.route.offer;
    const channel = await f.channel(1_000n);
    const rows = [await f.row(channel, 500n, 500n)];
    const factory = await ethers.deployContract("BatchSettlementDouble", [
      "0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003",
      nodes,
    ]);
    const foreign = await ethers.getContractAt("X402Gates", await factory.gates());
    const ledgers = [
      await makeGate(foreign, p.nodeId, p.modelId, routeVersion),
      await makeGate(gates, p.nodeId, p.modelId, routeVersion + 1n),
      await makeGate(gates, p.nodeId, id("another model"), routeVersion),
      await makeGate(gates, id("another node"), p.modelId, routeVersion),
      p.accounts.operator,
      gates,
    ];
    for (const one of ledgers) {
      const ledger = await ethers.resolveAddress(one);
      await expect(batches.settleBatch(...(await f.signed(rows, { ledger }))))
        .to.be.revertedWithCustomError(batches, "Batch_UnknownLedger")
        .withArgs(p.nodeId, ledger);
    }
    expect(await claimed(channel.id)).to.equal(0n);
  });

  it("are refused when they are settled again, and when the rows are others", async () => {
    const { batches } = f.p.contracts;
    const channel = await f.channel(1_000n);
    const signed = await f.signed([await f.row(channel, 1_000n, 400n)]);
    await batches.settleBatch(...signed);
    const [batch, proof] = signed;
    await expect(batches.settleBatch(...signed))
      .to.be.revertedWithCustomError(batches, "Batch_WrongSequence")
      .withArgs(streamIdOf(batch), 1n, 0n);

    const rows = await f.row(channel, 1_000n, 900n);
    await expect(batches.settleBatch(batch, proof, rows)).to.be.revertedWithCustomError(batches, "Batch_WrongRows");
    // Another number, or other rows under their own hash: the enclave has not signed that.
    for (const change of [{ first: 1n }, { first: 1n, rowsHash: ethers.keccak256(rows) }]) {
      const forged = { ...batch, ...change };
      const bytes = forged.rowsHash === batch.rowsHash ? signed[2] : rows;
      await expect(batches.settleBatch(forged, proof, bytes)).to.be.revertedWithCustomError(
        batches,
        "Batch_InvalidProof",
      );
    }
    expect(await claimed(channel.id)).to.equal(400n);
    expect(await f.route.credit()).to.equal(400n);
  });

  it("draw nothing unproven by claims between them, whoever brings the rows", async () => {
    const channel = await f.channel(1_000n);
    await f.claim(await f.row(channel, 1_000n, 1_000n));
    expect(await f.route.credit()).to.equal(0n);
    await f.settle(await f.row(channel, 300n, 500n));
    await f.claim(await f.row(channel, 1_000n, 1_000n));
    expect(await claimed(channel.id)).to.equal(500n);
    expect(await f.route.credit()).to.equal(500n);
  });

  it("credit the node with what was claimed, not with donations", async () => {
    const { batches, usd } = f.p.contracts;
    const channel = await f.channel(1_000n);
    await usd.mint(f.gate, 50n);
    await usd.mint(batches, 70n);
    await f.settle(await f.row(channel, 300n, 300n));
    expect(await f.route.credit()).to.equal(300n);
    expect(await batches.owed(usd)).to.equal(300n);
  });
});

describe("Attack: a gate's double", () => {
  it("is not obeyed: a contract that calls itself a batch settlement moves its own gates only", async () => {
    const fake = await deployGate();
    const { p } = fake;
    const real = await ethers.getContractAt("X402Gates", await p.contracts.batches.gates());
    const gate = await makeGate(real, p.nodeId, p.modelId, 1n);
    const rows = concat([await fake.row(await fake.channel(1_000n), 1_000n, 1_000n)]);
    await expect(fake.batches.prove(gate, p.nodeId, p.contracts.usd, rows))
      .to.be.revertedWithCustomError(gate, "X402Gate_NotTheBatchSettlement")
      .withArgs(await fake.batches.getAddress(), p.nodeId);
  });
});
