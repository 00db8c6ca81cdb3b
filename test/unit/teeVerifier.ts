import { expect } from "chai";
import { AbiCoder, concat, getBytes, keccak256, type SigningKey, toBeHex, ZeroHash, zeroPadValue } from "ethers";
import { deployTeeRoute, documentFor, IMAGE, NOW, newEnclaveKey, POLICY, type TeeRoute } from "../helpers/enclaves.ts";

const LOCAL = 1;
const GATEWAY = 2;
const MEASUREMENT = keccak256(concat(IMAGE));
const OTHER = zeroPadValue("0x01", 32);
const CLAIM_HASH = keccak256("0xc1a1");

/** A proof as the verifier takes it: r ‖ s ‖ v over a claim hash, and the attestation's number. */
const teeProof = (key: SigningKey, claimHash: string, index = 0): string =>
  concat([key.sign(claimHash).serialized, toBeHex(index, 4)]);

describe("TeeVerifier", () => {
  let route: TeeRoute;
  let setId: string;
  const enclave = newEnclaveKey();
  const claim = () => ({
    requestId: keccak256("0x01"),
    modelId: keccak256("0x02"),
    nodeId: route.nodeId,
    inputHash: keccak256("0x03"),
    outputHash: keccak256("0x04"),
    units: 7n,
  });
  const verify = (proof: string, changes: { at?: number; parameters?: string; nodeId?: string; hash?: string } = {}) =>
    route.tee.verify(
      { ...claim(), nodeId: changes.nodeId ?? route.nodeId },
      changes.hash ?? CLAIM_HASH,
      changes.at ?? NOW,
      changes.parameters ?? setId,
      proof,
    );

  before(async () => {
    route = await deployTeeRoute();
    const { document, hints } = await documentFor(route, { publicKey: enclave.publicKey });
    await route.connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
    setId = await route.tee.registerMeasurementSet.staticCall(LOCAL, "", [MEASUREMENT]);
    await route.tee.registerMeasurementSet(LOCAL, "", [MEASUREMENT]);
  });

  it("accepts an attested key's signature over the claim hash", async () => {
    expect(await verify(teeProof(enclave.key, CLAIM_HASH))).to.equal(true);
  });

  it("refuses another claim hash, node, key or number", async () => {
    const proof = teeProof(enclave.key, CLAIM_HASH);
    expect(await verify(proof, { hash: keccak256("0x") })).to.equal(false);
    expect(await verify(proof, { nodeId: keccak256("0x") })).to.equal(false);
    expect(await verify(teeProof(newEnclaveKey().key, CLAIM_HASH))).to.equal(false);
    expect(await verify(teeProof(enclave.key, CLAIM_HASH, 1))).to.equal(false);
    expect(await verify(teeProof(enclave.key, CLAIM_HASH, 0xffffffff))).to.equal(false);
  });

  it("judges the key at the time when the claim came on chain", async () => {
    const proof = teeProof(enclave.key, CLAIM_HASH);
    expect(await verify(proof, { at: NOW - 1 })).to.equal(false);
    expect(await verify(proof, { at: NOW + POLICY.lifetime - 1 })).to.equal(true);
    expect(await verify(proof, { at: NOW + POLICY.lifetime })).to.equal(false);
  });

  it("refuses a measurement that the model does not name", async () => {
    const proof = teeProof(enclave.key, CLAIM_HASH);
    const other = await route.tee.registerMeasurementSet.staticCall(LOCAL, "", [OTHER]);
    await route.tee.registerMeasurementSet(LOCAL, "", [OTHER]);
    expect(await verify(proof, { parameters: other })).to.equal(false);
    expect(await verify(proof, { parameters: ZeroHash })).to.equal(false);
    expect(await verify(proof, { parameters: keccak256("0x") })).to.equal(false);
  });

  it("returns false, and does not revert, on malformed proofs and parameters", async () => {
    const proof = teeProof(enclave.key, CLAIM_HASH);
    const bytes = getBytes(proof);
    const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
    const malformed = [
      "0x",
      concat([proof, "0x00"]),
      concat([bytes.subarray(0, 68)]),
      `0x${"00".repeat(69)}`,
      `0x${"ff".repeat(69)}`,
      concat([bytes.subarray(0, 64), "0x02", bytes.subarray(65)]),
      concat([bytes.subarray(0, 32), toBeHex(halfOrder + 1n, 32), bytes.subarray(64)]),
    ];
    for (const bad of malformed) expect(await verify(bad), bad).to.equal(false);
    for (const parameters of ["0x", concat([setId, "0x00"]), setId.slice(0, -2)]) {
      expect(await verify(proof, { parameters })).to.equal(false);
    }
  });

  it("refuses a proof with any bit flipped", async () => {
    const proof = getBytes(teeProof(enclave.key, CLAIM_HASH));
    for (let at = 0; at < proof.length; ++at) {
      const changed = proof.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(await verify(concat([changed])), `byte ${at}`).to.equal(false);
    }
  });
});

describe("MeasurementSets", () => {
  let route: TeeRoute;
  before(async () => {
    route = await deployTeeRoute();
  });
  beforeEach(() => route.reset());

  it("registers a set under the hash of its content, once", async () => {
    const measurements = [OTHER, MEASUREMENT];
    const setId = keccak256(
      AbiCoder.defaultAbiCoder().encode(["uint8", "string", "bytes32[]"], [GATEWAY, "api.example.com", measurements]),
    );
    expect(await route.tee.trustOf(setId)).to.equal(0);
    await expect(route.tee.registerMeasurementSet(GATEWAY, "api.example.com", measurements))
      .to.emit(route.tee, "MeasurementSetRegistered")
      .withArgs(setId, GATEWAY, "api.example.com", measurements);
    expect(await route.tee.trustOf(setId)).to.equal(GATEWAY);
    for (const measurement of measurements) expect(await route.tee.contains(setId, measurement)).to.equal(true);
    expect(await route.tee.contains(setId, keccak256("0x"))).to.equal(false);
    await expect(route.tee.registerMeasurementSet(GATEWAY, "api.example.com", measurements)).not.to.emit(
      route.tee,
      "MeasurementSetRegistered",
    );
  });

  it("refuses sets that say nothing or contradict themselves", async () => {
    for (const [trust, backend] of [
      [0, ""],
      [LOCAL, "api.example.com"],
      [GATEWAY, ""],
    ] as const) {
      await expect(route.tee.registerMeasurementSet(trust, backend, [OTHER]))
        .to.be.revertedWithCustomError(route.tee, "MeasurementSets_BadTrust")
        .withArgs(trust, backend);
    }
  });

  it("refuses measurements that are none, zero, repeated or out of order", async () => {
    for (const [measurements, index] of [
      [[], 0],
      [[ZeroHash], 0],
      [[OTHER, OTHER], 1],
      [[OTHER, MEASUREMENT, OTHER], 2],
    ] as const) {
      await expect(route.tee.registerMeasurementSet(LOCAL, "", [...measurements]))
        .to.be.revertedWithCustomError(route.tee, "MeasurementSets_BadMeasurements")
        .withArgs(index);
    }
  });
});
