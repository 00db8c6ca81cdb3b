import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ethers, networkHelpers } from "../../support/fixtures.ts";
import {
  channelSlot,
  deployGate,
  type GateFixture,
  signX402Voucher,
  X402_ADDRESS,
  X402RowFault,
} from "../../support/x402.ts";

const MAX_UINT128 = 2n ** 128n - 1n;

describe("X402Gate", () => {
  let f: GateFixture;

  beforeEach(async () => {
    f = await deployGate();
  });

  const claimedOf = async (id: string) => (await f.x402.channels(id)).totalClaimed;

  describe("a batch's rows", () => {
    it("are claimed up to what is proven, and the money goes to the batch settlement", async () => {
      const channel = await f.channel(1_000n);
      await f.prove(await f.row(channel, 400n, 300n));
      expect(await claimedOf(channel.id)).to.equal(300n);
      expect(await f.gate.unpaidOf(channel.id)).to.equal(0n);
      expect(await f.paid()).to.equal(300n);
      await f.prove(await f.row(channel, 900n, 500n));
      expect(await claimedOf(channel.id)).to.equal(800n);
      expect(await f.paid()).to.equal(800n);
      expect(await f.p.contracts.usd.balanceOf(f.gate)).to.equal(0n);
    });

    it("are claimed to the voucher's ceiling, and the rest by a later voucher", async () => {
      const channel = await f.channel(1_000n);
      await expect(f.prove(await f.row(channel, 200n, 300n)))
        .to.emit(f.gate, "X402RowNotPaid")
        .withArgs(channel.id, 0n, X402RowFault.LOW_CEILING, 100n);
      expect(await f.paid()).to.equal(200n);
      await f.claim(await f.row(channel, 1_000n, 700n));
      expect(await f.paid()).to.equal(300n);
      expect(await f.gate.unpaidOf(channel.id)).to.equal(0n);
    });

    it("are claimed to the channel's balance, and the rest after a deposit", async () => {
      const channel = await f.channel(1_000n);
      await expect(f.prove(await f.row(channel, 5_000n, 1_300n)))
        .to.emit(f.gate, "X402RowNotPaid")
        .withArgs(channel.id, 0n, X402RowFault.LOW_BALANCE, 300n);
      await f.channel(600n, {}, channel.by);
      await f.claim(await f.row(channel, 5_000n, 0n));
      expect(await f.paid()).to.equal(1_300n);
    });

    it("that are bad are reported with the reason, and the others are paid", async () => {
      const [good, unsigned, empty, another] = [
        await f.channel(1_000n),
        await f.channel(1_000n),
        await f.channel(0n),
        await f.channel(1_000n),
      ];
      const rows = await Promise.all([
        f.row(good, 100n, 100n),
        f.row(unsigned, 100n, 100n, { signature: await signX402Voucher(good.by, unsigned.id, 100n) }),
        f.row(empty, 100n, 100n),
        f.row(another, 100n, 100n),
      ]);
      const settled = f.prove(...rows);
      await expect(settled).to.emit(f.gate, "X402RowNotPaid").withArgs(unsigned.id, 1n, X402RowFault.REFUSED, 100n);
      await expect(settled).to.emit(f.gate, "X402RowNotPaid").withArgs(empty.id, 2n, X402RowFault.LOW_BALANCE, 100n);
      expect(await f.paid()).to.equal(200n);
      // What was proven stays payable by a good voucher.
      await f.claim(await f.row(unsigned, 100n, 0n));
      expect(await f.paid()).to.equal(300n);
    });

    it("that prove more than a channel can count are not recorded", async () => {
      const channel = await f.channel(1_000n);
      await f.prove(await f.row(channel, 100n, MAX_UINT128 - 5n));
      await expect(f.prove(await f.row(channel, 100n, 6n)))
        .to.emit(f.gate, "X402RowNotPaid")
        .withArgs(channel.id, 0n, X402RowFault.AMOUNT_TOO_LARGE, 6n);
      expect(await f.gate.unpaidOf(channel.id)).to.equal(MAX_UINT128 - 105n);
      expect(await f.paid()).to.equal(100n);
    });

    it("may name a key of its own for vouchers, a salt and a delay", async () => {
      const key = ethers.Wallet.createRandom();
      const change = { payerAuthorizer: key.address, salt: ethers.id("another channel"), withdrawDelay: 2_592_000 };
      const { config, id } = await f.channel(1_000n, change);
      await f.prove(await f.row({ config, id, by: key }, 100n, 100n));
      expect(await f.paid()).to.equal(100n);
    });

    it("may be of a smart account, whose own check decides", async () => {
      const owner = ethers.Wallet.createRandom();
      const account = await ethers.deployContract("SmartAccount", [owner.address]);
      const config = await f.config(account, { payerAuthorizer: ZeroAddress });
      const id = await f.x402.getChannelId(config);
      await networkHelpers.setStorageAt(X402_ADDRESS, channelSlot(id), 1_000n);
      await f.p.contracts.usd.mint(f.x402, 1_000n);
      await f.prove(await f.row({ config, id, by: owner }, 100n, 60n));
      expect(await f.paid()).to.equal(60n);
      const stranger = await signX402Voucher(ethers.Wallet.createRandom(), id, 200n);
      await expect(f.prove(await f.row({ config, id, by: owner }, 200n, 60n, { signature: stranger })))
        .to.emit(f.gate, "X402RowNotPaid")
        .withArgs(id, 0n, X402RowFault.REFUSED, 60n);
      expect(await f.paid()).to.equal(60n);
    });

    it("of one channel add up", async () => {
      const channel = await f.channel(1_000n);
      const row = await f.row(channel, 1_000n, 100n);
      await f.prove(row, row, row);
      expect(await f.paid()).to.equal(300n);
    });

    it("are refused as a whole if one is cut short or of no kind", async () => {
      const row = await f.row(await f.channel(1_000n), 100n, 100n);
      const length = ethers.dataLength(row);
      for (const cut of [1, 40, 87, 88, 100, length - 1]) {
        await expect(f.prove(row, ethers.dataSlice(row, 0, cut)))
          .to.be.revertedWithCustomError(f.gate, "X402Gate_MalformedRows")
          .withArgs(length);
      }
      await expect(f.prove(`0x03${row.slice(4)}`))
        .to.be.revertedWithCustomError(f.gate, "X402Gate_MalformedRows")
        .withArgs(0n);
      const contract = ethers.concat(["0x02", ethers.dataSlice(row, 1, 88), "0x0041", ethers.zeroPadBytes("0x", 64)]);
      await expect(f.prove(contract)).to.be.revertedWithCustomError(f.gate, "X402Gate_MalformedRows").withArgs(0n);
    });

    it("need gas to be tried fairly", async () => {
      const row = await f.row(await f.channel(1_000n), 100n, 100n);
      const call = f.batches.prove.populateTransaction(f.gate, f.p.nodeId, f.p.contracts.usd, row);
      await expect(
        f.p.accounts.relayer.sendTransaction({ ...(await call), gasLimit: 350_000n }),
      ).to.be.revertedWithCustomError(f.gate, "X402Gate_GasTooLow");
    });
  });

  it("claims nothing that is not proven", async () => {
    const channel = await f.channel(1_000n);
    await f.claim(await f.row(channel, 1_000n, 1_000n));
    expect(await f.paid()).to.equal(0n);
    expect(await f.gate.unpaidOf(channel.id)).to.equal(0n);
  });

  it("obeys its batch settlement, for its own node, only", async () => {
    const { gate, p } = f;
    for (const call of ["claimProven", "claimUnpaid"] as const) {
      await expect(gate.connect(p.accounts.operator)[call](p.nodeId, p.contracts.usd, "0x"))
        .to.be.revertedWithCustomError(gate, "X402Gate_NotTheBatchSettlement")
        .withArgs(p.accounts.operator.address, p.nodeId);
    }
    await expect(f.batches.prove(gate, ethers.id("another node"), p.contracts.usd, "0x"))
      .to.be.revertedWithCustomError(gate, "X402Gate_NotTheBatchSettlement")
      .withArgs(await f.batches.getAddress(), ethers.id("another node"));
  });

  it("is not blocked by a token that cannot be sent now, and hands the money over later", async () => {
    const { p, gate } = f;
    const token = await ethers.deployContract("HostileToken");
    const tokenAddress = await token.getAddress();
    const by = ethers.Wallet.createRandom();
    const config = await f.config(by, { token: tokenAddress });
    const id = await f.x402.getChannelId(config);
    await networkHelpers.setStorageAt(X402_ADDRESS, channelSlot(id), 1_000n);
    await token.mint(f.x402, 1_000n);
    await token.setBlocked(gate, true);
    await f.batches.prove(gate, p.nodeId, token, await f.row({ config, id, by }, 500n, 500n));
    expect(await gate.unsettledOf(token)).to.equal(500n);
    expect(await token.balanceOf(f.batches)).to.equal(0n);

    await token.setBlocked(gate, false);
    await f.batches.claim(gate, p.nodeId, token, "0x");
    expect(await gate.unsettledOf(token)).to.equal(0n);
    expect(await token.balanceOf(f.batches)).to.equal(500n);
  });

  it("hands over what it has claimed, not what it was given", async () => {
    const channel = await f.channel(1_000n);
    await f.p.contracts.usd.mint(f.gate, 77n);
    await f.prove(await f.row(channel, 100n, 100n));
    expect(await f.paid()).to.equal(100n);
    expect(await f.p.contracts.usd.balanceOf(f.gate)).to.equal(77n);
  });

  describe("a refund", () => {
    it("returns what is neither claimed nor proven, by the node's owner or signer", async () => {
      const channel = await f.channel(1_000n);
      await f.prove(await f.row(channel, 200n, 300n));
      const refund = (amount: bigint, by = f.p.accounts.signer) => f.gate.connect(by).refund(channel.config, amount);
      await refund(50n, f.p.accounts.operator);
      expect(await f.p.contracts.usd.balanceOf(channel.config.payer)).to.equal(50n);
      await refund(MAX_UINT128);
      expect(await f.p.contracts.usd.balanceOf(channel.config.payer)).to.equal(700n);
      await expect(refund(1n)).to.be.revertedWithCustomError(f.gate, "X402Gate_NothingToRefund").withArgs(channel.id);
      // What was proven is still there.
      await f.claim(await f.row(channel, 300n, 0n));
      expect(await f.paid()).to.equal(300n);
    });

    it("is nobody else's to make", async () => {
      const { config } = await f.channel(1_000n);
      for (const by of [f.p.accounts.stranger, f.p.accounts.payout]) {
        await expect(f.gate.connect(by).refund(config, 1n))
          .to.be.revertedWithCustomError(f.gate, "X402Gate_NotTheNode")
          .withArgs(f.p.nodeId, by.address);
      }
    });
  });

  describe("is made", () => {
    it("once, by anyone, at an address that is known before, and says whose it is", async () => {
      const args = [f.p.nodeId, f.p.modelId, 2n] as const;
      const address = await f.gates.gateOf(...args);
      expect(await ethers.provider.getCode(address)).to.equal("0x");
      const made = f.gates.connect(f.p.accounts.stranger).make(...args);
      await expect(made)
        .to.emit(f.gates, "GateMade")
        .withArgs(...args, address);
      await expect(f.gates.make(...args)).not.to.emit(f.gates, "GateMade");
      const gate = await ethers.getContractAt("X402Gate", address);
      expect([...(await gate.stream())]).to.deep.equal([...args]);
      expect(await gate.batchSettlement()).to.equal(await f.batches.getAddress());
    });
  });
});
