import { expect } from "chai";
import { id, MaxUint256, Signature, TypedDataEncoder, ZeroAddress, ZeroHash } from "ethers";
import { OFFER_TYPES } from "../../sdk/src/hash/typedData.ts";
import {
  ethers,
  idOf,
  loadProtocol,
  NodeStatus,
  networkHelpers,
  OPG_UNIT,
  type Protocol,
  Route,
} from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("NodeRegistry", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const asOperator = () => protocol.contracts.nodes.connect(protocol.accounts.operator);
  const isRefused = (attempt: () => Promise<unknown>, error: string, values: unknown[]) =>
    refused(protocol, attempt, protocol.contracts.nodes, error, values);
  const accountOf = async () => {
    const { free, bonded, unbonding, withdrawableAt } = await protocol.contracts.nodes.accountOf(protocol.nodeId);
    return { free, bonded, unbonding, withdrawableAt };
  };
  const UNKNOWN = `0x${"22".repeat(32)}`;

  describe("identity", () => {
    it("registers a node under its owner and a salt, active and without stake", async () => {
      const { nodes } = protocol.contracts;
      const { stranger, signer, payout } = protocol.accounts;
      const salt = id("another");
      const nodeId = idOf(stranger.address, salt);
      const count = await nodes.nodeCount();
      const register = () => nodes.connect(stranger).register(salt, signer, payout, "https://a.example", "ipfs://b");
      expect(await nodes.connect(stranger).register.staticCall(salt, signer, payout, "", "")).to.equal(nodeId);
      await expect(register())
        .to.emit(nodes, "NodeRegistered")
        .withArgs(nodeId, stranger, salt, signer, payout, "https://a.example", "ipfs://b");
      const node = [stranger.address, NodeStatus.ACTIVE, ZeroAddress, signer.address, payout.address];
      expect(await nodes.nodeOf(nodeId)).to.deep.equal(node);
      expect(await nodes.signerOf(nodeId)).to.equal(signer.address);
      expect(await nodes.descriptionOf(nodeId)).to.deep.equal(["https://a.example", "ipfs://b"]);
      expect(await nodes.accountOf(nodeId)).to.deep.equal([0n, 0n, 0n, 0n]);
      expect(await nodes.nodeCount()).to.equal(count + 1n);
      await isRefused(register, "NodeRegistry_AlreadyRegistered", [nodeId]);
    });

    it("refuses the zero address as signer, payout or recipient", async () => {
      const { nodes } = protocol.contracts;
      const { signer } = protocol.accounts;
      for (const call of [
        () => nodes.register(ZeroHash, ZeroAddress, signer, "", ""),
        () => nodes.register(ZeroHash, signer, ZeroAddress, "", ""),
        () => asOperator().setSigner(protocol.nodeId, ZeroAddress),
        () => asOperator().setPayout(protocol.nodeId, ZeroAddress),
        () => asOperator().withdraw(protocol.nodeId, ZeroAddress),
      ]) {
        await isRefused(call, "NodeRegistry_ZeroAddress", []);
      }
    });

    it("rotates signer, payout and description", async () => {
      const { nodes } = protocol.contracts;
      const { stranger, relayer } = protocol.accounts;
      const { nodeId } = protocol;
      await expect(asOperator().setSigner(nodeId, stranger)).to.emit(nodes, "SignerChanged").withArgs(nodeId, stranger);
      await expect(asOperator().setPayout(nodeId, relayer)).to.emit(nodes, "PayoutChanged").withArgs(nodeId, relayer);
      await expect(asOperator().describe(nodeId, "a", "b"))
        .to.emit(nodes, "NodeDescribed")
        .withArgs(nodeId, "a", "b");
      const node = await nodes.nodeOf(nodeId);
      expect([node.signer, node.payout]).to.deep.equal([stranger.address, relayer.address]);
      expect(await nodes.descriptionOf(nodeId)).to.deep.equal(["a", "b"]);
    });

    it("changes hands in two steps, stake and all, and the former owner keeps no power", async () => {
      const { nodes } = protocol.contracts;
      const { operator, stranger, relayer } = protocol.accounts;
      const { nodeId } = protocol;
      const accept = (by = stranger) => nodes.connect(by).acceptNode(nodeId);
      await isRefused(accept, "NodeRegistry_Unauthorized", [nodeId, stranger.address]);
      await expect(asOperator().transferNode(nodeId, relayer))
        .to.emit(nodes, "NodeTransferStarted")
        .withArgs(nodeId, operator, relayer);
      await asOperator().transferNode(nodeId, stranger);
      await isRefused(() => accept(relayer), "NodeRegistry_Unauthorized", [nodeId, relayer.address]);
      await expect(accept()).to.emit(nodes, "NodeTransferred").withArgs(nodeId, operator, stranger);
      const { owner, pendingOwner } = await nodes.nodeOf(nodeId);
      expect([owner, pendingOwner]).to.deep.equal([stranger.address, ZeroAddress]);
      await isRefused(accept, "NodeRegistry_Unauthorized", [nodeId, stranger.address]);
      await isRefused(() => asOperator().unbond(nodeId, 1n), "NodeRegistry_Unauthorized", [nodeId, operator.address]);
      await nodes.connect(stranger).unbond(nodeId, 1n);
    });

    it("takes an offered node back", async () => {
      const { nodes } = protocol.contracts;
      const { stranger } = protocol.accounts;
      await asOperator().transferNode(protocol.nodeId, stranger);
      await asOperator().transferNode(protocol.nodeId, ZeroAddress);
      const accept = () => nodes.connect(stranger).acceptNode(protocol.nodeId);
      await isRefused(accept, "NodeRegistry_Unauthorized", [protocol.nodeId, stranger.address]);
    });

    it("is paused by owner or signer, unpaused by the owner, retired for good", async () => {
      const { nodes } = protocol.contracts;
      const { nodeId } = protocol;
      const changed = async (call: Promise<unknown>, status: bigint) => {
        await expect(call).to.emit(nodes, "NodeStatusChanged").withArgs(nodeId, status);
        expect((await nodes.nodeOf(nodeId)).status).to.equal(status);
      };
      const wrong = (call: () => Promise<unknown>, status: bigint) =>
        isRefused(call, "NodeRegistry_WrongStatus", [nodeId, status]);
      await wrong(() => asOperator().unpause(nodeId), NodeStatus.ACTIVE);
      await changed(nodes.connect(protocol.accounts.signer).pause(nodeId), NodeStatus.PAUSED);
      await wrong(() => asOperator().pause(nodeId), NodeStatus.PAUSED);
      await changed(asOperator().unpause(nodeId), NodeStatus.ACTIVE);
      await changed(asOperator().pause(nodeId), NodeStatus.PAUSED);
      await changed(asOperator().retire(nodeId), NodeStatus.RETIRED);
      for (const call of [
        () => asOperator().pause(nodeId),
        () => asOperator().unpause(nodeId),
        () => asOperator().retire(nodeId),
        () => asOperator().stake(nodeId, 1n),
      ]) {
        await wrong(call, NodeStatus.RETIRED);
      }
    });

    it("obeys nobody but its owner, and for pausing its signer", async () => {
      const { nodes, usd } = protocol.contracts;
      const { stranger, signer } = protocol.accounts;
      const { nodeId, modelId } = protocol;
      const offer = await protocol.offer();
      for (const caller of [stranger, signer]) {
        const as = nodes.connect(caller);
        const calls = [
          () => as.transferNode(nodeId, caller),
          () => as.setSigner(nodeId, caller),
          () => as.setPayout(nodeId, caller),
          () => as.describe(nodeId, "", ""),
          () => as.unpause(nodeId),
          () => as.retire(nodeId),
          () => as.postOffer(offer),
          () => as.withdrawOffer(nodeId, modelId, Route.ZK, usd),
          () => as.unbond(nodeId, 1n),
          () => as.rebond(nodeId, 1n),
          () => as.withdraw(nodeId, caller),
          ...(caller === stranger ? [() => as.pause(nodeId)] : []),
        ];
        for (const call of calls) await isRefused(call, "NodeRegistry_Unauthorized", [nodeId, caller.address]);
      }
    });

    it("says so when there is no such node", async () => {
      const { nodes, usd } = protocol.contracts;
      const { deployer } = protocol.accounts;
      const offer = await protocol.offer();
      // Zero is the node of open requests: nobody owns it.
      for (const nodeId of [UNKNOWN, ZeroHash]) {
        for (const call of [
          () => nodes.transferNode(nodeId, deployer),
          () => nodes.acceptNode(nodeId),
          () => nodes.setSigner(nodeId, deployer),
          () => nodes.setPayout(nodeId, deployer),
          () => nodes.describe(nodeId, "", ""),
          () => nodes.pause(nodeId),
          () => nodes.unpause(nodeId),
          () => nodes.retire(nodeId),
          () => nodes.postOffer({ ...offer, nodeId }),
          () => nodes.withdrawOffer(nodeId, offer.modelId, Route.ZK, usd),
          () => nodes.stake(nodeId, 1n),
          () => nodes.unbond(nodeId, 1n),
          () => nodes.rebond(nodeId, 1n),
          () => nodes.withdraw(nodeId, deployer),
        ]) {
          await isRefused(call, "NodeRegistry_UnknownNode", [nodeId]);
        }
        expect(await nodes.nodeOf(nodeId)).to.deep.equal([ZeroAddress, 0n, ZeroAddress, ZeroAddress, ZeroAddress]);
        expect(await nodes.signerOf(nodeId)).to.equal(ZeroAddress);
      }
    });
  });

  describe("offers", () => {
    it("stand by their EIP-712 struct hash, one for each model, route and token", async () => {
      const { nodes, usd, opg } = protocol.contracts;
      const { nodeId, modelId } = protocol;
      const offers = [
        await protocol.offer({ coverage: 1n }),
        await protocol.offer({ route: Route.TEE, coverage: 2n }),
        await protocol.offer({ token: await opg.getAddress(), coverage: 3n }),
      ];
      const hashes = offers.map((offer) => TypedDataEncoder.from(OFFER_TYPES).hash(offer));
      for (const [index, offer] of offers.entries()) {
        expect(await asOperator().postOffer.staticCall(offer)).to.equal(hashes[index]);
        await expect(asOperator().postOffer(offer))
          .to.emit(nodes, "OfferPosted")
          .withArgs(nodeId, modelId, hashes[index], (emitted: unknown) => {
            expect(emitted).to.deep.equal(Object.values(offer));
            return true;
          });
      }
      for (const [index, offer] of offers.entries()) {
        expect(await nodes.offerOf(nodeId, modelId, offer.route, offer.token)).to.equal(hashes[index]);
      }
      await expect(asOperator().withdrawOffer(nodeId, modelId, Route.ZK, usd))
        .to.emit(nodes, "OfferWithdrawn")
        .withArgs(nodeId, modelId, Route.ZK, usd);
      expect(await nodes.offerOf(nodeId, modelId, Route.ZK, usd)).to.equal(ZeroHash);
      expect(await nodes.offerOf(nodeId, modelId, Route.ZK, opg)).to.equal(hashes[2]);
      const again = () => asOperator().withdrawOffer(nodeId, modelId, Route.ZK, usd);
      await isRefused(again, "NodeRegistry_UnknownOffer", [nodeId, ZeroHash]);
    });
  });

  describe("stake", () => {
    it("is added by anyone to the free balance", async () => {
      const { nodes, opg } = protocol.contracts;
      const { deployer } = protocol.accounts;
      await opg.approve(nodes, 5n);
      const stake = nodes.stake(protocol.nodeId, 5n);
      await expect(stake).to.emit(nodes, "Staked").withArgs(protocol.nodeId, deployer, 5n);
      await expect(stake).to.changeTokenBalances(ethers, opg, [deployer, nodes], [-5n, 5n]);
      expect((await accountOf()).free).to.equal(10_000n * OPG_UNIT + 5n);
    });

    it("is added with a permit, even one that somebody used up already", async () => {
      const { nodes, opg } = protocol.contracts;
      const { deployer, stranger } = protocol.accounts;
      const spender = await nodes.getAddress();
      const { chainId } = await protocol.domain();
      const domain = { name: "OPG", version: "1", chainId, verifyingContract: await opg.getAddress() };
      const types = {
        Permit: [
          { name: "owner", type: "address" },
          { name: "spender", type: "address" },
          { name: "value", type: "uint256" },
          { name: "nonce", type: "uint256" },
          { name: "deadline", type: "uint256" },
        ],
      };
      for (const usedUp of [false, true]) {
        const nonce = await opg.nonces(deployer);
        const message = { owner: deployer.address, spender, value: 7n, nonce, deadline: MaxUint256 };
        const { v, r, s } = Signature.from(await deployer.signTypedData(domain, types, message));
        if (usedUp) await opg.connect(stranger).permit(deployer, nodes, 7n, MaxUint256, v, r, s);
        await nodes.stakeWithPermit(protocol.nodeId, 7n, MaxUint256, v, r, s);
      }
      expect((await accountOf()).free).to.equal(10_000n * OPG_UNIT + 14n);
      const bad = () => nodes.stakeWithPermit(protocol.nodeId, 7n, MaxUint256, 27, ZeroHash, ZeroHash);
      await refused(protocol, bad, opg, "ERC20InsufficientAllowance", [spender, 0n, 7n]);
    });

    it("unbonds, waits the whole delay, and leaves", async () => {
      const { nodes, opg } = protocol.contracts;
      const { stranger } = protocol.accounts;
      const { nodeId } = protocol;
      const delay = await nodes.unbondingDelay();
      const unbond = await asOperator().unbond(nodeId, 40n);
      const first = BigInt(await networkHelpers.time.latest()) + delay;
      await expect(unbond).to.emit(nodes, "Unbonded").withArgs(nodeId, 40n, first);
      const free = 10_000n * OPG_UNIT - 40n;
      expect(await accountOf()).to.deep.equal({ free, bonded: 0n, unbonding: 40n, withdrawableAt: first });

      await networkHelpers.time.increase(delay - 100n);
      await asOperator().unbond(nodeId, 2n);
      const second = BigInt(await networkHelpers.time.latest()) + delay;
      const withdraw = () => asOperator().withdraw(nodeId, stranger);
      await networkHelpers.time.increaseTo(first);
      await isRefused(withdraw, "NodeRegistry_StillUnbonding", [nodeId, second]);
      await networkHelpers.time.setNextBlockTimestamp(second);
      const withdrawal = withdraw();
      await expect(withdrawal).to.emit(nodes, "Withdrawn").withArgs(nodeId, stranger, 42n);
      await expect(withdrawal).to.changeTokenBalances(ethers, opg, [nodes, stranger], [-42n, 42n]);
      expect((await accountOf()).unbonding).to.equal(0n);
      await isRefused(withdraw, "NodeRegistry_ZeroAmount", []);
    });

    it("comes back from unbonding, and can still leave after the node retired", async () => {
      const { nodes } = protocol.contracts;
      const { nodeId } = protocol;
      await asOperator().unbond(nodeId, 40n);
      await expect(asOperator().rebond(nodeId, 30n)).to.emit(nodes, "Rebonded").withArgs(nodeId, 30n);
      const { free, unbonding } = await accountOf();
      expect([free, unbonding]).to.deep.equal([10_000n * OPG_UNIT - 10n, 10n]);
      const more = () => asOperator().rebond(nodeId, 11n);
      await isRefused(more, "NodeRegistry_InsufficientUnbonding", [nodeId, 10n, 11n]);
      await asOperator().retire(nodeId);
      await asOperator().unbond(nodeId, free);
      await networkHelpers.time.increase(await nodes.unbondingDelay());
      await asOperator().withdraw(nodeId, protocol.accounts.operator);
      expect((await accountOf()).unbonding).to.equal(0n);
    });

    it("that is bonded cannot be unbonded", async () => {
      const { nodeId } = protocol;
      await protocol.request();
      const free = 10_000n * OPG_UNIT - 102n * OPG_UNIT;
      const call = () => asOperator().unbond(nodeId, free + 1n);
      await isRefused(call, "NodeRegistry_InsufficientFree", [nodeId, free, free + 1n]);
      await asOperator().unbond(nodeId, free);
    });

    it("is never nothing", async () => {
      const { nodeId } = protocol;
      for (const call of [
        () => asOperator().stake(nodeId, 0n),
        () => asOperator().unbond(nodeId, 0n),
        () => asOperator().rebond(nodeId, 0n),
        () => asOperator().withdraw(nodeId, protocol.accounts.operator),
      ]) {
        await isRefused(call, "NodeRegistry_ZeroAmount", []);
      }
    });

    it("is a counter of its own, which a donation does not change (law 2)", async () => {
      const { nodes, opg } = protocol.contracts;
      const before = await accountOf();
      await opg.transfer(nodes, 1_000n);
      expect(await accountOf()).to.deep.equal(before);
      expect(await opg.balanceOf(nodes)).to.equal(before.free + 1_000n);
    });

    it("is refused from a token that takes a fee on transfer", async () => {
      const { manager } = protocol.contracts;
      const { deployer } = protocol.accounts;
      const token = await ethers.deployContract("HostileToken");
      const nodes = await ethers.deployContract("NodeRegistry", [manager, token, ZeroAddress, 1n, 1n]);
      await nodes.open();
      await nodes.register(ZeroHash, deployer, deployer, "", "");
      await token.mint(deployer, 10_000n);
      await token.approve(nodes, 10_000n);
      await token.setFee(1n);
      await expect(nodes.stake(idOf(deployer.address, ZeroHash), 10_000n))
        .to.be.revertedWithCustomError(nodes, "NodeRegistry_InexactTransfer")
        .withArgs(10_000n, 9_999n);
    });
  });

  describe("modules", () => {
    it("alone can bond, unbond and burn", async () => {
      const { nodes } = protocol.contracts;
      const { deployer, operator } = protocol.accounts;
      for (const caller of [deployer, operator]) {
        const as = nodes.connect(caller);
        for (const call of [
          () => as.lock(protocol.nodeId, ZeroHash, ZeroHash, ZeroHash, 1n),
          () => as.unlock(protocol.nodeId, ZeroHash, 0n, 0n, 0n),
          () => as.burnFree(protocol.nodeId, ZeroHash, 1n),
        ]) {
          await isRefused(call, "NodeRegistry_NotAModule", [caller.address, 0n]);
        }
      }
    });

    it("give notice beyond the unbonding delay once registration is open", async () => {
      const { nodes } = protocol.contracts;
      const { stranger } = protocol.accounts;
      const delay = await nodes.moduleDelay();
      expect(delay).to.be.greaterThan(await nodes.unbondingDelay());
      const added = await nodes.addModule(stranger);
      const activeAt = BigInt(await networkHelpers.time.latest()) + delay;
      await expect(added).to.emit(nodes, "ModuleAdded").withArgs(stranger, activeAt);
      expect(await nodes.moduleActiveAt(stranger)).to.equal(activeAt);
      const burn = () => nodes.connect(stranger).burnFree(protocol.nodeId, ZeroHash, 1n);
      await isRefused(burn, "NodeRegistry_NotAModule", [stranger.address, activeAt]);
      await networkHelpers.time.increaseTo(activeAt - 2n);
      await isRefused(burn, "NodeRegistry_NotAModule", [stranger.address, activeAt]);
      await networkHelpers.time.setNextBlockTimestamp(activeAt);
      await burn();
      await isRefused(() => nodes.addModule(stranger), "NodeRegistry_ModuleExists", [stranger.address]);
      const { settlement } = protocol.contracts;
      await isRefused(() => nodes.addModule(settlement), "NodeRegistry_ModuleExists", [await settlement.getAddress()]);
    });

    it("cannot take more from a bond than it has, nor from free stake", async () => {
      const { nodes } = protocol.contracts;
      const { stranger } = protocol.accounts;
      await nodes.addModule(stranger);
      await networkHelpers.time.increase(await nodes.moduleDelay());
      const as = nodes.connect(stranger);
      const PANIC_OVERFLOW = 0x11;
      for (const [amount, burned, paid] of [
        [1n, 0n, 0n],
        [0n, 1n, 0n],
        [0n, 0n, 1n],
      ] as const) {
        await expect(as.unlock(protocol.nodeId, ZeroHash, amount, burned, paid)).to.be.revertedWithPanic(
          PANIC_OVERFLOW,
        );
      }
      // No offer stands under this key: its hash is zero.
      const lock = () => as.lock(protocol.nodeId, ZeroHash, ZeroHash, ZeroHash, 1n);
      await isRefused(lock, "NodeRegistry_UnknownOffer", [protocol.nodeId, ZeroHash]);
      const free = 10_000n * OPG_UNIT;
      const burn = () => as.burnFree(protocol.nodeId, ZeroHash, free + 1n);
      await isRefused(burn, "NodeRegistry_InsufficientFree", [protocol.nodeId, free, free + 1n]);
    });
  });

  it("sends what burns to the sink where the token has no burn of its own", async () => {
    const { manager, usd } = protocol.contracts;
    const { deployer, stranger } = protocol.accounts;
    const sink = await ethers.deployContract("BurnSink");
    const nodes = await ethers.deployContract("NodeRegistry", [manager, usd, sink, 1n, 1n]);
    expect(await nodes.burnSink()).to.equal(await sink.getAddress());
    await nodes.addModule(stranger);
    await nodes.open();
    await nodes.register(ZeroHash, deployer, deployer, "", "");
    const nodeId = idOf(deployer.address, ZeroHash);
    await usd.mint(deployer, 10n);
    await usd.approve(nodes, 10n);
    await nodes.stake(nodeId, 10n);
    const burn = nodes.connect(stranger).burnFree(nodeId, ZeroHash, 4n);
    await expect(burn).to.emit(nodes, "Burned").withArgs(nodeId, ZeroHash, 4n);
    await expect(burn).to.changeTokenBalances(ethers, usd, [nodes, sink], [-4n, 4n]);
    expect((await nodes.accountOf(nodeId)).free).to.equal(6n);
    // The sink has code, so no key; its code takes no call.
    expect(await ethers.provider.getCode(sink)).not.to.equal("0x");
    await expect(deployer.sendTransaction({ to: sink, data: "0x12345678" })).to.be.revertedWithoutReason(ethers);
  });
});
