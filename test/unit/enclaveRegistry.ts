import { expect } from "chai";
import { AbiCoder, concat, getBytes, hexlify, keccak256, ZeroAddress } from "ethers";
import { connectAt } from "../../scripts/attestation/deploy.ts";
import {
  defaultSimulator,
  deployTeeRoute,
  documentFor,
  IMAGE,
  NOW,
  newEnclaveKey,
  POLICY,
  register,
  type TeeRoute,
} from "../support/teeRoute.ts";

const MEASUREMENT = keccak256(concat(IMAGE));

describe("EnclaveRegistry", () => {
  let route: TeeRoute;
  const at = (time: number) => route.connection.networkHelpers.time.setNextBlockTimestamp(time);
  /** Attests an enclave at `time` for the route's node, as its operator. */
  async function attest(changes: Parameters<typeof documentFor>[1] = {}, time = NOW) {
    const { document, hints } = await documentFor(route, changes);
    await at(time);
    return route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
  }
  const refused = (changes: Parameters<typeof documentFor>[1], error: string, time = NOW) =>
    expect(attest(changes, time)).to.be.revertedWithCustomError(route.enclaves, error);

  before(async () => {
    route = await deployTeeRoute();
  });
  beforeEach(() => route.reset());

  describe("attest", () => {
    it("registers the document's key for the node from the block's time on", async () => {
      const { publicKey, address } = newEnclaveKey();
      const moduleId = defaultSimulator.fields()[0]?.[1];
      await expect(attest({ publicKey }))
        .to.emit(route.enclaves, "EnclaveAttested")
        .withArgs(route.nodeId, 0, address, MEASUREMENT, NOW, NOW + POLICY.lifetime, NOW * 1000, moduleId);
      expect(await route.enclaves.attestationCount(route.nodeId)).to.equal(1);
      expect(await route.enclaves.enclaveAt(route.nodeId, 0)).to.deep.equal([
        address,
        NOW,
        NOW + POLICY.lifetime,
        MEASUREMENT,
      ]);
    });

    it("lets the node's signer attest, and nobody else", async () => {
      const { document, hints } = await documentFor(route);
      for (const account of [route.stranger, route.governor]) {
        await expect(route.enclaves.connect(account).attest(route.nodeId, document, hints))
          .to.be.revertedWithCustomError(route.enclaves, "EnclaveRegistry_Unauthorized")
          .withArgs(route.nodeId, account.address);
      }
      await at(NOW);
      await route.enclaves.connect(route.signer).attest(route.nodeId, document, hints);
    });

    it("refuses a node that does not exist", async () => {
      const { document, hints } = await documentFor(route);
      await expect(
        route.enclaves.connect(route.operator).attest(keccak256("0x"), document, hints),
      ).to.be.revertedWithCustomError(route.enclaves, "EnclaveRegistry_Unauthorized");
    });

    it("takes documents up to the freshness old, in seconds", async () => {
      const timestamp = (NOW - POLICY.freshness) * 1000;
      await attest({ timestamp });
      await refused({ timestamp: timestamp - 1 }, "EnclaveRegistry_Stale");
    });

    it("takes documents up to the skew ahead, in seconds", async () => {
      await attest({ timestamp: (NOW + POLICY.futureSkew) * 1000 + 999 });
      await refused({ timestamp: (NOW + POLICY.futureSkew + 1) * 1000 }, "EnclaveRegistry_FromTheFuture");
    });

    it("refuses user data for another chain, registry or node, or of another form", async () => {
      const coder = AbiCoder.defaultAbiCoder();
      const registry = await route.enclaves.getAddress();
      const { chainId } = await route.ethers.provider.getNetwork();
      const encode = (...values: unknown[]) => getBytes(coder.encode(["uint256", "address", "bytes32"], values));
      expect(hexlify(encode(chainId, registry, route.nodeId))).to.equal(
        (await route.enclaves.expectedBinding(route.nodeId))[0],
      );
      for (const userData of [
        encode(chainId + 1n, registry, route.nodeId),
        encode(chainId, ZeroAddress, route.nodeId),
        encode(chainId, registry, keccak256("0x")),
        encode(chainId, registry, route.nodeId).subarray(1),
        new Uint8Array(),
      ]) {
        await refused({ userData }, "EnclaveRegistry_WrongUserData");
      }
    });

    it("takes each nonce once", async () => {
      const [, first] = await route.enclaves.expectedBinding(route.nodeId);
      await attest();
      await refused({ nonce: getBytes(first) }, "EnclaveRegistry_WrongNonce");
      await refused({ nonce: new Uint8Array() }, "EnclaveRegistry_WrongNonce");
      const [, second] = await route.enclaves.expectedBinding(route.nodeId);
      await refused({ nonce: getBytes(concat([second, "0x00"])) }, "EnclaveRegistry_WrongNonce");
      await attest();
      expect(await route.enclaves.attestationCount(route.nodeId)).to.equal(2);
    });

    it("refuses registers 0 to 2 that are absent or zero", async () => {
      await refused({ measurement: [register(0), register(0), register(0)] }, "EnclaveRegistry_DebugMode");
      for (const index of [0, 1, 2]) {
        const image = IMAGE.map((pcr, at) => (at === index ? register(0) : pcr));
        const [pcr0, pcr1, pcr2] = image;
        if (!pcr0 || !pcr1 || !pcr2) throw new Error("three registers");
        const { document, hints } = await documentFor(route, { measurement: [pcr0, pcr1, pcr2] });
        await at(NOW);
        await expect(route.enclaves.connect(route.operator).attest(route.nodeId, document, hints))
          .to.be.revertedWithCustomError(route.enclaves, "EnclaveRegistry_MissingMeasurement")
          .withArgs(index);
      }
    });

    it("refuses a key that is not an uncompressed point on secp256k1", async () => {
      const { publicKey } = newEnclaveKey();
      const compressed = publicKey.slice(0, 33);
      compressed[0] = 2;
      const offCurve = publicKey.slice();
      offCurve[64] = (offCurve[64] ?? 0) ^ 1;
      const hybrid = publicKey.slice();
      hybrid[0] = 6;
      const aboveField = new Uint8Array(65).fill(0xff);
      aboveField[0] = 4;
      for (const key of [compressed, offCurve, hybrid, aboveField, publicKey.subarray(1), new Uint8Array(32).fill(1)]) {
        await refused({ publicKey: key }, "EnclaveRegistry_BadKey");
      }
    });

    it("refuses a banned measurement", async () => {
      await at(NOW);
      await route.enclaves.banMeasurement(MEASUREMENT);
      expect(await route.enclaves.isBanned(MEASUREMENT)).to.equal(true);
      await refused({}, "EnclaveRegistry_BannedMeasurement");
      await attest({ measurement: [register(9), register(2), register(3)] });
    });
  });

  describe("history", () => {
    it("answers whether a key was valid at a time, through renewals", async () => {
      const { publicKey, address } = newEnclaveKey();
      const other = newEnclaveKey();
      await attest({ publicKey });
      await attest({ publicKey: other.publicKey }, NOW + 10);
      await attest({ publicKey }, NOW + 20);
      const valid = (key: string, time: number) => route.enclaves.isKeyValidAt(route.nodeId, key, time);
      expect(await valid(address, NOW - 1)).to.equal(false);
      expect(await valid(address, NOW)).to.equal(true);
      expect(await valid(address, NOW + POLICY.lifetime)).to.equal(true);
      expect(await valid(address, NOW + 19 + POLICY.lifetime)).to.equal(true);
      expect(await valid(address, NOW + 20 + POLICY.lifetime)).to.equal(false);
      expect(await valid(other.address, NOW + 9)).to.equal(false);
      expect(await valid(other.address, NOW + 10)).to.equal(true);
      expect(await valid(ZeroAddress, NOW + 10)).to.equal(false);
    });

    it("has nothing at numbers that were never given", async () => {
      expect(await route.enclaves.enclaveAt(route.nodeId, 0)).to.deep.equal([ZeroAddress, 0, 0, `0x${"0".repeat(64)}`]);
    });
  });

  describe("revoke", () => {
    it("ends a key now and leaves what it was valid for", async () => {
      const { publicKey, address } = newEnclaveKey();
      await attest({ publicKey });
      await at(NOW + 100);
      await expect(route.enclaves.connect(route.signer).revoke(route.nodeId, 0))
        .to.emit(route.enclaves, "EnclaveRevoked")
        .withArgs(route.nodeId, 0, NOW + 100, false);
      expect(await route.enclaves.isKeyValidAt(route.nodeId, address, NOW + 99)).to.equal(true);
      expect(await route.enclaves.isKeyValidAt(route.nodeId, address, NOW + 100)).to.equal(false);
    });

    it("is for the node's owner and signer only, and for enclaves that have not ended", async () => {
      await attest();
      await expect(route.enclaves.connect(route.stranger).revoke(route.nodeId, 0)).to.be.revertedWithCustomError(
        route.enclaves,
        "EnclaveRegistry_Unauthorized",
      );
      const asOperator = route.enclaves.connect(route.operator);
      await expect(asOperator.revoke(route.nodeId, 1))
        .to.be.revertedWithCustomError(route.enclaves, "EnclaveRegistry_UnknownEnclave")
        .withArgs(route.nodeId, 1);
      await asOperator.revoke(route.nodeId, 0);
      await expect(asOperator.revoke(route.nodeId, 0)).to.be.revertedWithCustomError(
        route.enclaves,
        "EnclaveRegistry_AlreadyEnded",
      );
    });
  });

  describe("emergencyRevoke", () => {
    it("ends a key in the past, down to never valid, and never in the future", async () => {
      const { publicKey, address } = newEnclaveKey();
      await attest({ publicKey });
      await at(NOW + 100);
      await route.enclaves.emergencyRevoke(route.nodeId, 0, NOW + 10_000);
      expect((await route.enclaves.enclaveAt(route.nodeId, 0)).validUntil).to.equal(NOW + 100);
      await route.enclaves.emergencyRevoke(route.nodeId, 0, NOW + 50);
      expect(await route.enclaves.isKeyValidAt(route.nodeId, address, NOW + 49)).to.equal(true);
      expect(await route.enclaves.isKeyValidAt(route.nodeId, address, NOW + 50)).to.equal(false);
      await expect(route.enclaves.emergencyRevoke(route.nodeId, 0, 0))
        .to.emit(route.enclaves, "EnclaveRevoked")
        .withArgs(route.nodeId, 0, 0, true);
      expect(await route.enclaves.isKeyValidAt(route.nodeId, address, NOW)).to.equal(false);
    });

    it("is governance's only, like banning", async () => {
      await attest();
      const asOperator = route.enclaves.connect(route.operator);
      for (const call of [asOperator.emergencyRevoke(route.nodeId, 0, 0), asOperator.banMeasurement(MEASUREMENT)]) {
        await expect(call).to.be.revertedWithCustomError(route.enclaves, "AccessManagedUnauthorized");
      }
    });
  });

  it("is not deployed with a parameter of zero", async () => {
    const { ethers } = await connectAt(NOW);
    const one = "0x0000000000000000000000000000000000000001";
    for (const args of [
      [one, ZeroAddress, one, 1, 1, 1],
      [one, one, ZeroAddress, 1, 1, 1],
      [one, one, one, 0, 1, 1],
      [one, one, one, 1, 1, 0],
    ] as const) {
      await expect(ethers.deployContract("TeeVerifier", [...args])).to.be.revertedWithCustomError(
        route.enclaves,
        "EnclaveRegistry_ZeroParameter",
      );
    }
  });
});
