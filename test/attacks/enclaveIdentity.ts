import { expect } from "chai";
import { keccak256, ZeroHash } from "ethers";
import { encodeTeeParameters, measurementOf, teeProof } from "../../sdk/src/attestation/tee.ts";
import { Trust } from "../../sdk/src/types.ts";
import {
  deployTeeRoute,
  documentFor,
  IMAGE,
  NOW,
  newEnclaveKey,
  POLICY,
  register,
  type TeeRoute,
} from "../support/teeRoute.ts";

/** Whose enclave it is, what runs in it, and when its key counted. */
describe("Attack: enclave identities", () => {
  let route: TeeRoute;
  const CLAIM_HASH = keccak256("0xc1a1");
  const PARAMETERS = encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements: [measurementOf(IMAGE)] });
  const at = (time: number) => route.connection.networkHelpers.time.setNextBlockTimestamp(time);
  const isProven = (nodeId: string, enclave: ReturnType<typeof newEnclaveKey>, index: number, claimedAt: number) =>
    route.enclaves.verify(
      { requestId: ZeroHash, modelId: ZeroHash, nodeId, inputHash: ZeroHash, outputHash: ZeroHash, units: 0 },
      CLAIM_HASH,
      claimedAt,
      PARAMETERS,
      teeProof(enclave.key, CLAIM_HASH, index),
    );
  /** Registers a second node, owned by `stranger`. */
  async function strangersNode() {
    const nodeId = await route.nodes
      .connect(route.stranger)
      .register.staticCall(ZeroHash, route.stranger, route.stranger, "", "");
    await route.nodes.connect(route.stranger).register(ZeroHash, route.stranger, route.stranger, "", "");
    return nodeId;
  }

  before(async () => {
    route = await deployTeeRoute();
  });
  beforeEach(() => route.reset());

  it("another operator's document, registered first: refused for one's own node, and for theirs", async () => {
    const victim = newEnclaveKey();
    const { document, hints } = await documentFor(route, { publicKey: victim.publicKey });
    const own = await strangersNode();
    const asStranger = route.enclaves.connect(route.stranger);
    await expect(asStranger.attest(own, document, hints)).to.be.revertedWithCustomError(
      route.enclaves,
      "EnclaveRegistry_WrongUserData",
    );
    await expect(asStranger.attest(route.nodeId, document, hints)).to.be.revertedWithCustomError(
      route.enclaves,
      "EnclaveRegistry_Unauthorized",
    );
    await at(NOW + 10);
    await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
    expect(await isProven(route.nodeId, victim, 0, NOW + 10)).to.equal(true);
  });

  it("another operator's key, squatted from an image that lets it be chosen: the victim's stays its own", async () => {
    const victim = newEnclaveKey();
    const own = await strangersNode();
    const squat = await documentFor(route, { nodeId: own, publicKey: victim.publicKey });
    await at(NOW + 10);
    await route.enclaves.connect(route.stranger).attest(own, squat.document, squat.hints);
    const { document, hints } = await documentFor(route, { publicKey: victim.publicKey });
    await at(NOW + 11);
    await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
    await route.enclaves.connect(route.stranger).revoke(own, 0);
    expect(await isProven(route.nodeId, victim, 0, NOW + 20)).to.equal(true);
  });

  it("a document shown again: its nonce has been used", async () => {
    const { document, hints } = await documentFor(route);
    const asOperator = route.enclaves.connect(route.operator);
    await at(NOW + 10);
    await asOperator.attest(route.nodeId, document, hints);
    await at(NOW + 20);
    await asOperator.revoke(route.nodeId, 0);
    await expect(asOperator.attest(route.nodeId, document, hints)).to.be.revertedWithCustomError(
      route.enclaves,
      "EnclaveRegistry_WrongNonce",
    );
  });

  it("a document of an enclave in debug mode, whose memory its host can read", async () => {
    const { document, hints } = await documentFor(route, { measurement: [register(0), register(0), register(0)] });
    await at(NOW + 10);
    await expect(
      route.enclaves.connect(route.operator).attest(route.nodeId, document, hints),
    ).to.be.revertedWithCustomError(route.enclaves, "EnclaveRegistry_DebugMode");
  });

  it("a claim made with an expired key, whatever time it says", async () => {
    const enclave = newEnclaveKey();
    const { document, hints } = await documentFor(route, { publicKey: enclave.publicKey });
    await at(NOW + 10);
    await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
    expect(await isProven(route.nodeId, enclave, 0, NOW + 10 + POLICY.lifetime - 1)).to.equal(true);
    expect(await isProven(route.nodeId, enclave, 0, NOW + 10 + POLICY.lifetime)).to.equal(false);
  });

  it("a claim backdated with a revoked key: what came on chain later is refused, what came before stays proven", async () => {
    const enclave = newEnclaveKey();
    const { document, hints } = await documentFor(route, { publicKey: enclave.publicKey });
    await at(NOW + 10);
    await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
    await at(NOW + 100);
    await route.enclaves.connect(route.operator).revoke(route.nodeId, 0);
    expect(await isProven(route.nodeId, enclave, 0, NOW + 99)).to.equal(true);
    expect(await isProven(route.nodeId, enclave, 0, NOW + 100)).to.equal(false);
    await route.enclaves.emergencyRevoke(route.nodeId, 0, NOW + 50);
    expect(await isProven(route.nodeId, enclave, 0, NOW + 49)).to.equal(true);
    expect(await isProven(route.nodeId, enclave, 0, NOW + 99)).to.equal(false);
  });

  it("an attestation for the next key while a former one is in force leaves the former one as it was", async () => {
    const [first, second] = [newEnclaveKey(), newEnclaveKey()];
    for (const [{ publicKey }, time] of [
      [first, NOW + 10],
      [second, NOW + 20],
    ] as const) {
      const { document, hints } = await documentFor(route, { publicKey });
      await at(time);
      await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
    }
    expect(await isProven(route.nodeId, first, 0, NOW + 30)).to.equal(true);
    expect(await isProven(route.nodeId, second, 1, NOW + 30)).to.equal(true);
    expect(await isProven(route.nodeId, second, 0, NOW + 30)).to.equal(false);
    expect(await isProven(route.nodeId, second, 1, NOW + 15)).to.equal(false);
  });
});
