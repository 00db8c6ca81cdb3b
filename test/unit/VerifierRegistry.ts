import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ethers, loadProtocol, networkHelpers, type Protocol, Route, VerifierStatus } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

describe("VerifierRegistry", () => {
  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const isRefused = (attempt: () => Promise<unknown>, error: string, values: unknown[]) =>
    refused(protocol, attempt, protocol.contracts.verifiers, error, values);
  const statusOf = async (verifierId: bigint) => (await protocol.contracts.verifiers.verifierOf(verifierId)).status;

  it("starts with the deployment's verifiers, active at once", async () => {
    const { manager, verifiers } = protocol.contracts;
    const fresh = await ethers.deployContract("VerifierRegistry", [
      manager,
      1_000n,
      [Route.ZK, Route.TEE],
      [protocol.doubles.zk, protocol.doubles.tee],
    ]);
    expect(await fresh.count()).to.equal(2n);
    expect(await fresh.activationDelay()).to.equal(1_000n);
    const tee = [await protocol.doubles.tee.getAddress(), Route.TEE, VerifierStatus.ACTIVE];
    expect(await fresh.verifierOf(2n)).to.deep.equal(tee);
    expect(await statusOf(1n)).to.equal(VerifierStatus.ACTIVE);
    expect(await verifiers.verifierOf(0n)).to.deep.equal([ZeroAddress, 0n, VerifierStatus.NONE]);
  });

  it("appends a verifier that is pending for the whole delay and active after it", async () => {
    const { verifiers } = protocol.contracts;
    const verifier = await protocol.doubles.tee.getAddress();
    expect(await verifiers.add.staticCall(Route.TEE, verifier)).to.equal(5n);
    const added = await verifiers.add(Route.TEE, verifier);
    const activeAt = BigInt(await networkHelpers.time.latest()) + (await verifiers.activationDelay());
    await expect(added).to.emit(verifiers, "VerifierAdded").withArgs(5n, Route.TEE, verifier, activeAt);
    expect(await verifiers.count()).to.equal(5n);
    await networkHelpers.time.increaseTo(activeAt - 1n);
    expect(await verifiers.verifierOf(5n)).to.deep.equal([verifier, Route.TEE, VerifierStatus.PENDING]);
    await networkHelpers.time.increaseTo(activeAt);
    expect(await statusOf(5n)).to.equal(VerifierStatus.ACTIVE);
  });

  it("refuses a verifier without code", async () => {
    const { verifiers } = protocol.contracts;
    const { stranger } = protocol.accounts;
    const call = () => verifiers.add(Route.ZK, stranger);
    await isRefused(call, "VerifierRegistry_NotAContract", [stranger.address]);
  });

  it("freezes what is active, revokes what is active or frozen, and takes nothing back", async () => {
    const { verifiers } = protocol.contracts;
    const wrong = (call: () => Promise<unknown>, verifierId: bigint, status: bigint) =>
      isRefused(call, "VerifierRegistry_WrongStatus", [verifierId, status]);
    for (const unknown of [0n, 5n]) {
      await wrong(() => verifiers.freeze(unknown), unknown, VerifierStatus.NONE);
      await wrong(() => verifiers.revoke(unknown), unknown, VerifierStatus.NONE);
    }
    await expect(verifiers.freeze(3n)).to.emit(verifiers, "VerifierFrozen").withArgs(3n);
    expect(await statusOf(3n)).to.equal(VerifierStatus.FROZEN);
    await wrong(() => verifiers.freeze(3n), 3n, VerifierStatus.FROZEN);
    for (const verifierId of [3n, 4n]) {
      await expect(verifiers.revoke(verifierId)).to.emit(verifiers, "VerifierRevoked").withArgs(verifierId);
      expect(await statusOf(verifierId)).to.equal(VerifierStatus.REVOKED);
      await wrong(() => verifiers.freeze(verifierId), verifierId, VerifierStatus.REVOKED);
      await wrong(() => verifiers.revoke(verifierId), verifierId, VerifierStatus.REVOKED);
    }
  });

  it("freezes and revokes what is still pending, which then never becomes active", async () => {
    const { verifiers } = protocol.contracts;
    await verifiers.add(Route.ZK, protocol.doubles.zk);
    await verifiers.add(Route.ZK, protocol.doubles.zk);
    await verifiers.freeze(5n);
    await verifiers.revoke(6n);
    await networkHelpers.time.increase(await verifiers.activationDelay());
    expect([await statusOf(5n), await statusOf(6n)]).to.deep.equal([VerifierStatus.FROZEN, VerifierStatus.REVOKED]);
  });
});
