import { expect } from "chai";
import { hexlify, randomBytes, toBigInt, ZeroAddress } from "ethers";
import { hashClaim } from "../../../sdk/src/hash/hashClaim.ts";
import { hashDelivery } from "../../../sdk/src/hash/hashDelivery.ts";
import { hashOffer } from "../../../sdk/src/hash/hashOffer.ts";
import { hashTerms } from "../../../sdk/src/hash/hashTerms.ts";
import { modelIdOf } from "../../../sdk/src/hash/modelIdOf.ts";
import { nodeIdOf } from "../../../sdk/src/hash/nodeIdOf.ts";
import { DeliveryMode, Route, type Terms } from "../../../sdk/src/types.ts";
import { ethers, loadProtocol } from "../../support/fixtures.ts";

const uint = (bytes: number) => toBigInt(randomBytes(bytes));
const hex = (bytes: number) => hexlify(randomBytes(bytes));

const randomTerms = (): Terms => ({
  requester: hex(20),
  nonce: uint(32),
  deadline: uint(8),
  maxFee: uint(16),
  verificationFee: uint(12),
  compensationBps: Number(uint(2)),
  rewardBps: Number(uint(2)),
  proofBlocks: Number(uint(3)),
  inputHash: hex(32),
  mode: DeliveryMode.ONCHAIN,
  consumer: ZeroAddress,
  offer: {
    nodeId: hex(32),
    modelId: hex(32),
    route: Route.TEE,
    routeVersion: Number(uint(4)),
    token: hex(20),
    pricePerRequest: uint(16),
    pricePerUnit: uint(16),
    coverage: uint(16),
    deliveryWindow: Number(uint(4)),
    proofWindow: Number(uint(4)),
  },
});

describe("SDK: hashing", () => {
  it("agrees with the contracts about terms, claims, deliveries, offers and identifiers", async () => {
    const { contracts, accounts } = await loadProtocol();
    const { settlement, nodes, models } = contracts;
    const { chainId } = await ethers.provider.getNetwork();
    const domain = { chainId: Number(chainId), settlement: await settlement.getAddress() };

    for (let i = 0; i < 20; ++i) {
      const terms = randomTerms();
      expect(hashTerms(domain, terms)).to.equal(await settlement.hashTerms(terms));
      const [requestId, outputHash, units] = [hex(32), hex(32), uint(8)];
      expect(hashDelivery(domain, { requestId, outputHash, units })).to.equal(
        await settlement.hashDelivery(requestId, outputHash, units),
      );
      const claim = { requestId, modelId: hex(32), nodeId: hex(32), inputHash: hex(32), outputHash, units };
      expect(hashClaim(domain, claim)).to.equal(await settlement.hashClaim(claim));
    }

    const salt = hex(32);
    const owner = accounts.stranger;
    const nodeId = await nodes.connect(owner).register.staticCall(salt, owner, owner, "", "");
    expect(nodeIdOf(owner.address, salt)).to.equal(nodeId);
    expect(modelIdOf(owner.address, salt)).to.equal(await models.connect(owner).register.staticCall(salt, ""));
    await nodes.connect(owner).register(salt, owner, owner, "", "");
    const offer = { ...randomTerms().offer, nodeId };
    expect(hashOffer(offer)).to.equal(await nodes.connect(owner).postOffer.staticCall(offer));
  });
});
