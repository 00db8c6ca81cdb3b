import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ethers, loadProtocol, networkHelpers, OPG_UNIT, Protocol, RequestStatus, Route } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("Settlement: parameters, limits, tokens and pause", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const PARAMETERS = {
    zkVerificationFee: 3n * OPG_UNIT,
    teeVerificationFee: 4n * OPG_UNIT,
    compensationBps: 7_000n,
    rewardBps: 300n,
    proofBlocks: 9n,
  };
  const values = (parameters: object) => Object.values(parameters);

  it("starts with the parameters and limits of the deployment", async () => {
    const { settlement, nodes, models, verifiers, opg } = protocol.contracts;
    const parameters = [2n * OPG_UNIT, 1n * OPG_UNIT, 8_000n, 200n, 5n];
    expect(await settlement.parameters()).to.deep.equal(parameters);
    const limits = [1_000n * OPG_UNIT, 86_400n, 604_800n, 604_800n, 100_000n, 172_800n];
    expect(await settlement.limits()).to.deep.equal(limits);
    expect(await settlement.isPaused()).to.equal(false);
    const wired = [settlement.nodes(), settlement.models(), settlement.verifiers(), settlement.opg()];
    expect(await Promise.all(wired)).to.deep.equal(
      await Promise.all([nodes, models, verifiers, opg].map((contract) => contract.getAddress())),
    );
  });

  describe("parameters", () => {
    it("change after the delay, by anybody's hand, for later requests only", async () => {
      const { settlement } = protocol.contracts;
      const { parameterDelay } = await settlement.limits();
      const { terms, answer, proof, requestId } = await protocol.delivered();
      const old = await protocol.terms();

      const scheduled = settlement.scheduleParameters(PARAMETERS);
      await expect(scheduled).to.emit(settlement, "ParametersScheduled");
      const applicableAt = BigInt(await networkHelpers.time.latest()) + parameterDelay;
      expect(await settlement.scheduledParameters()).to.deep.equal([values(PARAMETERS), applicableAt]);

      const apply = () => settlement.connect(protocol.accounts.stranger).applyParameters();
      await refused(protocol, apply, settlement, "Settlement_NothingToApply", [applicableAt]);
      await networkHelpers.time.setNextBlockTimestamp(applicableAt - 1n);
      await refused(protocol, apply, settlement, "Settlement_NothingToApply", [applicableAt]);
      await networkHelpers.time.setNextBlockTimestamp(applicableAt);
      await expect(apply())
        .to.emit(settlement, "ParametersApplied")
        .withArgs((applied: unknown) => {
          expect(applied).to.deep.equal(values(PARAMETERS));
          return true;
        });
      expect(await settlement.parameters()).to.deep.equal(values(PARAMETERS));
      await refused(protocol, apply, settlement, "Settlement_NothingToApply", [0n]);

      const outdated = () =>
        settlement.connect(protocol.accounts.requester).request({ ...old, deadline: 2n ** 64n - 1n }, "0x");
      const oldId = await protocol.requestIdOf({ ...old, deadline: 2n ** 64n - 1n });
      await refused(protocol, outdated, settlement, "Settlement_OutdatedTerms", [oldId]);
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      expect(await settlement.isSettled(requestId)).to.equal(true);
      const later = await protocol.request();
      expect(later.terms.verificationFee).to.equal(PARAMETERS.zkVerificationFee);
    });

    it("do not undo a pause when they come into force", async () => {
      const { settlement } = protocol.contracts;
      await settlement.scheduleParameters(PARAMETERS);
      await settlement.pause();
      await networkHelpers.time.increase((await settlement.limits()).parameterDelay);
      await settlement.applyParameters();
      expect(await settlement.isPaused()).to.equal(true);
    });

    it("that are announced anew replace the former and wait the whole delay", async () => {
      const { settlement } = protocol.contracts;
      const { parameterDelay } = await settlement.limits();
      await settlement.scheduleParameters(PARAMETERS);
      await networkHelpers.time.increase(parameterDelay - 10n);
      const other = { ...PARAMETERS, proofBlocks: 1n };
      await settlement.scheduleParameters(other);
      const applicableAt = BigInt(await networkHelpers.time.latest()) + parameterDelay;
      await networkHelpers.time.increase(20n);
      await refused(protocol, () => settlement.applyParameters(), settlement, "Settlement_NothingToApply", [
        applicableAt,
      ]);
      await networkHelpers.time.increaseTo(applicableAt);
      await settlement.applyParameters();
      expect(await settlement.parameters()).to.deep.equal(values(other));
    });

    it("stay within the limits, to the last unit", async () => {
      const { settlement } = protocol.contracts;
      const { verificationFee, proofBlocks } = await settlement.limits();
      for (const [change, value, limit] of [
        [{ zkVerificationFee: verificationFee + 1n }, verificationFee + 1n, verificationFee],
        [{ teeVerificationFee: verificationFee + 1n }, verificationFee + 1n, verificationFee],
        [{ compensationBps: 10_000n, rewardBps: 1n }, 10_001n, 10_000n],
        [{ compensationBps: 65_535n }, 65_835n, 10_000n],
        [{ compensationBps: 0n, rewardBps: 1_001n }, 1_001n, 1_000n],
        [{ proofBlocks: proofBlocks + 1n }, proofBlocks + 1n, proofBlocks],
      ] as const) {
        const call = () => settlement.scheduleParameters({ ...PARAMETERS, ...change });
        await refused(protocol, call, settlement, "Settlement_ParameterOutOfBounds", [value, limit]);
      }
      await settlement.scheduleParameters({
        zkVerificationFee: verificationFee,
        teeVerificationFee: verificationFee,
        compensationBps: 9_999n,
        rewardBps: 1n,
        proofBlocks,
      });
    });
  });

  describe("deployment", () => {
    const deploy = async (change: { unbondingDelay?: bigint; compensationBps?: bigint }) => {
      const { manager, opg, models, verifiers } = protocol.contracts;
      const { unbondingDelay = 301n, compensationBps = 0n } = change;
      const nodes = await ethers.deployContract("NodeRegistry", [manager, opg, ZeroAddress, unbondingDelay, 0n]);
      const limits = {
        verificationFee: 2n ** 96n - 1n,
        deliveryWindow: 100n,
        proofWindow: 200n,
        evidenceWindow: 100n,
        proofBlocks: 9n,
        parameterDelay: 0n,
      };
      const parameters = { ...PARAMETERS, compensationBps };
      return ethers.deployContract("Settlement", [manager, nodes, models, verifiers, limits, parameters]);
    };

    it("needs an unbonding delay beyond proof and evidence window together", async () => {
      await expect(deploy({ unbondingDelay: 300n }))
        .to.be.revertedWithCustomError(protocol.contracts.settlement, "Settlement_UnbondingTooShort")
        .withArgs(300n, 300n);
      await deploy({});
    });

    it("needs parameters within its own limits", async () => {
      await expect(deploy({ compensationBps: 9_701n }))
        .to.be.revertedWithCustomError(protocol.contracts.settlement, "Settlement_ParameterOutOfBounds")
        .withArgs(10_001n, 10_000n);
    });
  });

  it("lists only contracts as tokens, and takes any token off the list", async () => {
    const { settlement, opg } = protocol.contracts;
    const { stranger } = protocol.accounts;
    const list = () => settlement.setToken(stranger, true);
    await refused(protocol, list, settlement, "Settlement_NotAContract", [stranger.address]);
    await expect(settlement.setToken(opg, true)).to.emit(settlement, "TokenListed").withArgs(opg, true);
    expect(await settlement.isListed(opg)).to.equal(true);
    await expect(settlement.setToken(opg, false)).to.emit(settlement, "TokenListed").withArgs(opg, false);
    expect(await settlement.isListed(opg)).to.equal(false);
  });

  it("pausing stops new requests and no exit (law 7)", async () => {
    const { settlement, nodes, usd, opg } = protocol.contracts;
    const { requester, operator, payout, signer } = protocol.accounts;
    const declined = await protocol.request();
    const taken = await protocol.request();
    const open = await protocol.request({ offer: protocol.openOffer() });
    const pending = await protocol.request();
    const settled = await protocol.delivered();
    const defaulted = await protocol.delivered();
    const refunded = await protocol.request();
    const voided = await protocol.request({ offer: { route: Route.TEE } });

    await expect(settlement.pause()).to.emit(settlement, "RequestsPaused").withArgs(true);
    expect(await settlement.isPaused()).to.equal(true);
    const fresh = await protocol.terms();
    const request = () => settlement.connect(requester).request(fresh, "0x");
    await refused(protocol, request, settlement, "Settlement_Paused", []);

    await settlement.connect(signer).decline(declined.terms);
    for (const { terms } of [taken, open]) {
      const answer = await protocol.answer(terms);
      const proof = await protocol.proof(await protocol.claim(terms, answer, protocol.nodeId));
      await settlement.deliverAndSettle(terms, protocol.nodeId, answer, proof);
    }
    await settlement.deliver(pending.terms, await protocol.answer(pending.terms));
    await settlement.settle(settled.terms, settled.answer.outputHash, settled.answer.units, settled.proof);
    await protocol.passDeliveryWindow(refunded.terms);
    await settlement.refund(refunded.terms);
    await protocol.passProofWindow(defaulted.terms);
    await settlement.connect(protocol.accounts.stranger).claimDefault(defaulted.terms);
    await settlement.connect(protocol.accounts.stranger).claimDefault(pending.terms);
    await protocol.revokeVerifier(Protocol.TEE_VERIFIER);
    await settlement.voidRequest(voided.terms);
    expect(await settlement.statusOf(voided.requestId)).to.equal(RequestStatus.VOIDED);

    for (const account of [requester, payout]) await settlement.withdrawFor(usd, account);
    for (const account of [requester, protocol.accounts.stranger]) await settlement.withdrawFor(opg, account);
    expect([await settlement.owed(usd), await settlement.owed(opg)]).to.deep.equal([0n, 0n]);
    expect([await usd.balanceOf(settlement), await opg.balanceOf(settlement)]).to.deep.equal([0n, 0n]);
    const as = nodes.connect(operator);
    await as.unbond(protocol.nodeId, (await nodes.accountOf(protocol.nodeId)).free);
    await networkHelpers.time.increase(await nodes.unbondingDelay());
    await as.withdraw(protocol.nodeId, operator);
    expect(await opg.balanceOf(nodes)).to.equal(0n);

    await expect(settlement.unpause()).to.emit(settlement, "RequestsPaused").withArgs(false);
    expect(await settlement.isPaused()).to.equal(false);
  });
});
