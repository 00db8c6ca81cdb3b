import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { Commitment, ethers, idOf, loadProtocol, Protocol, Route, VerifierStatus } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("ModelRegistry", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const asOwner = () => protocol.contracts.models.connect(protocol.accounts.modelOwner);
  const isRefused = (attempt: () => Promise<unknown>, error: string, values: unknown[]) =>
    refused(protocol, attempt, protocol.contracts.models, error, values);
  const setRoute = (verifierId: bigint, route: bigint = Route.ZK) =>
    asOwner().setRoute(protocol.modelId, route, verifierId, Commitment.VALUE, "0xabcd");
  const UNKNOWN = `0x${"33".repeat(32)}`;

  it("registers a model under its owner and its content's hash, once", async () => {
    const { models, verifiers } = protocol.contracts;
    const { stranger } = protocol.accounts;
    const contentHash = id("weights");
    const modelId = idOf(stranger.address, contentHash);
    const register = () => models.connect(stranger).register(contentHash, "ipfs://weights");
    await expect(register())
      .to.emit(models, "ModelRegistered")
      .withArgs(modelId, stranger, contentHash, "ipfs://weights");
    expect(await models.ownerOf(modelId)).to.deep.equal([stranger.address, ZeroAddress]);
    expect(await models.currentRoute(modelId, Route.ZK)).to.deep.equal([0n, 0n, 0n]);
    expect(await models.verifiers()).to.equal(await verifiers.getAddress());
    await isRefused(register, "ModelRegistry_AlreadyRegistered", [modelId]);
    // The same content of another owner is another model.
    await models.connect(protocol.accounts.relayer).register(contentHash, "");
  });

  it("changes hands in two steps, under the same identifier", async () => {
    const { models } = protocol.contracts;
    const { modelOwner, stranger, relayer } = protocol.accounts;
    const { modelId } = protocol;
    const accept = (by = stranger) => models.connect(by).acceptModel(modelId);
    await isRefused(accept, "ModelRegistry_Unauthorized", [modelId, stranger.address]);
    await expect(asOwner().transferModel(modelId, stranger))
      .to.emit(models, "ModelTransferStarted")
      .withArgs(modelId, modelOwner, stranger);
    expect(await models.ownerOf(modelId)).to.deep.equal([modelOwner.address, stranger.address]);
    await isRefused(() => accept(relayer), "ModelRegistry_Unauthorized", [modelId, relayer.address]);
    await expect(accept()).to.emit(models, "ModelTransferred").withArgs(modelId, modelOwner, stranger);
    expect(await models.ownerOf(modelId)).to.deep.equal([stranger.address, ZeroAddress]);
    await isRefused(() => setRoute(1n), "ModelRegistry_Unauthorized", [modelId, modelOwner.address]);
    await isRefused(accept, "ModelRegistry_Unauthorized", [modelId, stranger.address]);
    await isRefused(() => models.acceptModel(UNKNOWN), "ModelRegistry_UnknownModel", [UNKNOWN]);
  });

  it("numbers a route's versions, keeps each for good, and has the latest in force", async () => {
    const { models } = protocol.contracts;
    const { modelId } = protocol;
    const first = await models.routeAt(modelId, Route.ZK, 1n);
    expect(await asOwner().setRoute.staticCall(modelId, Route.ZK, 1n, Commitment.OPAQUE, "0x1234")).to.equal(2n);
    await expect(asOwner().setRoute(modelId, Route.ZK, 1n, Commitment.OPAQUE, "0x1234"))
      .to.emit(models, "RouteSet")
      .withArgs(modelId, Route.ZK, 2n, 1n, Commitment.OPAQUE, "0x1234");
    expect(await models.currentRoute(modelId, Route.ZK)).to.deep.equal([2n, 1n, Commitment.OPAQUE]);
    expect(await models.routeAt(modelId, Route.ZK, 1n)).to.deep.equal(first);
    expect(await models.routeAt(modelId, Route.ZK, 2n)).to.deep.equal([1n, Commitment.OPAQUE, "0x1234"]);
    expect(await models.currentRoute(modelId, Route.TEE)).to.deep.equal([
      1n,
      Protocol.TEE_VERIFIER,
      Commitment.KECCAK256,
    ]);

    await expect(asOwner().disableRoute(modelId, Route.ZK))
      .to.emit(models, "RouteDisabled")
      .withArgs(modelId, Route.ZK);
    expect(await models.currentRoute(modelId, Route.ZK)).to.deep.equal([0n, 0n, 0n]);
    expect(await models.routeAt(modelId, Route.ZK, 1n)).to.deep.equal(first);
    const again = () => asOwner().disableRoute(modelId, Route.ZK);
    await isRefused(again, "ModelRegistry_UnknownRoute", [modelId, Route.ZK, 0n]);
    await setRoute(Protocol.ZK_VERIFIER);
    expect(await models.currentRoute(modelId, Route.ZK)).to.deep.equal([3n, Protocol.ZK_VERIFIER, Commitment.VALUE]);
    await isRefused(() => models.routeAt(modelId, Route.ZK, 4n), "ModelRegistry_UnknownRoute", [modelId, Route.ZK, 4n]);
    await isRefused(() => models.routeAt(UNKNOWN, Route.TEE, 1n), "ModelRegistry_UnknownRoute", [
      UNKNOWN,
      Route.TEE,
      1n,
    ]);
  });

  it("keeps parameters from none to as much as a contract's code holds", async () => {
    const { models } = protocol.contracts;
    const { modelId } = protocol;
    for (const parameters of ["0x", `0x${"5a".repeat(24_575)}`]) {
      await asOwner().setRoute(modelId, Route.ZK, 1n, Commitment.VALUE, parameters);
      const { version } = await models.currentRoute(modelId, Route.ZK);
      expect((await models.routeAt(modelId, Route.ZK, version)).parameters).to.equal(parameters);
    }
    const tooLong = asOwner().setRoute(modelId, Route.ZK, 1n, Commitment.VALUE, `0x${"5a".repeat(24_576)}`);
    await expect(tooLong).to.be.revert(ethers);
  });

  it("takes a verifier that is active or pending, of the same route, and no other", async () => {
    const { verifiers } = protocol.contracts;
    await verifiers.add(Route.ZK, protocol.doubles.zk);
    const pending = await verifiers.count();
    expect((await verifiers.verifierOf(pending)).status).to.equal(VerifierStatus.PENDING);
    await setRoute(pending);
    const unusable = (verifierId: bigint, route: bigint = Route.ZK) =>
      isRefused(() => setRoute(verifierId, route), "ModelRegistry_UnusableVerifier", [verifierId, route]);
    await unusable(0n);
    await unusable(pending + 1n);
    await unusable(Protocol.TEE_VERIFIER, Route.ZK);
    await unusable(Protocol.ZK_VERIFIER, Route.TEE);
    await verifiers.freeze(Protocol.ZK_VERIFIER);
    await unusable(Protocol.ZK_VERIFIER);
    await verifiers.revoke(Protocol.ZK_VERIFIER);
    await unusable(Protocol.ZK_VERIFIER);
  });

  it("obeys nobody but a model's owner, and says so when there is no such model", async () => {
    const { models } = protocol.contracts;
    const { stranger } = protocol.accounts;
    const as = models.connect(stranger);
    for (const [modelId, error, values] of [
      [protocol.modelId, "ModelRegistry_Unauthorized", [protocol.modelId, stranger.address]],
      [UNKNOWN, "ModelRegistry_UnknownModel", [UNKNOWN]],
    ] as const) {
      for (const call of [
        () => as.transferModel(modelId, stranger),
        () => as.setRoute(modelId, Route.ZK, 1n, Commitment.VALUE, "0x"),
        () => as.disableRoute(modelId, Route.ZK),
      ]) {
        await isRefused(call, error, [...values]);
      }
    }
  });
});
