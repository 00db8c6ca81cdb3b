import { expect } from "chai";
import { concat, getBytes, keccak256, toBeHex, zeroPadValue } from "ethers";
import {
  decodeTeeParameters,
  encodeTeeParameters,
  measurementOf,
  type TeeParameters,
  teeProof,
} from "../../sdk/src/attestation/tee.ts";
import { Trust } from "../../sdk/src/types.ts";
import { deployTeeRoute, documentFor, IMAGE, NOW, newEnclaveKey, POLICY, type TeeRoute } from "../support/teeRoute.ts";

const MEASUREMENT = measurementOf(IMAGE);
const OTHER = zeroPadValue("0x01", 32);
const CLAIM_HASH = keccak256("0xc1a1");
const local = (...measurements: string[]) => encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements });

/** Parameters that prove nothing. */
const MALFORMED = [
  "0x",
  "0x01",
  "0x0100",
  concat(["0x0000", MEASUREMENT]),
  concat(["0x0300", MEASUREMENT]),
  concat(["0x0200", MEASUREMENT]),
  concat(["0x010161", MEASUREMENT]),
  concat(["0x0100", MEASUREMENT, "0x00"]),
  concat(["0x0100", MEASUREMENT]).slice(0, -2),
  concat(["0x0205", "0x61626364"]),
  concat(["0x0204", "0x61626364"]),
  MEASUREMENT,
];

describe("TeeVerifier", () => {
  let route: TeeRoute;
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
    route.enclaves.verify(
      { ...claim(), nodeId: changes.nodeId ?? route.nodeId },
      changes.hash ?? CLAIM_HASH,
      changes.at ?? NOW,
      changes.parameters ?? local(MEASUREMENT),
      proof,
    );
  const proof = teeProof(enclave.key, CLAIM_HASH, 0);

  before(async () => {
    route = await deployTeeRoute();
    const { document, hints } = await documentFor(route, { publicKey: enclave.publicKey });
    await route.connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
  });

  it("accepts an attested key's signature over the claim hash", async () => {
    expect(await verify(proof)).to.equal(true);
  });

  it("refuses another claim hash, node, key or number", async () => {
    expect(await verify(proof, { hash: keccak256("0x") })).to.equal(false);
    expect(await verify(proof, { nodeId: keccak256("0x") })).to.equal(false);
    expect(await verify(teeProof(newEnclaveKey().key, CLAIM_HASH, 0))).to.equal(false);
    expect(await verify(teeProof(enclave.key, CLAIM_HASH, 1))).to.equal(false);
    expect(await verify(teeProof(enclave.key, CLAIM_HASH, 0xffffffff))).to.equal(false);
  });

  it("judges the key at the time when the claim came on chain", async () => {
    expect(await verify(proof, { at: NOW - 1 })).to.equal(false);
    expect(await verify(proof, { at: NOW + POLICY.lifetime - 1 })).to.equal(true);
    expect(await verify(proof, { at: NOW + POLICY.lifetime })).to.equal(false);
  });

  it("accepts any measurement that the model names, and refuses every other", async () => {
    for (const measurements of [
      [OTHER, MEASUREMENT],
      [MEASUREMENT, OTHER],
    ]) {
      expect(await verify(proof, { parameters: local(...measurements) })).to.equal(true);
    }
    const gateway = encodeTeeParameters({
      trust: Trust.GATEWAY,
      backend: "api.example.com",
      measurements: [MEASUREMENT],
    });
    expect(await verify(proof, { parameters: gateway })).to.equal(true);
    expect(await verify(proof, { parameters: local(OTHER) })).to.equal(false);
  });

  it("does not take a measurement that lies across two, or in a backend's name", async () => {
    const across = local(
      concat([`0x${"00".repeat(16)}`, MEASUREMENT.slice(0, 34)]),
      concat([`0x${MEASUREMENT.slice(34)}`, `0x${"00".repeat(16)}`]),
    );
    expect(await verify(proof, { parameters: across })).to.equal(false);
    expect(await verify(proof, { parameters: concat(["0x0220", MEASUREMENT, OTHER]) })).to.equal(false);
  });

  it("returns false, and does not revert, on malformed proofs and parameters", async () => {
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
    for (const parameters of MALFORMED) expect(await verify(proof, { parameters }), parameters).to.equal(false);
  });

  it("never takes an enclave that does not exist, whatever the parameters name", async () => {
    const zero = `0x${"00".repeat(32)}`;
    expect(await verify(teeProof(enclave.key, CLAIM_HASH, 9), { parameters: local(zero) })).to.equal(false);
    expect(await verify(`0x${"00".repeat(69)}`, { parameters: local(zero), at: 0 })).to.equal(false);
  });

  it("refuses a proof with any bit flipped", async () => {
    const bytes = getBytes(proof);
    for (let at = 0; at < bytes.length; ++at) {
      const changed = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)));
      expect(await verify(concat([changed])), `byte ${at}`).to.equal(false);
    }
  });

  describe("parameters", () => {
    const sound: TeeParameters[] = [
      { trust: Trust.LOCAL, backend: "", measurements: [MEASUREMENT] },
      { trust: Trust.LOCAL, backend: "", measurements: [OTHER, MEASUREMENT] },
      { trust: Trust.GATEWAY, backend: "api.example.com", measurements: [MEASUREMENT] },
      { trust: Trust.GATEWAY, backend: "é".repeat(127), measurements: [OTHER] },
    ];

    it("are read alike by the contract and the SDK", async () => {
      for (const { trust, backend, measurements } of sound) {
        const parameters = encodeTeeParameters({ trust, backend, measurements });
        expect(await route.enclaves.decodeParameters(parameters)).to.deep.equal([trust, backend, measurements]);
        expect(decodeTeeParameters(parameters)).to.deep.equal({ trust, backend, measurements });
      }
      for (const parameters of MALFORMED) {
        expect(await route.enclaves.decodeParameters(parameters), parameters).to.deep.equal([Trust.NONE, "", []]);
        expect(decodeTeeParameters(parameters), parameters).to.equal(null);
      }
    });

    it("are not encoded when they say nothing or contradict themselves", () => {
      for (const bad of [
        { trust: Trust.LOCAL, backend: "api.example.com", measurements: [OTHER] },
        { trust: Trust.GATEWAY, backend: "", measurements: [OTHER] },
        { trust: Trust.GATEWAY, backend: "x".repeat(256), measurements: [OTHER] },
        { trust: Trust.LOCAL, backend: "", measurements: [] },
        { trust: Trust.LOCAL, backend: "", measurements: ["0x01"] },
      ]) {
        expect(() => encodeTeeParameters(bad)).to.throw(RangeError);
      }
      expect(() => measurementOf([IMAGE[0], IMAGE[1], new Uint8Array(47)])).to.throw(RangeError);
    });
  });
});
