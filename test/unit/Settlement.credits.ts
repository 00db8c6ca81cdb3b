import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";
import type { HostileToken } from "../../types/ethers-contracts/index.ts";
import { ethers, loadProtocol, type Protocol, RequestStatus, USD_UNIT } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("Settlement: credits", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  it("pays the whole credit to whom its owner says, once", async () => {
    const { settlement, usd } = protocol.contracts;
    const { payout, stranger } = protocol.accounts;
    const { terms, answer } = await protocol.settled();
    const fee = protocol.fee(terms, answer.units);
    const token = await usd.getAddress();
    const as = settlement.connect(payout);
    expect(await as.withdraw.staticCall(usd, stranger)).to.equal(fee);
    const withdrawal = as.withdraw(usd, stranger);
    await expect(withdrawal).to.emit(settlement, "CreditWithdrawn").withArgs(token, payout, stranger, fee);
    await expect(withdrawal).to.changeTokenBalances(ethers, usd, [settlement, stranger], [-fee, fee]);
    expect(await settlement.creditOf(usd, payout)).to.equal(0n);
    expect(await settlement.owed(usd)).to.equal(terms.maxFee - fee);
    const again = () => as.withdraw(usd, stranger);
    await refused(protocol, again, settlement, "Settlement_NoCredit", [token, payout.address]);
  });

  it("pays an account's credit to that account when anyone asks for it", async () => {
    const { settlement, usd } = protocol.contracts;
    const { payout, stranger } = protocol.accounts;
    const { terms, answer } = await protocol.settled();
    const fee = protocol.fee(terms, answer.units);
    const as = settlement.connect(stranger);
    const withdrawal = as.withdrawFor(usd, payout);
    await expect(withdrawal).to.emit(settlement, "CreditWithdrawn").withArgs(usd, payout, payout, fee);
    await expect(withdrawal).to.changeTokenBalances(ethers, usd, [stranger, payout], [0n, fee]);
    const own = () => as.withdraw(usd, stranger);
    await refused(protocol, own, settlement, "Settlement_NoCredit", [await usd.getAddress(), stranger.address]);
  });

  it("does not pay the zero address", async () => {
    const { settlement, usd } = protocol.contracts;
    await protocol.settled();
    const call = () => settlement.connect(protocol.accounts.payout).withdraw(usd, ZeroAddress);
    await refused(protocol, call, settlement, "Settlement_ZeroAddress", []);
  });

  it("is not touched by donations", async () => {
    const { settlement, usd } = protocol.contracts;
    const { requester } = protocol.accounts;
    await usd.connect(requester).transfer(settlement, 77n);
    const { terms } = await protocol.settled();
    expect(await settlement.owed(usd)).to.equal(terms.maxFee);
    expect(await usd.balanceOf(settlement)).to.equal(terms.maxFee + 77n);
  });

  describe("in a token that blocks accounts", () => {
    let token: HostileToken;
    let offer: { token: string };
    beforeEach(async () => {
      const { settlement, nodes } = protocol.contracts;
      const { requester, operator } = protocol.accounts;
      token = await ethers.deployContract("HostileToken");
      offer = { token: await token.getAddress() };
      await settlement.setToken(token, true);
      await token.mint(requester, 100n * USD_UNIT);
      await token.connect(requester).approve(settlement, MaxUint256);
      await nodes.connect(operator).postOffer(await protocol.offer(offer));
    });

    it("a blocked operator blocks no settlement, keeps the credit, and can have it paid elsewhere", async () => {
      const { settlement } = protocol.contracts;
      const { payout, stranger } = protocol.accounts;
      await token.setBlocked(payout, true);
      const { terms, answer, requestId } = await protocol.settled({ offer });
      expect(await settlement.isSettled(requestId)).to.equal(true);
      const fee = protocol.fee(terms, answer.units);
      for (const call of [
        () => settlement.connect(payout).withdraw(token, payout),
        () => settlement.withdrawFor(token, payout),
      ]) {
        await refused(protocol, call, token, "HostileToken_Blocked", [payout.address]);
        expect(await settlement.creditOf(token, payout)).to.equal(fee);
      }
      await settlement.connect(payout).withdraw(token, stranger);
      expect(await token.balanceOf(stranger)).to.equal(fee);
    });

    it("a blocked requester blocks neither settlement nor refund nor default", async () => {
      const { settlement } = protocol.contracts;
      const { requester } = protocol.accounts;
      const settled = await protocol.delivered({ offer });
      const refunded = await protocol.request({ offer });
      const defaulted = await protocol.delivered({ offer });
      await token.setBlocked(requester, true);
      await settlement.settle(settled.terms, settled.answer.outputHash, settled.answer.units, settled.proof);
      await protocol.passDeliveryWindow(refunded.terms);
      await settlement.refund(refunded.terms);
      await protocol.passProofWindow(defaulted.terms);
      await settlement.claimDefault(defaulted.terms);
      const fee = protocol.fee(settled.terms, settled.answer.units);
      expect(await settlement.creditOf(token, requester)).to.equal(3n * settled.terms.maxFee - fee);
    });

    it("a token taken off the list still pays out, and what is open in it still ends", async () => {
      const { settlement } = protocol.contracts;
      const { terms, answer, proof, requestId } = await protocol.delivered({ offer });
      await settlement.setToken(token, false);
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.SETTLED);
      await settlement.withdrawFor(token, protocol.accounts.payout);
      await settlement.withdrawFor(token, protocol.accounts.requester);
      expect(await settlement.owed(token)).to.equal(0n);
      expect(await token.balanceOf(settlement)).to.equal(0n);
    });
  });
});
