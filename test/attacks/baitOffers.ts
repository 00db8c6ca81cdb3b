import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { cheapest, type StandingOffer } from "../../sdk/src/client/offers.ts";
import { DeliveryError } from "../../sdk/src/errors/DeliveryError.ts";
import { type Offer, OutputCommitment, Route } from "../../sdk/src/types.ts";
import { loadProtocol, OPG_UNIT, Protocol, USD_UNIT } from "../support/fixtures.ts";
import { deploymentOf, shoutingModel } from "../support/sdk.ts";

// Anybody can post an offer. A client that takes the one that looks cheapest can be led to one that no request can
// take, which keeps it from every honest node for the price of one stake, or to one that is dear for what is metered,
// or priced in a token in which small numbers are much money.
describe("Attack: offers made to be chosen", () => {
  let p: Protocol;

  beforeEach(async () => {
    p = await loadProtocol();
  });

  const bait = (change: Partial<Parameters<Protocol["addNode"]>[2]>) =>
    p.addNode(p.accounts.stranger, 500n * OPG_UNIT, { pricePerRequest: 0n, pricePerUnit: 0n, ...change });

  /** The offer that a client takes that names none, and what it escrows. */
  async function taken(change: { token?: string; maxUnits?: bigint } = {}) {
    let asked: string | undefined;
    const client = new OpgClient({
      signer: p.accounts.requester,
      deployment: await deploymentOf(p),
      guard: false,
      signal: AbortSignal.timeout(1),
      fetch: async (_, options) => {
        asked = String(options?.body);
        return new Response(null, { status: 500 });
      },
    });
    const model = shoutingModel(p.modelId, Route.ZK);
    const run = client.infer({ model, input: "hello", maxFee: 5n * USD_UNIT, ...change });
    const error = await run.catch((reason: unknown) => reason);
    if (!(error instanceof DeliveryError)) throw error;
    return JSON.parse(asked ?? "").terms.offer;
  }

  it("does not take an offer that the settlement would refuse", async () => {
    const { models, settlement, opg } = p.contracts;
    const limits = await settlement.limits();
    await bait({ token: await opg.getAddress() }); // not listed
    await bait({ deliveryWindow: limits.deliveryWindow + 1n });
    await bait({ proofWindow: limits.proofWindow + 1n });
    await bait({ routeVersion: 3n });
    expect((await taken()).nodeId).to.equal(p.nodeId);

    // What is left from before the route changed is not taken either.
    const owner = models.connect(p.accounts.modelOwner);
    await owner.setRoute(p.modelId, Route.ZK, Protocol.ZK_VERIFIER, OutputCommitment.VALUE, Protocol.ROUTE_PARAMETERS);
    const current = await p.addNode(p.accounts.stranger, 500n * OPG_UNIT, {
      routeVersion: 2n,
      pricePerRequest: USD_UNIT,
    });
    expect((await taken()).nodeId).to.equal(current.nodeId);
  });

  it("does not take an offer for its price per request when it is dear per unit", async () => {
    await bait({ pricePerUnit: USD_UNIT });
    expect((await taken()).nodeId).to.equal(p.nodeId);
    expect((await taken({ maxUnits: 10n })).nodeId).to.equal(p.nodeId);
    expect((await taken({ maxUnits: 0n })).nodeId).not.to.equal(p.nodeId);
  });

  it("does not take an offer whose node cannot be asked, nor escrow for it when it is named", async () => {
    const { nodeId } = await bait({});
    const { nodes, settlement } = p.contracts;
    const model = shoutingModel(p.modelId, Route.ZK);
    for (const endpoint of ["no address", "ftp://node.example", "javascript:0"]) {
      await nodes.connect(p.accounts.stranger).describe(nodeId, endpoint, "");
      expect((await taken()).nodeId).to.equal(p.nodeId);
      const client = new OpgClient({ signer: p.accounts.requester, deployment: await deploymentOf(p), guard: false });
      const requests = (await settlement.queryFilter(settlement.filters.Requested())).length;
      const named = client.infer({ model, input: "hello", maxFee: 5n * USD_UNIT, nodeId });
      expect(String(await named.catch((error: unknown) => error))).to.match(
        /^OpgError: Nothing was sent: the node's endpoint .*(is not a URL|is not https)/,
      );
      expect(await settlement.queryFilter(settlement.filters.Requested())).to.have.length(requests);
    }
  });

  it("does not compare prices in different tokens", async () => {
    const { opg, settlement, usd } = p.contracts;
    await settlement.setToken(opg, true);
    await bait({ token: await opg.getAddress(), pricePerRequest: USD_UNIT - 1n });
    const refusal: unknown = await taken().catch((error: unknown) => error);
    expect(String(refusal)).to.contain("say by token which one to pay in");
    expect((await taken({ token: await usd.getAddress() })).nodeId).to.equal(p.nodeId);
  });

  it("ranks by what is metered, and by what the escrow buys where that is not known", () => {
    const standing = (pricePerRequest: bigint, pricePerUnit: bigint): StandingOffer => ({
      offer: { pricePerRequest, pricePerUnit, token: ZeroAddress } as Offer,
      offerHash: "",
      endpoint: "",
      free: 0n,
    });
    const flat = standing(100n, 0n);
    const metered = standing(0n, 60n);
    const both = [flat, metered];
    expect(cheapest(both, 1n, undefined)).to.equal(metered);
    expect(cheapest(both, 2n, undefined)).to.equal(flat);
    expect(cheapest(both, undefined, undefined)).to.equal(flat);
    expect(cheapest(both, undefined, 1_000n)).to.equal(flat);
    expect(cheapest(both, undefined, 99n)).to.equal(metered);
    expect(cheapest([flat], undefined, 99n)).to.equal(undefined);
  });
});
