import { expect } from "chai";
import { ethers } from "../support/fixtures.ts";
import { deployGate, type GateFixture, signX402Voucher } from "../support/x402.ts";

// The operator holds its payers' vouchers. If x402 took them from anybody but the gate, it would be paid for inferences
// that no batch has proven, or could keep a payer from its money.
describe("Attack: claiming around the gate", () => {
  let f: GateFixture;
  let channel: Awaited<ReturnType<GateFixture["channel"]>>;

  beforeEach(async () => {
    f = await deployGate();
    channel = await f.channel(1_000n);
  });

  const voucherClaim = async (totalClaimed: bigint) => ({
    voucher: { channel: channel.config, maxClaimableAmount: totalClaimed },
    signature: await signX402Voucher(channel.by, channel.id, totalClaimed),
    totalClaimed,
  });

  it("is refused by x402 to the node's owner, signer and payout, and to the batch settlement's users", async () => {
    const { operator, signer, payout, stranger } = f.p.accounts;
    for (const by of [operator, signer, payout, stranger]) {
      await expect(f.x402.connect(by).claim([await voucherClaim(500n)])).to.be.revertedWithCustomError(
        f.x402,
        "NotAuthorizedToClaim",
      );
    }
  });

  it("cannot be signed for: the gate vouches for no signature, whoever made it", async () => {
    const claims = [await voucherClaim(500n)];
    const digest = await f.x402.getClaimBatchDigest(claims);
    for (const by of [f.p.accounts.operator, f.p.accounts.signer]) {
      const signature = await by.signMessage(ethers.getBytes(digest));
      await expect(f.x402.claimWithSignature(claims, signature)).to.be.revertedWithCustomError(
        f.x402,
        "InvalidSignature",
      );
      await expect(f.x402.refundWithSignature(channel.config, 1n, 0n, signature)).to.be.revertedWithCustomError(
        f.x402,
        "InvalidSignature",
      );
    }
  });

  it("is refused by the gate to everybody but its batch settlement, the implementation included", async () => {
    const { nodeId } = f.p;
    const implementation = await ethers.getContractAt("X402Gate", await f.gates.implementation());
    const row = await f.row(channel, 500n, 500n);
    for (const gate of [f.gate, implementation]) {
      await expect(gate.connect(f.p.accounts.operator).claimProven(nodeId, f.p.contracts.usd, row)).to.revert(ethers);
    }
    expect((await f.x402.channels(channel.id)).totalClaimed).to.equal(0n);
  });
});
