import { expect } from "chai";
import { MaxUint256, Signature, ZeroAddress, ZeroHash } from "ethers";
import { channelIdOf } from "../../sdk/src/hash/channelIdOf.ts";
import { hashChannelKey } from "../../sdk/src/hash/hashChannelKey.ts";
import { hashVoucher } from "../../sdk/src/hash/hashVoucher.ts";
import { addressOfKey, BatchRoute, channelKey, packClaims, RowFault, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { DAY, ethers, loadProtocol, networkHelpers, type Protocol, USD_UNIT } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

const UNIT = USD_UNIT;
const KEY = channelKey(1);
const SIGNER = addressOfKey(KEY);
const MAX_80 = 2n ** 80n - 1n;

describe("Channels", () => {
  let protocol: Protocol;
  let batches: BatchRoute;
  let contract: BatchRoute["contract"];
  beforeEach(async () => {
    protocol = await loadProtocol();
    batches = await BatchRoute.open(protocol);
    contract = batches.contract.connect(protocol.accounts.requester);
  });

  type Opening = [
    nodeId: string,
    modelId: string,
    routeVersion: number,
    token: string,
    signer: string,
    withdrawalDelay: bigint,
    amount: bigint,
    consent: string,
  ];
  const opening = (): Opening => {
    return [...batches.place(KEY), WITHDRAWAL_DELAY, 100n * UNIT, batches.consent(KEY)];
  };
  const at = () => batches.place(KEY);
  const fails = (attempt: () => Promise<unknown>, error: string, values: unknown[], by = contract) =>
    refused(protocol, attempt, by as typeof contract, error, values);
  const permit = async (value: bigint) => {
    const { usd } = protocol.contracts;
    const { requester } = protocol.accounts;
    const deadline = BigInt(await networkHelpers.time.latest()) + DAY;
    const domain = {
      name: await usd.name(),
      version: "1",
      chainId: batches.domain.chainId,
      verifyingContract: batches.token,
    };
    const types = {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    };
    const message = {
      owner: requester.address,
      spender: batches.address,
      value,
      nonce: await usd.nonces(requester),
      deadline,
    };
    const { v, r, s } = Signature.from(await requester.signTypedData(domain, types, message));
    return { value, deadline, v, r, s };
  };

  describe("open", () => {
    it("takes the deposit, by allowance, and names payer and delay", async () => {
      const { requester } = protocol.accounts;
      const { usd } = protocol.contracts;
      const channelId = batches.channelId(KEY);
      const opened = contract.open(...opening());
      await expect(opened)
        .to.emit(contract, "ChannelOpened")
        .withArgs(
          channelId,
          protocol.nodeId,
          requester,
          protocol.modelId,
          batches.route.offer.routeVersion,
          batches.token,
          SIGNER,
          WITHDRAWAL_DELAY,
        )
        .and.to.emit(contract, "ChannelDeposited")
        .withArgs(channelId, requester, 100n * UNIT);
      await expect(opened).to.changeTokenBalances(ethers, usd, [requester, contract], [-100n * UNIT, 100n * UNIT]);
      expect(await contract.channelOf(channelId)).to.deep.equal([
        requester.address,
        WITHDRAWAL_DELAY,
        0n,
        0n,
        100n * UNIT,
        0n,
      ]);
      expect(await contract.owed(batches.token)).to.equal(100n * UNIT);
      expect(await contract.channelIdOf(...at())).to.equal(channelId);
    });

    it("needs no consent when the signer opens, and no prior allowance with a permit, even a used one", async () => {
      const { requester } = protocol.accounts;
      const { usd } = protocol.contracts;
      await usd.connect(requester).approve(contract, 0n);
      const [nodeId, modelId, version, token, , delay] = opening();
      const signed = await permit(5n);
      await usd.permit(requester, contract, signed.value, signed.deadline, signed.v, signed.r, signed.s);
      await contract.openWithPermit(nodeId, modelId, version, token, requester, delay, 5n, "0x", signed);
      const more = await permit(7n);
      await contract.depositWithPermit(nodeId, modelId, version, token, requester, 7n, more);
      const { balance } = await contract.channelOf(channelIdOf(nodeId, modelId, version, token, requester.address));
      expect(balance).to.equal(12n);
    });

    it("is refused for a node that does not exist", async () => {
      const [, ...rest] = opening();
      await fails(() => contract.open(ZeroHash, ...rest), "NodeRegistry_UnknownNode", [ZeroHash]);
    });

    it("is refused while new requests are paused, and so is a deposit", async () => {
      await contract.open(...opening());
      await protocol.contracts.settlement.pause();
      await fails(() => contract.open(...opening()), "Settlement_Paused", []);
      await fails(() => contract.deposit(...at(), 1n), "Settlement_Paused", []);
    });

    it("is refused for a token that is not listed, before the token is called, and so is a deposit", async () => {
      const [nodeId, modelId, version, , signer, ...rest] = opening();
      const token = protocol.accounts.stranger.address;
      const signed = { value: 1n, deadline: MaxUint256, v: 27, r: ZeroHash, s: ZeroHash };
      for (const attempt of [
        () => contract.open(nodeId, modelId, version, token, signer, ...rest),
        () => contract.openWithPermit(nodeId, modelId, version, token, signer, ...rest, signed),
        () => contract.deposit(nodeId, modelId, version, token, signer, 1n),
        () => contract.depositWithPermit(nodeId, modelId, version, token, signer, 1n, signed),
      ]) {
        await fails(attempt, "Settlement_TokenNotListed", [token]);
      }
    });

    it("is refused with a delay that is out of bounds", async () => {
      const [shortest, longest] = [await contract.minWithdrawalDelay(), await contract.maxWithdrawalDelay()];
      expect([shortest, longest]).to.deep.equal([900n, 30n * DAY]);
      const [nodeId, modelId, version, token, signer, , ...rest] = opening();
      for (const delay of [shortest - 1n, longest + 1n]) {
        const attempt = () => contract.open(nodeId, modelId, version, token, signer, delay, ...rest);
        await fails(attempt, "Channels_DelayOutOfBounds", [delay, shortest, longest]);
      }
    });

    it("is refused if the signer has this channel already", async () => {
      await contract.open(...opening());
      await fails(() => contract.open(...opening()), "Channels_Exists", [batches.channelId(KEY)]);
    });

    it("is refused without the key's consent to this payer", async () => {
      const { requester, stranger } = protocol.accounts;
      const [nodeId, modelId, version, token, signer, delay, amount] = opening();
      for (const consent of ["0x", batches.consent(KEY, stranger.address), batches.consent(channelKey(2))]) {
        const attempt = () => contract.open(nodeId, modelId, version, token, signer, delay, amount, consent);
        await fails(attempt, "Channels_BadConsent", [SIGNER, requester.address]);
      }
      const nobody = () => contract.open(nodeId, modelId, version, token, ZeroAddress, delay, amount, "0x");
      await fails(nobody, "Channels_BadConsent", [ZeroAddress, requester.address]);
    });

    it("hashes what a key signs like ethers", async () => {
      const payer = protocol.accounts.requester.address;
      const [nodeId, modelId, routeVersion, token] = at();
      const consent = { nodeId, modelId, routeVersion, token, payer };
      expect(await contract.hashChannelKey(nodeId, modelId, routeVersion, token, payer)).to.equal(
        hashChannelKey(batches.domain, consent),
      );
      const voucher = batches.voucher(2n ** 128n - 1n);
      const { ceiling } = voucher;
      const hash = await contract.hashVoucher(nodeId, modelId, routeVersion, token, ceiling);
      expect(hash).to.equal(hashVoucher(batches.domain, voucher));
    });
  });

  describe("deposit", () => {
    beforeEach(() => contract.open(...opening()));

    it("adds anybody's money, which is the payer's from then on", async () => {
      const { stranger } = protocol.accounts;
      await protocol.contracts.usd.mint(stranger, 5n);
      await protocol.contracts.usd.connect(stranger).approve(contract, 5n);
      await expect(contract.connect(stranger).deposit(...at(), 5n))
        .to.emit(contract, "ChannelDeposited")
        .withArgs(batches.channelId(KEY), stranger, 5n);
      expect(await batches.amounts(KEY)).to.deep.equal([0n, 100n * UNIT + 5n, 0n]);
    });

    it("is refused for an unknown channel, for nothing, and for more than can be counted", async () => {
      const other = channelKey(2);
      const unknown = () => contract.deposit(...batches.place(other), 1n);
      await fails(unknown, "Channels_Unknown", [batches.channelId(other)]);
      await fails(() => contract.deposit(...at(), 0n), "Channels_ZeroAmount", []);
      for (const amount of [MAX_80 + 1n - 100n * UNIT, 2n ** 128n - 1n]) {
        await fails(() => contract.deposit(...at(), amount), "Channels_AmountTooLarge", [amount]);
      }
      await protocol.contracts.usd.mint(protocol.accounts.requester, MAX_80);
      await contract.deposit(...at(), MAX_80 - 100n * UNIT);
      expect(await batches.amounts(KEY)).to.deep.equal([0n, MAX_80, 0n]);
    });
  });

  describe("withdrawal", () => {
    beforeEach(() => contract.open(...opening()));
    const announce = () => contract.announceWithdrawal(batches.channelId(KEY));
    const withdraw = (by = contract) => by.withdrawChannel(...at(), protocol.accounts.relayer);

    it("pays all that is left, after the announced delay, and can be done again after a deposit", async () => {
      const { relayer } = protocol.accounts;
      const { usd } = protocol.contracts;
      const channelId = batches.channelId(KEY);
      await batches.settle({ signer: KEY, ceiling: 30n * UNIT, amount: 30n * UNIT });
      const announced = await announce();
      const due = BigInt((await announced.getBlock())?.timestamp ?? 0) + WITHDRAWAL_DELAY;
      await expect(announced).to.emit(contract, "ChannelWithdrawalAnnounced").withArgs(channelId, due);
      expect((await contract.channelOf(channelId)).withdrawableAt).to.equal(due);
      await networkHelpers.time.setNextBlockTimestamp(due);
      const withdrawn = withdraw();
      await expect(withdrawn)
        .to.emit(contract, "ChannelWithdrawn")
        .withArgs(channelId, relayer, 70n * UNIT);
      await expect(withdrawn).to.changeTokenBalances(ethers, usd, [contract, relayer], [-70n * UNIT, 70n * UNIT]);
      expect(await contract.owed(batches.token)).to.equal(30n * UNIT);
      expect((await contract.channelOf(channelId)).withdrawableAt).to.equal(0n);

      await contract.deposit(...at(), 10n);
      await fails(withdraw, "Channels_NotWithdrawable", [channelId, 0n]);
      await announce();
      await networkHelpers.time.increase(WITHDRAWAL_DELAY);
      await withdraw();
      expect(await batches.amounts(KEY)).to.deep.equal([30n * UNIT, 0n, 0n]);
    });

    it("is open while new requests are paused and after the token was taken off the list", async () => {
      await protocol.contracts.settlement.pause();
      await protocol.contracts.settlement.setToken(batches.token, false);
      await announce();
      await networkHelpers.time.increase(WITHDRAWAL_DELAY);
      await withdraw();
      expect(await batches.amounts(KEY)).to.deep.equal([0n, 0n, 0n]);
    });

    it("is refused unannounced, before the delay has passed, after it was taken back, and of nothing", async () => {
      const channelId = batches.channelId(KEY);
      await fails(withdraw, "Channels_NotWithdrawable", [channelId, 0n]);
      await announce();
      const { withdrawableAt } = await contract.channelOf(channelId);
      await networkHelpers.time.setNextBlockTimestamp(withdrawableAt - 1n);
      await expect(withdraw())
        .to.be.revertedWithCustomError(contract, "Channels_NotWithdrawable")
        .withArgs(channelId, withdrawableAt);
      await expect(contract.cancelWithdrawal(channelId))
        .to.emit(contract, "ChannelWithdrawalAnnounced")
        .withArgs(channelId, 0n);
      await networkHelpers.time.increase(WITHDRAWAL_DELAY);
      await fails(withdraw, "Channels_NotWithdrawable", [channelId, 0n]);
      await fails(() => contract.cancelWithdrawal(channelId), "Channels_NotWithdrawable", [channelId, 0n]);

      await announce();
      await networkHelpers.time.increase(WITHDRAWAL_DELAY);
      await fails(() => contract.withdrawChannel(...at(), ZeroAddress), "Settlement_ZeroAddress", []);
      await withdraw();
      await announce();
      await networkHelpers.time.increase(WITHDRAWAL_DELAY);
      await fails(withdraw, "Channels_ZeroAmount", []);
    });

    it("is the payer's only: announcing, taking back, withdrawing", async () => {
      const { stranger } = protocol.accounts;
      const channelId = batches.channelId(KEY);
      const other = contract.connect(stranger);
      const attempts = [
        () => other.announceWithdrawal(channelId),
        () => other.cancelWithdrawal(channelId),
        () => withdraw(other),
      ];
      for (const attempt of attempts) await fails(attempt, "Channels_NotThePayer", [channelId, stranger.address]);
    });
  });

  describe("claim", () => {
    const claim = (ceiling: bigint, amount = 0n) =>
      contract
        .connect(protocol.accounts.stranger)
        .claim(
          protocol.nodeId,
          protocol.modelId,
          batches.route.offer.routeVersion,
          batches.token,
          batches.rows({ signer: KEY, ceiling, amount }),
        );
    beforeEach(() => contract.open(...opening()));

    it("draws by a higher voucher what was proven before, and ignores amounts", async () => {
      await batches.settle({ signer: KEY, ceiling: 5n, amount: 20n });
      const claimed = claim(12n, 1_000n);
      await expect(claimed)
        .to.emit(contract, "ChannelsClaimed")
        .withArgs(
          protocol.nodeId,
          protocol.modelId,
          batches.token,
          batches.route.offer.routeVersion,
          packClaims([KEY, 7n]),
        )
        .and.to.emit(contract, "RowNotPaid")
        .withArgs(protocol.nodeId, batches.channelId(KEY), SIGNER, 0n, RowFault.LOW_CEILING, 8n);
      expect(await batches.amounts(KEY)).to.deep.equal([12n, 100n * UNIT - 12n, 8n]);
      await expect(claim(10n ** 20n)).not.to.emit(contract, "RowNotPaid");
      expect(await batches.amounts(KEY)).to.deep.equal([20n, 100n * UNIT - 20n, 0n]);
      expect(await batches.credit()).to.equal(20n);
    });

    it("draws after a deposit what the balance did not cover", async () => {
      await batches.settle({ signer: KEY, ceiling: 200n * UNIT, amount: 130n * UNIT });
      await contract.deposit(...at(), 20n * UNIT);
      await expect(claim(200n * UNIT))
        .to.emit(contract, "RowNotPaid")
        .withArgs(protocol.nodeId, batches.channelId(KEY), SIGNER, 0n, RowFault.LOW_BALANCE, 10n * UNIT);
      expect(await batches.amounts(KEY)).to.deep.equal([120n * UNIT, 0n, 10n * UNIT]);
    });

    it("draws nothing where nothing is proven", async () => {
      await expect(claim(50n * UNIT, 50n * UNIT))
        .to.emit(contract, "ChannelsClaimed")
        .withArgs(
          protocol.nodeId,
          protocol.modelId,
          batches.token,
          batches.route.offer.routeVersion,
          packClaims([KEY, 0n]),
        );
      expect(await batches.amounts(KEY)).to.deep.equal([0n, 100n * UNIT, 0n]);
      expect(await batches.credit()).to.equal(0n);
    });
  });
});
