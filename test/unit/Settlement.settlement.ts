import { expect } from "chai";
import { keccak256, MaxUint256, ZeroHash } from "ethers";
import {
  ethers,
  loadProtocol,
  Mode,
  NodeStatus,
  networkHelpers,
  OPG_UNIT,
  Protocol,
  RequestStatus,
  Route,
  USD_UNIT,
} from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("Settlement: settle, deliverAndSettle, claimDefault and voidRequest", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const accountOf = async (nodeId = protocol.nodeId) => {
    const { free, bonded, unbonding } = await protocol.contracts.nodes.accountOf(nodeId);
    return [free, bonded, unbonding];
  };

  describe("settle", () => {
    for (const [name, route, burned] of [
      ["ZK", Route.ZK, 2n * OPG_UNIT],
      ["TEE", Route.TEE, 1n * OPG_UNIT],
    ] as const) {
      it(`pays the fee, returns the rest, burns from the bond and frees it, on the ${name} route`, async () => {
        const { settlement, nodes, opg, usd } = protocol.contracts;
        const { payout, requester, stranger } = protocol.accounts;
        const { terms, requestId, answer, proof } = await protocol.delivered({ offer: { route } });
        const fee = 1n * USD_UNIT + 1_500n * 1_000n;
        const returned = terms.maxFee - fee;
        const bond = terms.offer.coverage + burned;
        const supply = await opg.totalSupply();

        const settle = settlement.connect(stranger).settle(terms, answer.outputHash, answer.units, proof);
        await expect(settle).to.emit(settlement, "Settled").withArgs(requestId, protocol.nodeId, payout, fee, returned);
        await expect(settle).to.emit(nodes, "Burned").withArgs(protocol.nodeId, requestId, burned);
        await expect(settle).to.emit(nodes, "BondUnlocked").withArgs(protocol.nodeId, requestId, bond, burned, 0n);
        expect(await opg.totalSupply()).to.equal(supply - burned);
        expect(await settlement.creditOf(usd, payout)).to.equal(fee);
        expect(await settlement.creditOf(usd, requester)).to.equal(returned);
        expect(await settlement.owed(usd)).to.equal(terms.maxFee);
        expect(await accountOf()).to.deep.equal([10_000n * OPG_UNIT - burned, 0n, 0n]);
        expect(await settlement.isSettled(requestId)).to.equal(true);
        const claim = await protocol.claim(terms, answer);
        expect(await settlement.hashClaim(claim)).to.equal(await protocol.hashClaim(claim));
        expect(await settlement.isClaimSettled(claim)).to.equal(true);
        for (const other of [{ units: 1n }, { outputHash: ZeroHash }, { nodeId: ZeroHash }, { inputHash: ZeroHash }]) {
          expect(await settlement.isClaimSettled({ ...claim, ...other })).to.equal(false);
        }
      });
    }

    it("caps the metered fee at what was escrowed, however many units there are", async () => {
      const { settlement, usd } = protocol.contracts;
      for (const [units, fee] of [
        [0n, 1n * USD_UNIT],
        [4_000n, 5n * USD_UNIT],
        [4_001n, 5n * USD_UNIT],
        [2n ** 64n - 1n, 5n * USD_UNIT],
      ] as const) {
        protocol = await loadProtocol();
        const { terms, answer, proof } = await protocol.delivered({}, { units });
        await settlement.settle(terms, answer.outputHash, units, proof);
        expect(await settlement.creditOf(usd, protocol.accounts.payout)).to.equal(fee);
        expect(await settlement.creditOf(usd, protocol.accounts.requester)).to.equal(terms.maxFee - fee);
      }
    });

    it("meters the largest prices without overflow", async () => {
      const { settlement, nodes, usd } = protocol.contracts;
      const most = 2n ** 128n - 1n;
      const { requester, operator } = protocol.accounts;
      await usd.mint(requester, most);
      const offer = { pricePerRequest: most, pricePerUnit: most };
      await nodes.connect(operator).postOffer(await protocol.offer(offer));
      const { terms, answer, proof } = await protocol.delivered({ maxFee: most, offer }, { units: 2n ** 64n - 1n });
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      expect(await settlement.creditOf(usd, protocol.accounts.payout)).to.equal(most);
    });

    it("works where nothing is priced and nothing burns", async () => {
      const { settlement, nodes, usd } = protocol.contracts;
      const zero = { zkVerificationFee: 0n, teeVerificationFee: 0n, compensationBps: 0, rewardBps: 0, proofBlocks: 0 };
      await settlement.scheduleParameters(zero);
      await networkHelpers.time.increase((await settlement.limits()).parameterDelay);
      await settlement.applyParameters();
      const offer = { pricePerRequest: 0n, pricePerUnit: 0n, coverage: 0n };
      await nodes.connect(protocol.accounts.operator).postOffer(await protocol.offer(offer));
      const { terms, answer, proof, requestId } = await protocol.delivered({ offer, maxFee: 0n });
      await expect(settlement.settle(terms, answer.outputHash, answer.units, proof)).not.to.emit(nodes, "Burned");
      expect(await settlement.isSettled(requestId)).to.equal(true);
      expect(await settlement.owed(usd)).to.equal(0n);
    });

    it("pays the payout address of the moment of settlement", async () => {
      const { settlement, nodes, usd } = protocol.contracts;
      const { stranger, operator } = protocol.accounts;
      const { terms, answer, proof } = await protocol.delivered();
      await nodes.connect(operator).setPayout(protocol.nodeId, stranger);
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      expect(await settlement.creditOf(usd, stranger)).to.equal(protocol.fee(terms, answer.units));
    });

    it("asks the verifier about the block time of the delivery, not of the settlement", async () => {
      const { settlement } = protocol.contracts;
      const { terms, answer, requestId } = await protocol.delivered();
      const claim = await protocol.claim(terms, answer);
      const { since } = await settlement.clockOf(requestId);
      await networkHelpers.time.increase(1_000n);
      const settle = async (claimedAt: bigint) =>
        settlement.settle(terms, answer.outputHash, answer.units, await protocol.proof(claim, claimedAt));
      const values = [requestId, await protocol.hashClaim(claim)];
      const now = BigInt(await networkHelpers.time.latest()) + 1n;
      for (const wrong of [now, since + 1n, since - 1n]) {
        const call = async () => {
          await networkHelpers.time.setNextBlockTimestamp(now + 1n);
          return settle(wrong);
        };
        await refused(protocol, call, settlement, "Settlement_InvalidProof", values);
      }
      await settle(since);
    });

    it("uses the parameters of the version that the terms name, whatever the model's owner sets later", async () => {
      const { settlement, models } = protocol.contracts;
      const { terms, answer, proof, requestId } = await protocol.delivered();
      const asOwner = models.connect(protocol.accounts.modelOwner);
      await asOwner.setRoute(protocol.modelId, Route.ZK, Protocol.ZK_VERIFIER, 0n, "0xdead");
      await asOwner.disableRoute(protocol.modelId, Route.ZK);
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      expect(await settlement.isSettled(requestId)).to.equal(true);
    });

    it("works by a verifier that was frozen after the request", async () => {
      const { settlement, verifiers } = protocol.contracts;
      const { terms, answer, proof, requestId } = await protocol.delivered();
      await verifiers.freeze(Protocol.ZK_VERIFIER);
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      expect(await settlement.isSettled(requestId)).to.equal(true);
    });

    it("refuses a claim that differs from the delivered one, even with a proof of it", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId, answer } = await protocol.delivered();
      for (const change of [{ units: answer.units + 1n }, { outputHash: keccak256("0x") }]) {
        const other = { ...answer, ...change };
        const claim = await protocol.claim(terms, other);
        const proof = await protocol.proof(claim);
        const call = () => settlement.settle(terms, other.outputHash, other.units, proof);
        const values = [requestId, await protocol.hashClaim(claim)];
        await refused(protocol, call, settlement, "Settlement_NotTheDeliveredClaim", values);
      }
    });

    it("refuses a proof of another request", async () => {
      const { settlement } = protocol.contracts;
      const first = await protocol.delivered();
      const { terms, requestId, answer } = await protocol.delivered();
      for (const proof of [first.proof, "0x", `${first.proof}00`]) {
        const call = () => settlement.settle(terms, answer.outputHash, answer.units, proof);
        const values = [requestId, await protocol.hashClaim(await protocol.claim(terms, answer))];
        await refused(protocol, call, settlement, "Settlement_InvalidProof", values);
      }
    });

    it("is only for what was delivered, and happens once", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request();
      const answer = await protocol.answer(terms);
      const proof = await protocol.proof(await protocol.claim(terms, answer));
      const settle = () => settlement.settle(terms, answer.outputHash, answer.units, proof);
      await refused(protocol, settle, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.REQUESTED]);
      await settlement.deliver(terms, answer);
      await settle();
      await refused(protocol, settle, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.SETTLED]);
    });
  });

  describe("the proof deadline", () => {
    /** The delivery of a request, and its deadlines. */
    const made = async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId, answer, proof } = await protocol.delivered();
      const { since, sinceBlock } = await settlement.clockOf(requestId);
      const deadlines = [since + terms.offer.proofWindow, sinceBlock + terms.proofBlocks] as const;
      const settle = () => settlement.settle(terms, answer.outputHash, answer.units, proof);
      const claimDefault = () => settlement.claimDefault(terms);
      return { terms, requestId, deadlines, settle, claimDefault };
    };

    it("has not passed while the time runs, however many blocks there were", async () => {
      const { settlement } = protocol.contracts;
      const { requestId, deadlines, settle, claimDefault } = await made();
      await networkHelpers.mine(50);
      await networkHelpers.time.setNextBlockTimestamp(deadlines[0]);
      const values = [requestId, ...deadlines];
      await refused(protocol, claimDefault, settlement, "Settlement_ProofWindowOpen", values);
      await settle();
    });

    it("has not passed while there were too few blocks, however long it took: the chain halted", async () => {
      const { settlement } = protocol.contracts;
      const { requestId, deadlines, settle, claimDefault } = await made();
      await networkHelpers.time.increase(1_000_000n);
      const values = [requestId, ...deadlines];
      await refused(protocol, claimDefault, settlement, "Settlement_ProofWindowOpen", values);
      expect(BigInt(await networkHelpers.time.latestBlock())).to.be.lessThan(deadlines[1]);
      await settle();
    });

    it("lets the proof settle in the last block that counts, and the default be claimed in the next", async () => {
      const { settlement } = protocol.contracts;
      for (const last of ["settle", "default"] as const) {
        protocol = await loadProtocol();
        const { requestId, deadlines, settle, claimDefault } = await made();
        await networkHelpers.time.increase(1_000_000n);
        const values = [requestId, ...deadlines];
        // A refused transaction takes a block too, so these stop short of it.
        while (BigInt(await networkHelpers.time.latestBlock()) + 1n < deadlines[1]) await networkHelpers.mine();
        if (last === "settle") await settle();
        else {
          await refused(protocol, claimDefault, settlement, "Settlement_ProofWindowOpen", values);
          while (BigInt(await networkHelpers.time.latestBlock()) < deadlines[1]) await networkHelpers.mine();
          await refused(protocol, settle, settlement, "Settlement_ProofWindowClosed", values);
          await claimDefault();
        }
      }
    });

    it("closes settlement and opens the default when both have passed", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId, deadlines, settle, claimDefault } = await made();
      await protocol.passProofWindow(terms);
      await refused(protocol, settle, settlement, "Settlement_ProofWindowClosed", [requestId, ...deadlines]);
      await claimDefault();
      await refused(protocol, settle, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.DEFAULTED]);
    });
  });

  describe("claimDefault", () => {
    it("compensates the requester, rewards the caller, burns the rest and frees what covered the burn", async () => {
      const { settlement, nodes, opg, usd } = protocol.contracts;
      const { requester, stranger, payout } = protocol.accounts;
      const { terms, requestId } = await protocol.delivered();
      const supply = await opg.totalSupply();
      await protocol.passProofWindow(terms);
      const [compensation, reward, burned] = [80n * OPG_UNIT, 2n * OPG_UNIT, 18n * OPG_UNIT];

      const claim = settlement.connect(stranger).claimDefault(terms);
      await expect(claim)
        .to.emit(settlement, "Defaulted")
        .withArgs(requestId, protocol.nodeId, stranger, compensation, reward, burned);
      await expect(claim)
        .to.emit(nodes, "BondUnlocked")
        .withArgs(protocol.nodeId, requestId, 102n * OPG_UNIT, burned, compensation + reward);
      await expect(claim).to.changeTokenBalances(ethers, opg, [settlement], [compensation + reward]);
      expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.DEFAULTED);
      expect(await opg.totalSupply()).to.equal(supply - burned);
      expect(await settlement.creditOf(opg, requester)).to.equal(compensation);
      expect(await settlement.creditOf(opg, stranger)).to.equal(reward);
      expect(await settlement.owed(opg)).to.equal(compensation + reward);
      expect(await settlement.creditOf(usd, requester)).to.equal(terms.maxFee);
      expect(await settlement.creditOf(usd, payout)).to.equal(0n);
      expect(await accountOf()).to.deep.equal([9_900n * OPG_UNIT, 0n, 0n]);
    });

    it("keeps escrow and compensation apart where the fee is in OPG", async () => {
      const { settlement, nodes, opg } = protocol.contracts;
      const { requester, operator, stranger } = protocol.accounts;
      await settlement.setToken(opg, true);
      await opg.transfer(requester, 5n * OPG_UNIT);
      await opg.connect(requester).approve(settlement, MaxUint256);
      const offer = { token: await opg.getAddress() };
      await nodes.connect(operator).postOffer(await protocol.offer(offer));
      const { terms } = await protocol.delivered({ maxFee: 5n * OPG_UNIT, offer });
      await protocol.passProofWindow(terms);
      await settlement.connect(stranger).claimDefault(terms);
      expect(await settlement.creditOf(opg, requester)).to.equal(85n * OPG_UNIT);
      expect(await settlement.owed(opg)).to.equal(87n * OPG_UNIT);
      expect(await opg.balanceOf(settlement)).to.equal(87n * OPG_UNIT);
    });

    it("shares by the terms, whatever was set in the meantime", async () => {
      const { settlement, opg } = protocol.contracts;
      const { terms } = await protocol.delivered();
      const all = {
        zkVerificationFee: 0n,
        teeVerificationFee: 0n,
        compensationBps: 0,
        rewardBps: 1_000,
        proofBlocks: 0,
      };
      await settlement.scheduleParameters(all);
      await networkHelpers.time.increase((await settlement.limits()).parameterDelay);
      await settlement.applyParameters();
      await protocol.passProofWindow(terms);
      await settlement.connect(protocol.accounts.stranger).claimDefault(terms);
      expect(await settlement.creditOf(opg, protocol.accounts.stranger)).to.equal(2n * OPG_UNIT);
    });

    it("is only for what was delivered, and happens once", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request();
      const claim = () => settlement.claimDefault(terms);
      await refused(protocol, claim, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.REQUESTED]);
      await settlement.deliver(terms, await protocol.answer(terms));
      await protocol.passProofWindow(terms);
      await claim();
      await refused(protocol, claim, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.DEFAULTED]);
    });
  });

  describe("deliverAndSettle", () => {
    /** A request and what settles it at once. */
    const ready = async (change = {}, nodeId = protocol.nodeId) => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request(change);
      const answer = await protocol.answer(terms);
      const proof = await protocol.proof(await protocol.claim(terms, answer, nodeId));
      const as = settlement.connect(protocol.accounts.signer);
      return { terms, requestId, answer, proof, call: () => as.deliverAndSettle(terms, nodeId, answer, proof) };
    };

    it("takes a named request without a trust gap and frees its bond", async () => {
      const { settlement, nodes, usd } = protocol.contracts;
      const { terms, requestId, answer, call } = await ready();
      const fee = protocol.fee(terms, answer.units);
      const settle = call();
      await expect(settle)
        .to.emit(settlement, "Delivered")
        .withArgs(requestId, protocol.nodeId, answer.outputHash, 1_500n);
      await expect(settle)
        .to.emit(settlement, "Settled")
        .withArgs(requestId, protocol.nodeId, protocol.accounts.payout, fee, terms.maxFee - fee);
      await expect(settle)
        .to.emit(nodes, "Burned")
        .withArgs(protocol.nodeId, requestId, 2n * OPG_UNIT);
      expect(await accountOf()).to.deep.equal([9_998n * OPG_UNIT, 0n, 0n]);
      expect(await settlement.creditOf(usd, protocol.accounts.payout)).to.equal(fee);
      expect(await settlement.isClaimSettled(await protocol.claim(terms, answer))).to.equal(true);
    });

    it("takes an open request and burns from the node's free OPG", async () => {
      const { settlement, nodes, opg } = protocol.contracts;
      const supply = await opg.totalSupply();
      const { terms, requestId, answer, call } = await ready({ offer: protocol.openOffer() });
      const fee = protocol.fee(terms, answer.units);
      const settle = call();
      await expect(settle)
        .to.emit(settlement, "Settled")
        .withArgs(requestId, protocol.nodeId, protocol.accounts.payout, fee, terms.maxFee - fee);
      await expect(settle)
        .to.emit(nodes, "Burned")
        .withArgs(protocol.nodeId, requestId, 2n * OPG_UNIT);
      expect(await opg.totalSupply()).to.equal(supply - 2n * OPG_UNIT);
      expect(await accountOf()).to.deep.equal([9_998n * OPG_UNIT, 0n, 0n]);
      expect(await settlement.isClaimSettled(await protocol.claim(terms, answer, protocol.nodeId))).to.equal(true);
    });

    it("publishes the output where the terms ask for it", async () => {
      const { settlement } = protocol.contracts;
      const { requestId, answer, call } = await ready({ mode: Mode.ONCHAIN, offer: protocol.openOffer() });
      await expect(call()).to.emit(settlement, "OutputPublished").withArgs(requestId, answer.output);
    });

    it("asks the verifier about its own block's time", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId, answer } = await ready();
      const claim = await protocol.claim(terms, answer);
      const at = BigInt(await networkHelpers.time.latest()) + 10n;
      const call = async (claimedAt: bigint) => {
        const proof = await protocol.proof(claim, claimedAt);
        await networkHelpers.time.setNextBlockTimestamp(at);
        return settlement.deliverAndSettle(terms, protocol.nodeId, answer, proof);
      };
      const values = [requestId, await protocol.hashClaim(claim)];
      await refused(protocol, () => call(at - 5n), settlement, "Settlement_InvalidProof", values);
      await call(at);
      expect(await settlement.clockOf(requestId)).to.include(at);
    });

    it("refuses another node than the one that the request names", async () => {
      const { settlement } = protocol.contracts;
      const other = await protocol.addNode(protocol.accounts.stranger, OPG_UNIT);
      const { terms, requestId, answer, proof } = await ready();
      for (const nodeId of [other.nodeId, ZeroHash]) {
        const call = () => settlement.deliverAndSettle(terms, nodeId, answer, proof);
        await refused(protocol, call, settlement, "Settlement_WrongNode", [requestId, nodeId]);
      }
    });

    it("refuses a node that did not sign, and no node at all", async () => {
      const { settlement } = protocol.contracts;
      const other = await protocol.addNode(protocol.accounts.stranger, 10n * OPG_UNIT);
      const { terms, requestId, answer } = await ready({ offer: protocol.openOffer() });
      for (const nodeId of [other.nodeId, ZeroHash, keccak256("0x")]) {
        const proof = await protocol.proof(await protocol.claim(terms, answer, nodeId));
        for (const signature of [answer.signature, "0x", `0x${"00".repeat(65)}`]) {
          const call = () =>
            settlement
              .connect(protocol.accounts.signer)
              .deliverAndSettle(terms, nodeId, { ...answer, signature }, proof);
          await refused(protocol, call, settlement, "Settlement_BadNodeSignature", [requestId, nodeId]);
        }
      }
    });

    it("refuses an open request from a node that is paused or has too little free OPG for the burn", async () => {
      const { nodes } = protocol.contracts;
      const { stranger } = protocol.accounts;
      const poor = await protocol.addNode(stranger, 1n * OPG_UNIT);
      const { terms, answer } = await ready({ offer: protocol.openOffer() });
      const proof = await protocol.proof(await protocol.claim(terms, answer, poor.nodeId));
      const settlement = protocol.contracts.settlement.connect(stranger);
      const call = () => settlement.deliverAndSettle(terms, poor.nodeId, answer, proof);
      const values = [poor.nodeId, 1n * OPG_UNIT, 2n * OPG_UNIT];
      await refused(protocol, call, nodes, "NodeRegistry_InsufficientFree", values);
      await nodes.connect(stranger).pause(poor.nodeId);
      await refused(protocol, call, nodes, "NodeRegistry_WrongStatus", [poor.nodeId, NodeStatus.PAUSED]);
    });

    it("refuses what is late, unproven, wrongly published or taken already", async () => {
      const { settlement } = protocol.contracts;
      const offer = protocol.openOffer();
      const { terms, requestId, answer, proof, call } = await ready({ offer });
      const deadline = (await settlement.clockOf(requestId)).since + terms.offer.deliveryWindow;
      const values = [requestId, await protocol.hashClaim(await protocol.claim(terms, answer, protocol.nodeId))];
      const unproven = () => settlement.deliverAndSettle(terms, protocol.nodeId, answer, `${proof}00`);
      await refused(protocol, unproven, settlement, "Settlement_InvalidProof", values);
      const published = () => settlement.deliverAndSettle(terms, protocol.nodeId, { ...answer, output: "0x07" }, proof);
      await refused(protocol, published, settlement, "Settlement_WrongOutput", [requestId, answer.outputHash]);
      await networkHelpers.time.increaseTo(deadline);
      await refused(protocol, call, settlement, "Settlement_DeliveryWindowClosed", [requestId, deadline]);

      const taken = await ready({ offer });
      await taken.call();
      const again = [taken.requestId, RequestStatus.SETTLED];
      await refused(protocol, taken.call, settlement, "Settlement_WrongStatus", again);
    });

    it("refuses a request that was delivered: the claim is fixed, and settle proves it", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId, answer, proof } = await protocol.delivered();
      const call = () => settlement.deliverAndSettle(terms, protocol.nodeId, answer, proof);
      await refused(protocol, call, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.DELIVERED]);
    });

    it("refuses a revoked verifier", async () => {
      const { settlement } = protocol.contracts;
      const { call } = await ready();
      await protocol.revokeVerifier();
      await refused(protocol, call, settlement, "Settlement_VerifierRevoked", [Protocol.ZK_VERIFIER]);
    });
  });

  describe("voidRequest", () => {
    it("gives everything back of what depends on a revoked verifier: named, open and delivered requests", async () => {
      const { settlement, usd } = protocol.contracts;
      const named = await protocol.request();
      const open = await protocol.request({ offer: protocol.openOffer() });
      const delivered = await protocol.delivered();
      const otherRoute = await protocol.request({ offer: { route: Route.TEE } });
      await protocol.revokeVerifier();
      for (const { terms, requestId } of [named, open, delivered]) {
        await expect(settlement.connect(protocol.accounts.stranger).voidRequest(terms))
          .to.emit(settlement, "Voided")
          .withArgs(requestId, terms.offer.nodeId);
        expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.VOIDED);
      }
      expect(await settlement.creditOf(usd, protocol.accounts.requester)).to.equal(3n * named.terms.maxFee);
      expect(await accountOf()).to.deep.equal([9_899n * OPG_UNIT, 101n * OPG_UNIT, 0n]);

      const call = () => settlement.voidRequest(otherRoute.terms);
      await refused(protocol, call, settlement, "Settlement_NothingRevoked", [otherRoute.requestId]);
    });

    it("is not for requests by a verifier that is active or frozen", async () => {
      const { settlement, verifiers } = protocol.contracts;
      const { terms, requestId } = await protocol.delivered();
      const call = () => settlement.voidRequest(terms);
      await refused(protocol, call, settlement, "Settlement_NothingRevoked", [requestId]);
      await verifiers.freeze(Protocol.ZK_VERIFIER);
      await refused(protocol, call, settlement, "Settlement_NothingRevoked", [requestId]);
    });

    it("gives back what was delivered under a key that was revoked in an emergency, and what was not goes on", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.delivered();
      const pending = await protocol.request();
      const open = await protocol.request({ offer: protocol.openOffer() });
      await protocol.doubles.zk.setVoid(protocol.nodeId, true);
      for (const other of [pending, open, { terms, requestId }]) {
        const call = () => settlement.voidRequest(other.terms);
        await refused(protocol, call, settlement, "Settlement_NothingRevoked", [other.requestId]);
      }
      await protocol.passProofWindow(terms);
      const claim = () => settlement.claimDefault(terms);
      await refused(protocol, claim, settlement, "Settlement_RequestVoid", [requestId]);
      await expect(settlement.voidRequest(terms)).to.emit(settlement, "Voided").withArgs(requestId, protocol.nodeId);
      expect(await accountOf()).to.deep.equal([9_898n * OPG_UNIT, 102n * OPG_UNIT, 0n]);
    });

    it("cannot be used to keep a proof by another key from settling", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId, answer, proof } = await protocol.delivered();
      await protocol.doubles.zk.setVoid(protocol.nodeId, true);
      const call = () => settlement.connect(protocol.accounts.requester).voidRequest(terms);
      await refused(protocol, call, settlement, "Settlement_NothingRevoked", [requestId]);
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.SETTLED);
    });

    it("never touches what is over, or never was", async () => {
      const { settlement } = protocol.contracts;
      const settled = await protocol.settled();
      const never = await protocol.terms();
      await protocol.revokeVerifier();
      for (const [terms, status] of [
        [settled.terms, RequestStatus.SETTLED],
        [never, RequestStatus.NONE],
      ] as const) {
        const call = () => settlement.voidRequest(terms);
        const values = [await protocol.requestIdOf(terms), status];
        await refused(protocol, call, settlement, "Settlement_WrongStatus", values);
      }
    });
  });

  it("a terminal request never changes again (law 5)", async () => {
    const { settlement } = protocol.contracts;
    const { signer } = protocol.accounts;
    const declined = await protocol.request();
    await settlement.connect(signer).decline(declined.terms);
    const refunded = await protocol.request();
    await protocol.passDeliveryWindow(refunded.terms);
    await settlement.refund(refunded.terms);
    const settled = await protocol.settled();
    const defaulted = await protocol.delivered();
    await protocol.passProofWindow(defaulted.terms);
    await settlement.claimDefault(defaulted.terms);
    const voided = await protocol.request({ offer: { route: Route.TEE } });
    await protocol.revokeVerifier(Protocol.TEE_VERIFIER);
    await settlement.voidRequest(voided.terms);
    await protocol.revokeVerifier();

    for (const [{ terms, requestId }, status] of [
      [declined, RequestStatus.REFUNDED],
      [refunded, RequestStatus.REFUNDED],
      [settled, RequestStatus.SETTLED],
      [defaulted, RequestStatus.DEFAULTED],
      [voided, RequestStatus.VOIDED],
    ] as const) {
      const answer = await protocol.answer(terms);
      const proof = await protocol.proof(await protocol.claim(terms, answer));
      const as = settlement.connect(signer);
      for (const call of [
        () => as.decline(terms),
        () => as.deliver(terms, answer),
        () => as.settle(terms, answer.outputHash, answer.units, proof),
        () => as.deliverAndSettle(terms, protocol.nodeId, answer, proof),
        () => as.refund(terms),
        () => as.claimDefault(terms),
        () => as.voidRequest(terms),
      ]) {
        await refused(protocol, call, settlement, "Settlement_WrongStatus", [requestId, status]);
      }
    }
  });
});
