import { expect } from "chai";
import { getBytes, hexlify, keccak256, toUtf8Bytes, ZeroHash } from "ethers";
import {
  ethers,
  loadProtocol,
  Mode,
  networkHelpers,
  OPG_UNIT,
  type Protocol,
  RequestStatus,
  Route,
  USD_UNIT,
} from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("Settlement: decline, deliver and refund", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const expectAllBack = async (maxFee: bigint) => {
    const { settlement, nodes, usd } = protocol.contracts;
    expect(await settlement.creditOf(usd, protocol.accounts.requester)).to.equal(maxFee);
    expect(await settlement.owed(usd)).to.equal(maxFee);
    const { free, bonded } = await nodes.accountOf(protocol.nodeId);
    expect([free, bonded]).to.deep.equal([10_000n * OPG_UNIT, 0n]);
  };

  describe("decline", () => {
    for (const who of ["signer", "operator"] as const) {
      it(`gives everything back when the node's ${who === "operator" ? "owner" : who} declines`, async () => {
        const { settlement } = protocol.contracts;
        const { terms, requestId } = await protocol.request();
        await expect(settlement.connect(protocol.accounts[who]).decline(terms))
          .to.emit(settlement, "Declined")
          .withArgs(requestId, protocol.nodeId);
        expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.REFUNDED);
        await expectAllBack(terms.maxFee);
      });
    }

    it("is nobody else's to say, and nobody's for an open request", async () => {
      const { settlement } = protocol.contracts;
      const { requester, payout, stranger, signer, operator } = protocol.accounts;
      const named = await protocol.request();
      const open = await protocol.request({ offer: protocol.openOffer() });
      for (const [{ terms, requestId }, callers] of [
        [named, [requester, payout, stranger]],
        [open, [requester, signer, operator]],
      ] as const) {
        for (const caller of callers) {
          const call = () => settlement.connect(caller).decline(terms);
          await refused(protocol, call, settlement, "Settlement_Unauthorized", [requestId, caller.address]);
        }
      }
    });

    it("comes too late after the delivery", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.delivered();
      const call = () => settlement.connect(protocol.accounts.signer).decline(terms);
      await refused(protocol, call, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.DELIVERED]);
    });
  });

  describe("deliver", () => {
    it("commits the node to its answer and starts the trust gap", async () => {
      const { settlement, usd } = protocol.contracts;
      const { terms, requestId } = await protocol.request();
      const answer = await protocol.answer(terms, { signature: "0x" });
      const owed = await settlement.owed(usd);
      const delivered = settlement.connect(protocol.accounts.signer).deliver(terms, answer);
      await expect(delivered)
        .to.emit(settlement, "Delivered")
        .withArgs(requestId, protocol.nodeId, answer.outputHash, answer.units);
      await expect(delivered).not.to.emit(settlement, "OutputPublished");
      const [since, block] = [await networkHelpers.time.latest(), await networkHelpers.time.latestBlock()];
      const clock = [RequestStatus.DELIVERED, BigInt(since), BigInt(block)];
      expect(await settlement.clockOf(requestId)).to.deep.equal(clock);
      expect(await settlement.owed(usd)).to.equal(owed);
      expect(await settlement.isSettled(requestId)).to.equal(false);
      expect(await settlement.isClaimSettled(await protocol.claim(terms, answer))).to.equal(false);
    });

    it("is anyone's to post who has the node's signature: the requester, or a stranger", async () => {
      const { settlement } = protocol.contracts;
      for (const poster of [protocol.accounts.requester, protocol.accounts.stranger]) {
        const { terms, requestId } = await protocol.request();
        const answer = await protocol.answer(terms);
        const digest = await settlement.hashDelivery(requestId, answer.outputHash, answer.units);
        expect(ethers.recoverAddress(digest, answer.signature)).to.equal(protocol.accounts.signer.address);
        await settlement.connect(poster).deliver(terms, answer);
        expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.DELIVERED);
      }
    });

    it("takes an answer in the last second of the delivery window and refuses it in the next", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request();
      const other = await protocol.request();
      const deadline = (await settlement.clockOf(requestId)).since + terms.offer.deliveryWindow;
      await networkHelpers.time.setNextBlockTimestamp(deadline);
      await settlement.deliver(terms, await protocol.answer(terms));
      const lastSecond = (await settlement.clockOf(other.requestId)).since + terms.offer.deliveryWindow;
      await networkHelpers.time.increaseTo(lastSecond);
      const answer = await protocol.answer(other.terms);
      const late = () => settlement.deliver(other.terms, answer);
      const values = [other.requestId, lastSecond];
      await refused(protocol, late, settlement, "Settlement_DeliveryWindowClosed", values);
    });

    it("publishes the output of an on-chain delivery, as the word itself or under its hash", async () => {
      const { settlement } = protocol.contracts;
      for (const [route, output] of [
        [Route.ZK, `0x${"00".repeat(31)}07`],
        [Route.TEE, hexlify(toUtf8Bytes("A longer answer than one word holds, as a language model gives it."))],
      ] as const) {
        const { terms, requestId } = await protocol.request({ mode: Mode.ONCHAIN, offer: { route } });
        const outputHash = route === Route.ZK ? output : keccak256(output);
        const answer = await protocol.answer(terms, { output, outputHash });
        await expect(settlement.deliver(terms, answer))
          .to.emit(settlement, "OutputPublished")
          .withArgs(requestId, output);
      }
    });

    it("refuses an output that is not the one committed to", async () => {
      const { settlement } = protocol.contracts;
      const word = `0x${"00".repeat(31)}07`;
      for (const [route, mode, change] of [
        [Route.ZK, Mode.ONCHAIN, { outputHash: word, output: `0x${"00".repeat(31)}08` }],
        [Route.ZK, Mode.ONCHAIN, { outputHash: word, output: `${word}00` }],
        [Route.ZK, Mode.ONCHAIN, { outputHash: word, output: "0x" }],
        [Route.ZK, Mode.ONCHAIN, { outputHash: ZeroHash, output: `0x${"00".repeat(31)}` }],
        [Route.ZK, Mode.ONCHAIN, { outputHash: keccak256(word), output: word }],
        [Route.TEE, Mode.ONCHAIN, { outputHash: word, output: word }],
        [Route.TEE, Mode.ONCHAIN, { outputHash: keccak256(word), output: "0x" }],
        [Route.TEE, Mode.DIRECT, { outputHash: keccak256(word), output: word }],
        [Route.ZK, Mode.DIRECT, { outputHash: word, output: word }],
      ] as const) {
        const { terms, requestId } = await protocol.request({ mode, offer: { route } });
        const answer = await protocol.answer(terms, change);
        const call = () => settlement.deliver(terms, answer);
        await refused(protocol, call, settlement, "Settlement_WrongOutput", [requestId, change.outputHash]);
      }
    });

    it("takes an empty output on chain if its hash is the one committed to", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request({ mode: Mode.ONCHAIN, offer: { route: Route.TEE } });
      const answer = await protocol.answer(terms, { output: "0x", outputHash: keccak256("0x") });
      await expect(settlement.deliver(terms, answer)).to.emit(settlement, "OutputPublished").withArgs(requestId, "0x");
    });

    it("refuses what the node's signer did not sign", async () => {
      const { settlement, nodes } = protocol.contracts;
      const { signer, stranger, operator } = protocol.accounts;
      const { terms, requestId } = await protocol.request();
      const good = await protocol.answer(terms);
      const bytes = getBytes(good.signature);
      const refusedAnswers = [
        await protocol.answer(terms, {}, stranger),
        // The owner is not the signer.
        await protocol.answer(terms, {}, operator),
        { ...good, units: good.units + 1n },
        { ...good, outputHash: keccak256(good.outputHash) },
        { ...good, signature: await protocol.signDelivery(keccak256(requestId), good) },
        { ...good, signature: "0x" },
        { ...good, signature: hexlify(bytes.slice(0, 64)) },
        { ...good, signature: `0x${"00".repeat(65)}` },
      ];
      for (const answer of refusedAnswers) {
        const call = () => settlement.connect(protocol.accounts.requester).deliver(terms, answer);
        await refused(protocol, call, settlement, "Settlement_BadNodeSignature", [requestId, protocol.nodeId]);
      }
      // A signature of the former key is void.
      await nodes.connect(operator).setSigner(protocol.nodeId, stranger);
      const call = () => settlement.connect(signer).deliver(terms, good);
      await refused(protocol, call, settlement, "Settlement_BadNodeSignature", [requestId, protocol.nodeId]);
      await settlement.deliver(terms, await protocol.answer(terms, {}, stranger));
    });

    it("refuses a second delivery, the same or another", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId, answer } = await protocol.delivered();
      for (const again of [answer, await protocol.answer(terms, { units: 9n })]) {
        const call = () => settlement.deliver(terms, again);
        await refused(protocol, call, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.DELIVERED]);
      }
    });

    it("refuses an open request, which is only taken with its proof", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request({ offer: protocol.openOffer() });
      const answer = await protocol.answer(terms);
      const call = () => settlement.connect(protocol.accounts.signer).deliver(terms, answer);
      await refused(protocol, call, settlement, "Settlement_OpenRequestNeedsProof", [requestId]);
    });

    it("refuses terms that were not requested", async () => {
      const { settlement } = protocol.contracts;
      const { terms } = await protocol.request();
      const cheaper = { ...terms, maxFee: 4n * USD_UNIT };
      const requestId = await protocol.requestIdOf(cheaper);
      const answer = await protocol.answer(cheaper);
      const call = () => settlement.deliver(cheaper, answer);
      await refused(protocol, call, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.NONE]);
    });

    it("is open to a node that paused, retired or withdrew its offer after the request", async () => {
      const { settlement, nodes, usd } = protocol.contracts;
      const asOperator = nodes.connect(protocol.accounts.operator);
      const { terms, requestId } = await protocol.request();
      await asOperator.withdrawOffer(protocol.nodeId, protocol.modelId, Route.ZK, usd);
      await asOperator.retire(protocol.nodeId);
      await settlement.deliver(terms, await protocol.answer(terms));
      expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.DELIVERED);
    });
  });

  describe("refund", () => {
    it("gives everything back once the delivery window is over, to whoever asks for it", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request();
      const deadline = (await settlement.clockOf(requestId)).since + terms.offer.deliveryWindow;
      const refund = () => settlement.connect(protocol.accounts.stranger).refund(terms);
      await refused(protocol, refund, settlement, "Settlement_DeliveryWindowOpen", [requestId, deadline]);
      await networkHelpers.time.setNextBlockTimestamp(deadline);
      await refused(protocol, refund, settlement, "Settlement_DeliveryWindowOpen", [requestId, deadline]);
      await networkHelpers.time.increaseTo(deadline + 1n);
      await expect(refund()).to.emit(settlement, "Refunded").withArgs(requestId, protocol.nodeId);
      expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.REFUNDED);
      await expectAllBack(terms.maxFee);
    });

    it("gives an open request's escrow back and touches no bond", async () => {
      const { settlement, nodes } = protocol.contracts;
      const { terms, requestId } = await protocol.request({ offer: protocol.openOffer() });
      await protocol.passDeliveryWindow(terms);
      const refund = settlement.refund(terms);
      await expect(refund).to.emit(settlement, "Refunded").withArgs(requestId, ZeroHash);
      await expect(refund).not.to.emit(nodes, "BondUnlocked");
      await expectAllBack(terms.maxFee);
    });

    it("is not for what was delivered", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.delivered();
      await protocol.passDeliveryWindow(terms);
      const call = () => settlement.refund(terms);
      await refused(protocol, call, settlement, "Settlement_WrongStatus", [requestId, RequestStatus.DELIVERED]);
    });
  });
});
