import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { expect } from "chai";
import { getBytes, hexlify, keccak256, solidityPacked, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { connectAt, deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import { concat, element, integer, sequence } from "../../sdk/src/attestation/der.ts";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { defaultSimulator, developmentRoot, NOW, register } from "../support/teeRoute.ts";

const { ethers } = await network.create();
const audit = await ethers.deployContract("OpenGradientAudit", [ZeroAddress]);
const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });
const derOf = (key: KeyObject) => new Uint8Array(key.export({ type: "spki", format: "der" }));

const [inputHash, outputHash, timestamp] = [keccak256("0x01"), keccak256("0x02"), 1_765_872_026n];
const message = getBytes(
  keccak256(solidityPacked(["bytes32", "bytes32", "uint256"], [inputHash, outputHash, timestamp])),
);
const signReceipt = (key: KeyObject, data: Uint8Array = message, saltLength = 32, hash = "sha256") =>
  new Uint8Array(sign(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }));

const { publicKey, privateKey } = rsa(2048);
const key = derOf(publicKey);
const verify = (signature: Uint8Array, der: Uint8Array = key) =>
  audit.verifyReceipt(der, inputHash, outputHash, timestamp, signature);

/** The key with another modulus or exponent, in the same wrapping. */
function wrapped(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const algorithm = key.subarray(4, 19);
  return sequence(algorithm, element(0x03, Uint8Array.from([0, ...sequence(integer(modulus), integer(exponent))])));
}
const modulusOf = (der: KeyObject) => Buffer.from(String(der.export({ format: "jwk" }).n), "base64url");

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest();

describe("OpenGradientAudit: enclaves", () => {
  const tlsCertificate = developmentRoot.certificate;
  const prefix = Uint8Array.from([0x12, 0x20]);
  const userData = concat(prefix, sha256(tlsCertificate), prefix, sha256(key));

  async function verifyEnclave(changes: {
    userData?: Uint8Array;
    tls?: Uint8Array;
    key?: Uint8Array;
    debug?: boolean;
  }) {
    const connection = await connectAt(NOW);
    const { verifier } = await deployNitroVerifier(connection, developmentRoot.certificate);
    const enclaveAudit = await connection.ethers.deployContract("OpenGradientAudit", [verifier]);
    await connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    await connection.networkHelpers.mine();
    const document = defaultSimulator.attest({
      timestamp: NOW * 1000,
      userData: changes.userData ?? userData,
      ...(changes.debug ? { measurement: [register(0), register(0), register(0)] } : {}),
    });
    const hints = await documentHints(document);
    return enclaveAudit.verifyEnclave(document, hints, changes.tls ?? tlsCertificate, changes.key ?? key);
  }

  it("accepts a document that binds the certificate and the key", async () => {
    const attestation = await verifyEnclave({});
    expect(attestation.userData).to.equal(hexlify(userData));
    expect(attestation.pcrBitmap).to.equal(0xffff);
  });

  const refusals: [string, Parameters<typeof verifyEnclave>[0], string][] = [
    ["another certificate", { tls: key }, "OpenGradientAudit_WrongTlsCertificate"],
    ["another key", { key: tlsCertificate }, "OpenGradientAudit_WrongSigningKey"],
    ["user data of another length", { userData: userData.subarray(1) }, "OpenGradientAudit_BadUserData"],
    ["an enclave in debug mode", { debug: true }, "OpenGradientAudit_DebugMode"],
  ];
  for (const [what, changes, error] of refusals) {
    it(`refuses ${what}`, async () => {
      await expect(verifyEnclave(changes)).to.be.revertedWithCustomError(audit, error);
    });
  }
});

describe("OpenGradientAudit: receipts", () => {
  for (const bits of [2048, 3072, 4096]) {
    it(`accepts what node:crypto signs with ${bits} bits`, async () => {
      const pair = bits === 2048 ? { publicKey, privateKey } : rsa(bits);
      for (let i = 0; i < 4; ++i) {
        expect(await verify(signReceipt(pair.privateKey), derOf(pair.publicKey))).to.equal(true);
      }
    });
  }

  it("refuses another input, output, timestamp or key", async () => {
    const signature = signReceipt(privateKey);
    expect(await audit.verifyReceipt(key, outputHash, outputHash, timestamp, signature)).to.equal(false);
    expect(await audit.verifyReceipt(key, inputHash, inputHash, timestamp, signature)).to.equal(false);
    expect(await audit.verifyReceipt(key, inputHash, outputHash, timestamp + 1n, signature)).to.equal(false);
    expect(await verify(signature, derOf(rsa(2048).publicKey))).to.equal(false);
  });

  it("refuses a signature with any byte changed", async () => {
    const signature = signReceipt(privateKey);
    for (let at = 0; at < signature.length; at += process.env.OPG_DEEP === "1" ? 1 : 17) {
      const changed = Uint8Array.from(signature);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(await verify(changed), `byte ${at}`).to.equal(false);
    }
  });

  it("refuses other salt lengths, another hash and PKCS #1 v1.5 padding", async () => {
    expect(await verify(signReceipt(privateKey, message, 20))).to.equal(false);
    expect(await verify(signReceipt(privateKey, message, 0))).to.equal(false);
    expect(await verify(signReceipt(privateKey, message, 222))).to.equal(false);
    expect(await verify(signReceipt(privateKey, message, 32, "sha384"))).to.equal(false);
    expect(await verify(new Uint8Array(sign("sha256", message, privateKey)))).to.equal(false);
    expect(await verify(signReceipt(privateKey, createHash("sha256").update(message).digest()))).to.equal(false);
  });

  it("refuses signatures of a wrong length, zero, and not below the modulus", async () => {
    const signature = signReceipt(privateKey);
    expect(await verify(signature.subarray(1))).to.equal(false);
    expect(await verify(new Uint8Array())).to.equal(false);
    expect(await verify(new Uint8Array(256))).to.equal(false);
    // s + n is the same residue, and no signature.
    const n = BigInt(hexlify(modulusOf(publicKey)));
    let twin: bigint;
    do twin = BigInt(hexlify(signReceipt(privateKey))) + n;
    while (twin >> 2048n !== 0n);
    expect(await verify(getBytes(`0x${twin.toString(16).padStart(512, "0")}`))).to.equal(false);
    expect(await verify(modulusOf(publicKey))).to.equal(false);
  });

  it("refuses keys that are none", async () => {
    const signature = signReceipt(privateKey);
    const exponent = Uint8Array.from([1, 0, 1]);
    const bad: [Uint8Array, string][] = [
      [derOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey), "RsaPss_UnsupportedKey"],
      [derOf(generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey), "RsaPss_UnsupportedKey"],
      [derOf(rsa(1024).publicKey), "RsaPss_UnsupportedKey"],
      [derOf(rsa(2041).publicKey), "RsaPss_UnsupportedKey"],
      [wrapped(modulusOf(publicKey), new Uint8Array(5).fill(1)), "Der_BadInteger"],
      [wrapped(modulusOf(publicKey), Uint8Array.from([0])), "Der_BadInteger"],
      [wrapped(new Uint8Array(513).fill(0x91), exponent), "Der_BadInteger"],
      [Uint8Array.from([...key, 0]), "Slice_TrailingBytes"],
      [key.subarray(0, -1), "Slice_TooShort"],
    ];
    for (const [der, error] of bad) {
      await expect(verify(signature, der)).to.be.revertedWithCustomError(audit, error);
    }
    expect(await verify(signature, wrapped(modulusOf(publicKey), exponent))).to.equal(true);
  });
});
