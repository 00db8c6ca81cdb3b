import { expect } from "chai";
import { MaxUint256, Signature, TypedDataEncoder, Wallet, ZeroHash } from "ethers";
import { OFFER_TYPES, TERMS_TYPES } from "../../sdk/src/hash/typedData.ts";
import {
  Commitment,
  ethers,
  loadProtocol,
  Mode,
  NodeStatus,
  networkHelpers,
  OPG_UNIT,
  Protocol,
  RequestStatus,
  Route,
  type TermsChange,
  USD_UNIT,
  VerifierStatus,
} from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("Settlement: request", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const attempt = async (change: TermsChange) => {
    const terms = await protocol.terms(change);
    const settlement = protocol.contracts.settlement.connect(protocol.accounts.requester);
    return { terms, requestId: await protocol.requestIdOf(terms), call: () => settlement.request(terms, "0x") };
  };
  const isRefused = async (change: TermsChange, error: string, values: (requestId: string) => unknown[]) => {
    const { requestId, call } = await attempt(change);
    await refused(protocol, call, protocol.contracts.settlement, error, values(requestId));
    expect(await protocol.contracts.settlement.statusOf(requestId)).to.equal(RequestStatus.NONE);
  };

  for (const [name, route, verificationFee] of [
    ["ZK", Route.ZK, 2n * OPG_UNIT],
    ["TEE", Route.TEE, 1n * OPG_UNIT],
  ] as const) {
    it(`escrows maxFee and locks the named node's bond, on the ${name} route`, async () => {
      const { settlement, nodes, usd } = protocol.contracts;
      const { terms, requestId, call } = await attempt({ offer: { route } });
      expect(await settlement.hashTerms(terms)).to.equal(requestId);
      const bond = terms.offer.coverage + verificationFee;

      const made = call();
      await expect(made)
        .to.emit(settlement, "Requested")
        .withArgs(requestId, terms.requester, protocol.nodeId, (emitted: unknown[]) => {
          expect(emitted).to.deep.equal([...Object.values(terms).slice(0, -1), Object.values(terms.offer)]);
          return true;
        });
      await expect(made).to.emit(nodes, "BondLocked").withArgs(protocol.nodeId, requestId, bond);
      await expect(made).to.changeTokenBalances(
        ethers,
        usd,
        [protocol.accounts.requester, settlement],
        [-terms.maxFee, terms.maxFee],
      );
      expect(await settlement.owed(usd)).to.equal(terms.maxFee);
      const { free, bonded, unbonding } = await nodes.accountOf(protocol.nodeId);
      expect([free, bonded, unbonding]).to.deep.equal([10_000n * OPG_UNIT - bond, bond, 0n]);
      const since = BigInt(await networkHelpers.time.latest());
      expect(await settlement.clockOf(requestId)).to.deep.equal([RequestStatus.REQUESTED, since, 0n]);
    });
  }

  it("makes an open request, which locks nobody's bond", async () => {
    const { settlement, nodes, usd } = protocol.contracts;
    const { terms, requestId, call } = await attempt({ offer: protocol.openOffer() });
    const made = call();
    await expect(made)
      .to.emit(settlement, "Requested")
      .withArgs(requestId, terms.requester, ZeroHash, () => true);
    await expect(made).not.to.emit(nodes, "BondLocked");
    expect(await settlement.owed(usd)).to.equal(terms.maxFee);
  });

  it("makes a request for nothing, which moves no token", async () => {
    const { nodes, usd } = protocol.contracts;
    const offer = { pricePerRequest: 0n, pricePerUnit: 0n };
    await nodes.connect(protocol.accounts.operator).postOffer(await protocol.offer(offer));
    const { call } = await attempt({ maxFee: 0n, offer });
    await expect(call()).not.to.emit(usd, "Transfer");
  });

  it("pays in OPG too, which stays apart from the bonds", async () => {
    const { settlement, nodes, opg } = protocol.contracts;
    const { operator, requester } = protocol.accounts;
    await settlement.setToken(opg, true);
    await opg.transfer(requester, 5n * USD_UNIT);
    await opg.connect(requester).approve(settlement, MaxUint256);
    const offer = { token: await opg.getAddress() };
    await nodes.connect(operator).postOffer(await protocol.offer(offer));
    const { call } = await attempt({ offer });
    await expect(call()).to.changeTokenBalances(ethers, opg, [settlement, nodes], [5n * USD_UNIT, 0n]);
    expect(await settlement.owed(opg)).to.equal(5n * USD_UNIT);
  });

  describe("by whom", () => {
    it("takes a relayed request with the requester's signature", async () => {
      const { settlement, usd } = protocol.contracts;
      const { relayer, requester } = protocol.accounts;
      const terms = await protocol.terms();
      const made = settlement.connect(relayer).request(terms, await protocol.signTerms(terms));
      await expect(made).to.changeTokenBalances(ethers, usd, [requester, relayer], [-terms.maxFee, 0n]);
    });

    it("takes a relayed request of an ERC-1271 account", async () => {
      const { settlement, usd } = protocol.contracts;
      const { relayer, requester } = protocol.accounts;
      const account = await ethers.deployContract("SmartAccount", [requester]);
      await usd.mint(account, 5n * USD_UNIT);
      await account
        .connect(requester)
        .execute(usd, usd.interface.encodeFunctionData("approve", [await settlement.getAddress(), MaxUint256]));
      const terms = await protocol.terms({ requester: await account.getAddress() });
      const by = settlement.connect(relayer);
      const requestId = await protocol.requestIdOf(terms);
      const forged = async () => by.request(terms, await protocol.signTerms(terms, protocol.accounts.stranger));
      await refused(protocol, forged, settlement, "Settlement_BadRequesterSignature", [requestId, terms.requester]);
      await by.request(terms, await protocol.signTerms(terms, requester));
      expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.REQUESTED);
    });

    it("takes the own key of an account that delegates to code (EIP-7702), which ERC-1271 would refuse", async () => {
      const { settlement, usd } = protocol.contracts;
      const wallet = Wallet.createRandom(ethers.provider);
      await networkHelpers.setBalance(wallet.address, 10n ** 18n);
      await usd.mint(wallet, 5n * USD_UNIT);
      await usd.connect(wallet).approve(settlement, MaxUint256);
      // The code asks its own owner, a stranger, for ERC-1271 signatures.
      const code = await ethers.deployContract("SmartAccount", [protocol.accounts.stranger]);
      const authorization = await wallet.authorize({ address: await code.getAddress(), nonce: 2 });
      await wallet.sendTransaction({ type: 4, to: protocol.accounts.relayer, authorizationList: [authorization] });
      expect(await ethers.provider.getCode(wallet.address)).to.match(/^0xef0100/);

      const relayed = settlement.connect(protocol.accounts.relayer);
      const terms = await protocol.terms({ requester: wallet.address });
      await relayed.request(terms, await protocol.signTerms(terms, wallet));
      expect(await settlement.statusOf(await protocol.requestIdOf(terms))).to.equal(RequestStatus.REQUESTED);
    });

    it("refuses a signature by somebody else, over other terms, of another domain, or none", async () => {
      const { settlement } = protocol.contracts;
      const { relayer, stranger, requester } = protocol.accounts;
      const terms = await protocol.terms();
      const foreign = { ...(await protocol.domain()), chainId: 1n };
      const signatures = [
        await protocol.signTerms(terms, stranger),
        await protocol.signTerms({ ...terms, maxFee: terms.maxFee - 1n }),
        await requester.signTypedData(foreign, TERMS_TYPES, terms),
        "0x",
      ];
      for (const signature of signatures) {
        const call = () => settlement.connect(relayer).request(terms, signature);
        const values = [await protocol.requestIdOf(terms), terms.requester];
        await refused(protocol, call, settlement, "Settlement_BadRequesterSignature", values);
      }
    });
  });

  describe("with a permit", () => {
    const permitted = async (change: TermsChange = {}) => {
      const { settlement, usd } = protocol.contracts;
      const { requester } = protocol.accounts;
      await usd.connect(requester).approve(settlement, 0n);
      const terms = await protocol.terms(change);
      const deadline = terms.deadline;
      const value = terms.maxFee;
      const spender = await settlement.getAddress();
      const domain = { ...(await protocol.domain()), name: "Test USD", verifyingContract: await usd.getAddress() };
      const types = {
        Permit: ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"]
          .map((field) => field.split(":"))
          .map(([name = "", type = ""]) => ({ name, type })),
      };
      const message = { owner: terms.requester, spender, value, nonce: await usd.nonces(requester), deadline };
      const { v, r, s } = Signature.from(await requester.signTypedData(domain, types, message));
      return { terms, permit: { value, deadline, v, r, s } };
    };

    it("needs no approval beforehand, and no transaction of the requester's", async () => {
      const { settlement, usd } = protocol.contracts;
      const { terms, permit } = await permitted();
      const by = settlement.connect(protocol.accounts.relayer);
      const made = by.requestWithPermit(terms, await protocol.signTerms(terms), permit);
      await expect(made).to.changeTokenBalance(ethers, usd, settlement, terms.maxFee);
    });

    it("survives somebody who uses up the permit first", async () => {
      const { settlement, usd } = protocol.contracts;
      const { terms, permit } = await permitted();
      const { value, deadline, v, r, s } = permit;
      await usd.connect(protocol.accounts.stranger).permit(terms.requester, settlement, value, deadline, v, r, s);
      await settlement.connect(protocol.accounts.requester).requestWithPermit(terms, "0x", permit);
      expect(await settlement.owed(usd)).to.equal(terms.maxFee);
    });

    it("gives the token's own reason if the permit is none and nothing was approved", async () => {
      const { settlement, usd } = protocol.contracts;
      const { terms, permit } = await permitted();
      const call = () =>
        settlement.connect(protocol.accounts.requester).requestWithPermit(terms, "0x", { ...permit, value: 1n });
      const values = [await settlement.getAddress(), 0n, terms.maxFee];
      await refused(protocol, call, usd, "ERC20InsufficientAllowance", values);
    });

    it("judges the terms as it does without", async () => {
      const { settlement } = protocol.contracts;
      const { terms, permit } = await permitted({ maxFee: 1n });
      const call = () => settlement.connect(protocol.accounts.requester).requestWithPermit(terms, "0x", permit);
      await refused(protocol, call, settlement, "Settlement_MaxFeeTooLow", [1n, terms.offer.pricePerRequest]);
    });
  });

  describe("refuses", () => {
    it("the same terms twice, whatever became of the first", async () => {
      const { settlement } = protocol.contracts;
      const { terms, requestId } = await protocol.request();
      const again = () => settlement.connect(protocol.accounts.requester).request(terms, "0x");
      await refused(protocol, again, settlement, "Settlement_RequestExists", [requestId]);
      await settlement.connect(protocol.accounts.signer).decline(terms);
      await refused(protocol, again, settlement, "Settlement_RequestExists", [requestId]);
    });

    it("terms whose deadline has passed, and takes them in its last second", async () => {
      const { settlement } = protocol.contracts;
      const deadline = BigInt(await networkHelpers.time.latest()) + 100n;
      const late = await attempt({ deadline });
      const inTime = await attempt({ deadline });
      await networkHelpers.time.setNextBlockTimestamp(deadline);
      await inTime.call();
      const values = [late.requestId, deadline];
      await refused(protocol, late.call, settlement, "Settlement_RequestExpired", values);
    });

    it("a token that is not listed, or no longer", async () => {
      const { settlement, usd } = protocol.contracts;
      const token = await usd.getAddress();
      const opg = await protocol.contracts.opg.getAddress();
      await isRefused({ offer: { token: opg } }, "Settlement_TokenNotListed", () => [opg]);
      await settlement.setToken(usd, false);
      await isRefused({}, "Settlement_TokenNotListed", () => [token]);
    });

    for (const member of ["verificationFee", "compensationBps", "rewardBps", "proofBlocks"] as const) {
      it(`another ${member} than the one in force`, async () => {
        const terms = await protocol.terms();
        for (const difference of [-1n, 1n]) {
          await isRefused({ [member]: terms[member] + difference }, "Settlement_OutdatedTerms", (id) => [id]);
        }
      });
    }

    it("the other route's verification fee", async () => {
      const { teeVerificationFee, zkVerificationFee } = await protocol.contracts.settlement.parameters();
      const change = { verificationFee: zkVerificationFee, offer: { route: Route.TEE } };
      await isRefused(change, "Settlement_OutdatedTerms", (id) => [id]);
      await isRefused({ verificationFee: teeVerificationFee }, "Settlement_OutdatedTerms", (id) => [id]);
    });

    it("windows beyond the limits", async () => {
      const { deliveryWindow, proofWindow } = await protocol.contracts.settlement.limits();
      for (const [change, limit] of [
        [{ deliveryWindow: deliveryWindow + 1n }, deliveryWindow],
        [{ proofWindow: proofWindow + 1n }, proofWindow],
      ] as const) {
        await isRefused({ offer: change }, "Settlement_WindowTooLong", () => [limit + 1n, limit]);
      }
    });

    it("an escrow that does not cover the price of the request", async () => {
      const values = [1n * USD_UNIT - 1n, 1n * USD_UNIT];
      await isRefused({ maxFee: 1n * USD_UNIT - 1n }, "Settlement_MaxFeeTooLow", () => values);
    });

    it("an open request that asks for coverage or a proof later", async () => {
      for (const change of [{ coverage: 1n }, { proofWindow: 1n }]) {
        await isRefused({ offer: protocol.openOffer(change) }, "Settlement_OpenRequestWithBond", () => []);
      }
    });

    it("an unknown model, an unknown route of it, or another version than the one in force", async () => {
      const { models } = protocol.contracts;
      const unknown = `0x${"11".repeat(32)}`;
      const error = "Settlement_UnknownRoute";
      await isRefused({ offer: { modelId: unknown } }, error, () => [unknown, Route.ZK, 1n]);
      for (const routeVersion of [0n, 2n]) {
        const values = [protocol.modelId, Route.ZK, routeVersion];
        await isRefused({ offer: { routeVersion } }, error, () => values);
      }
      await models.connect(protocol.accounts.modelOwner).disableRoute(protocol.modelId, Route.ZK);
      for (const routeVersion of [0n, 1n]) {
        const values = [protocol.modelId, Route.ZK, routeVersion];
        await isRefused({ offer: { routeVersion } }, error, () => values);
      }
    });

    it("a route whose verifier is frozen, revoked or still pending", async () => {
      const { models, verifiers } = protocol.contracts;
      const error = "Settlement_VerifierNotActive";
      await verifiers.freeze(Protocol.ZK_VERIFIER);
      await isRefused({}, error, () => [Protocol.ZK_VERIFIER, VerifierStatus.FROZEN]);
      await verifiers.revoke(Protocol.ZK_VERIFIER);
      await isRefused({}, error, () => [Protocol.ZK_VERIFIER, VerifierStatus.REVOKED]);
      await verifiers.add(Route.ZK, protocol.doubles.zk);
      const pending = await verifiers.count();
      const asOwner = models.connect(protocol.accounts.modelOwner);
      await asOwner.setRoute(protocol.modelId, Route.ZK, pending, Commitment.VALUE, "0x");
      await isRefused({ offer: { routeVersion: 2n } }, error, () => [pending, VerifierStatus.PENDING]);
    });

    it("an on-chain delivery of an output that only its holder can open", async () => {
      const { models, nodes } = protocol.contracts;
      const asOwner = models.connect(protocol.accounts.modelOwner);
      await asOwner.setRoute(protocol.modelId, Route.ZK, Protocol.ZK_VERIFIER, Commitment.OPAQUE, "0x");
      const offer = { routeVersion: 2n };
      await nodes.connect(protocol.accounts.operator).postOffer(await protocol.offer(offer));
      const change = { mode: Mode.ONCHAIN, offer };
      await isRefused(change, "Settlement_OutputNotPublishable", () => [Commitment.OPAQUE]);
      await (await attempt({ offer })).call();
    });

    it("an offer that does not stand: changed, replaced or withdrawn", async () => {
      const { nodes } = protocol.contracts;
      const asOperator = nodes.connect(protocol.accounts.operator);
      const unknown = async (change: TermsChange) => {
        const { terms, call } = await attempt(change);
        const offerHash = TypedDataEncoder.from(OFFER_TYPES).hash(terms.offer);
        await refused(protocol, call, nodes, "NodeRegistry_UnknownOffer", [protocol.nodeId, offerHash]);
      };
      await unknown({ offer: { pricePerRequest: 0n } });
      await asOperator.postOffer(await protocol.offer({ coverage: 1n }));
      await unknown({});
      await asOperator.withdrawOffer(protocol.nodeId, protocol.modelId, Route.ZK, protocol.contracts.usd);
      await unknown({ offer: { coverage: 1n } });
    });

    it("a node that does not exist, is paused or retired", async () => {
      const { nodes } = protocol.contracts;
      const asOperator = nodes.connect(protocol.accounts.operator);
      const nodeId = `0x${"22".repeat(32)}`;
      const unknown = await attempt({ offer: { nodeId } });
      await refused(protocol, unknown.call, nodes, "NodeRegistry_UnknownNode", [nodeId]);
      const { call } = await attempt({});
      await asOperator.pause(protocol.nodeId);
      await refused(protocol, call, nodes, "NodeRegistry_WrongStatus", [protocol.nodeId, NodeStatus.PAUSED]);
      await asOperator.retire(protocol.nodeId);
      await refused(protocol, call, nodes, "NodeRegistry_WrongStatus", [protocol.nodeId, NodeStatus.RETIRED]);
    });

    it("more requests than the node's free stake covers", async () => {
      const { nodes } = protocol.contracts;
      const offer = await protocol.addNode(protocol.accounts.stranger, 102n * OPG_UNIT);
      await (await attempt({ offer })).call();
      const { call } = await attempt({ offer });
      const values = [offer.nodeId, 0n, 102n * OPG_UNIT];
      await refused(protocol, call, nodes, "NodeRegistry_InsufficientFree", values);
    });

    it("a token that takes a fee on transfer", async () => {
      const { settlement, nodes } = protocol.contracts;
      const token = await ethers.deployContract("HostileToken");
      await settlement.setToken(token, true);
      await token.mint(protocol.accounts.requester, 10n * USD_UNIT);
      await token.connect(protocol.accounts.requester).approve(settlement, MaxUint256);
      const offer = { token: await token.getAddress() };
      await nodes.connect(protocol.accounts.operator).postOffer(await protocol.offer(offer));
      await token.setFee(1n);
      const expected = 5n * USD_UNIT;
      const values = [offer.token, expected, expected - expected / 10_000n];
      await isRefused({ offer }, "Settlement_InexactTransfer", () => values);
      await token.setFee(0n);
      await (await attempt({ offer })).call();
    });

    it("a requester who cannot pay, with the token's own reason", async () => {
      const { usd } = protocol.contracts;
      const balance = await usd.balanceOf(protocol.accounts.requester);
      const { terms, call } = await attempt({ maxFee: balance + 1n });
      await refused(protocol, call, usd, "ERC20InsufficientBalance", [terms.requester, balance, balance + 1n]);
    });

    it("everything while requests are paused", async () => {
      const { settlement } = protocol.contracts;
      await settlement.pause();
      await isRefused({}, "Settlement_Paused", () => []);
      await settlement.unpause();
      await (await attempt({})).call();
    });
  });
});
