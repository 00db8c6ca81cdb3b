import { verify, X509Certificate } from "node:crypto";
import { encode } from "cborg";
import { expect } from "chai";
import { hexlify } from "ethers";
import { network } from "hardhat";
import { createDevelopmentRoot, EnclaveSimulator, encodeMap } from "../../scripts/enclave/simulator.ts";
import { concat } from "../../sdk/src/attestation/der.ts";
import { parseDocument } from "../../sdk/src/attestation/document.ts";
import { nitroVectors, readVector, VECTORS_ABSENT } from "../support/vectors.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const filled = (value: number, length = 48) => new Uint8Array(length).fill(value);

const { ethers } = await network.create();
const harness = await ethers.deployContract("AttestationHarness");
const simulator = new EnclaveSimulator({
  root: createDevelopmentRoot(),
  measurement: [filled(1), filled(2), filled(3)],
});

/** A COSE_Sign1 message around a payload; its signature is not looked at here. */
const message = (
  payload: Uint8Array,
  parts: { head?: Uint8Array; unprotected?: Uint8Array; signature?: Uint8Array } = {},
) =>
  concat(
    parts.head ?? bytes(0x84, 0x44, 0xa1, 0x01, 0x38, 0x22),
    parts.unprotected ?? bytes(0xa0),
    encode(payload),
    encode(parts.signature ?? filled(1, 96)),
  );

const fields = () => simulator.fields({ timestamp: 1_700_000_000_123 });
const withField = (key: string, value: unknown) =>
  message(encodeMap(fields().map(([name, old]) => [name, name === key ? value : old])));
const withoutField = (key: string) => message(encodeMap(fields().filter(([name]) => name !== key)));
/** The payload with the CBOR of one field's value replaced by raw bytes. */
const withRaw = (key: string, raw: Uint8Array) =>
  message(
    concat(
      bytes(0xa9),
      ...fields().flatMap(([name, value]) => [
        encode(name),
        name === key ? raw : value instanceof Map ? encodeMap([...value]) : encode(value),
      ]),
    ),
  );

const text32 = (text: string) => ethers.encodeBytes32String(text);

describe("NitroAttestation", () => {
  describe("reads what independent readers read", () => {
    const vectors = nitroVectors();
    if (vectors.length === 0) it.skip(VECTORS_ABSENT);
    for (const vector of vectors) {
      it(vector.file, async () => {
        const data = readVector(`nitro/${vector.file}`);
        const parsed = await harness.parseDocument(data);
        const other = parseDocument(data);
        expect(parsed.timestamp).to.equal(vector.timestamp_ms);
        expect(parsed.debug).to.equal(vector.debug_mode);
        for (let index = 0; index < 32; ++index) {
          const expected = other.pcrs.get(index);
          expect(parsed.pcrs[index]).to.equal(expected === undefined ? "0x" : hexlify(expected));
          const listed = vector.pcrs[index];
          if (listed !== undefined) expect(parsed.pcrs[index]).to.equal(`0x${listed}`);
        }
        expect(parsed.moduleId).to.equal(hexlify(new TextEncoder().encode(other.moduleId)));
        expect(parsed.certificate).to.equal(hexlify(other.certificate));
        expect(parsed.cabundle).to.deep.equal(other.cabundle.map((certificate) => hexlify(certificate)));
        expect(parsed.publicKey.length / 2 - 1).to.equal(vector.public_key_len ?? 0);
        expect(parsed.userData).to.equal(hexlify(other.userData ?? new Uint8Array()));
        expect(parsed.nonce).to.equal(hexlify(other.nonce ?? new Uint8Array()));
        const { publicKey } = new X509Certificate(Buffer.from(other.certificate));
        const signature = Buffer.from(parsed.signature.slice(2), "hex");
        const signed = Buffer.from(parsed.signedData.slice(2), "hex");
        expect(verify("sha384", signed, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature)).to.equal(
          vector.signature_valid,
        );
      });
    }
  });

  it("reads a simulated document, tagged or not", async () => {
    const data = simulator.attest({ userData: filled(7, 1024), nonce: filled(8, 32), publicKey: filled(9, 65) });
    const parsed = await harness.parseDocument(data);
    expect(parsed.userData).to.equal(hexlify(filled(7, 1024)));
    expect(await harness.parseDocument(concat(bytes(0xd2), data))).to.deep.equal(parsed);
  });

  it("reads maps and arrays of indefinite length", async () => {
    const pairs = fields();
    const definite = await harness.parseDocument(message(encodeMap(pairs)));
    const body = pairs.flatMap(([name, value]) => [
      encode(name),
      value instanceof Map
        ? concat(bytes(0xbf), encodeMap([...value]).subarray(1), bytes(0xff))
        : Array.isArray(value)
          ? concat(bytes(0x9f), encode(value).subarray(1), bytes(0xff))
          : encode(value),
    ]);
    const indefinite = await harness.parseDocument(message(concat(bytes(0xbf), ...body, bytes(0xff))));
    expect(indefinite.pcrs).to.deep.equal(definite.pcrs);
    expect(indefinite.cabundle).to.deep.equal(definite.cabundle);
  });

  it("reads up to 32 registers, sparse and in any order", async () => {
    const order = [...Array(32).keys()].reverse();
    const all = await harness.parseDocument(withField("pcrs", new Map(order.map((index) => [index, filled(index)]))));
    for (const index of order) expect(all.pcrs[index]).to.equal(hexlify(filled(index)));
    const sparse = await harness.parseDocument(withField("pcrs", new Map([[31, filled(5)]])));
    expect(sparse.pcrs[31]).to.equal(hexlify(filled(5)));
    expect(sparse.pcrs[0]).to.equal("0x");
    expect(sparse.debug).to.equal(true);
  });

  it("takes optional fields as absent whether they are null, empty or left out", async () => {
    for (const key of ["user_data", "nonce"]) {
      const expected = await harness.parseDocument(withField(key, null));
      expect((await harness.parseDocument(withField(key, new Uint8Array()))).userData).to.equal(expected.userData);
      expect((await harness.parseDocument(withoutField(key))).nonce).to.equal(expected.nonce);
    }
  });

  it("is in debug mode exactly when registers 0 to 2 are all zero", async () => {
    const zero = filled(0);
    for (let set = 0; set < 8; ++set) {
      const pcrs = new Map([0, 1, 2].map((index) => [index, (set >> index) & 1 ? filled(1) : zero]));
      expect((await harness.parseDocument(withField("pcrs", pcrs))).debug).to.equal(set === 0);
    }
    const lastByte = filled(0);
    lastByte[47] = 1;
    expect((await harness.parseDocument(withField("pcrs", new Map([[0, lastByte]])))).debug).to.equal(false);
  });

  const refusals: [string, Uint8Array, string, (readonly unknown[])?][] = [
    ["no bytes", bytes(), "Slice_TooShort"],
    [
      "three parts instead of four",
      concat(bytes(0x83), message(encodeMap(fields())).subarray(1)),
      "NitroAttestation_NotCoseSign1",
      [3],
    ],
    [
      "another algorithm",
      message(encodeMap(fields()), { head: bytes(0x84, 0x44, 0xa1, 0x01, 0x38, 0x23) }),
      "NitroAttestation_NotEs384",
    ],
    [
      "a longer protected header",
      message(encodeMap(fields()), { head: bytes(0x84, 0x46, 0xa2, 0x01, 0x38, 0x22, 0x02, 0x80) }),
      "NitroAttestation_NotEs384",
    ],
    [
      "an unprotected header",
      message(encodeMap(fields()), { unprotected: bytes(0xa1, 0x01, 0x02) }),
      "NitroAttestation_UnprotectedHeader",
    ],
    [
      "a signature of 95 bytes",
      message(encodeMap(fields()), { signature: filled(1, 95) }),
      "NitroAttestation_BadSignatureLength",
      [95],
    ],
    ["a byte after the message", concat(message(encodeMap(fields())), bytes(0)), "Slice_TrailingBytes", [1]],
    ["a byte after the payload's map", message(concat(encodeMap(fields()), bytes(0))), "Slice_TrailingBytes", [1]],
    ["a truncated message", message(encodeMap(fields())).subarray(0, -1), "Slice_TooShort", [96, 95]],
    ["a truncated payload", message(encodeMap(fields()).subarray(0, -1)), "Slice_TooShort"],
    ["a payload that is no map", message(encode([1])), "Cbor_UnexpectedType", [5, 0x81]],
    [
      "an unknown field",
      message(encodeMap([...fields(), ["extra", 1]])),
      "NitroAttestation_UnknownField",
      [text32("extra")],
    ],
    [
      "a field's name with a null byte",
      message(encodeMap([...fields().slice(1), ["module_id\0", "x"]])),
      "NitroAttestation_UnknownField",
    ],
    ["a name of more than 32 bytes", message(encodeMap([["x".repeat(33), 1]])), "NitroAttestation_UnknownField"],
    ["a digest other than SHA384", withField("digest", "SHA256"), "NitroAttestation_BadDigest", [text32("SHA256")]],
    ["a digest with a null byte", withField("digest", "SHA384\0"), "NitroAttestation_BadDigest"],
    ["a timestamp of zero", withField("timestamp", 0), "NitroAttestation_BadTimestamp"],
    ["a negative timestamp", withField("timestamp", -1), "Cbor_UnexpectedType", [0, 0x20]],
    ["an empty module id", withField("module_id", ""), "NitroAttestation_BadFieldLength", [text32("module_id"), 0]],
    ["a module id that is not ASCII", withField("module_id", "ä"), "Cbor_NotAscii"],
    ["a module id that is not ASCII late", withField("module_id", `${"x".repeat(40)}ä`), "Cbor_NotAscii"],
    [
      "an empty certificate",
      withField("certificate", new Uint8Array()),
      "NitroAttestation_BadFieldLength",
      [text32("certificate"), 0],
    ],
    [
      "a certificate of 1,025 bytes",
      withField("certificate", filled(1, 1025)),
      "NitroAttestation_BadFieldLength",
      [text32("certificate"), 1025],
    ],
    ["a certificate that is null", withField("certificate", null), "Cbor_UnexpectedType", [2, 0xf6]],
    ["no certificates", withField("cabundle", []), "NitroAttestation_BadFieldLength", [text32("cabundle"), 0]],
    [
      "an empty one among the certificates",
      withField("cabundle", [new Uint8Array()]),
      "NitroAttestation_BadFieldLength",
      [text32("cabundle"), 0],
    ],
    [
      "an empty public key",
      withField("public_key", new Uint8Array()),
      "NitroAttestation_BadFieldLength",
      [text32("public_key"), 0],
    ],
    [
      "user data of 1,025 bytes",
      withField("user_data", filled(1, 1025)),
      "NitroAttestation_BadFieldLength",
      [text32("user_data"), 1025],
    ],
    [
      "a nonce of 1,025 bytes",
      withField("nonce", filled(1, 1025)),
      "NitroAttestation_BadFieldLength",
      [text32("nonce"), 1025],
    ],
    ["user data that is a text", withField("user_data", "text"), "Cbor_UnexpectedType", [2, 0x64]],
    ["no registers", withField("pcrs", new Map()), "NitroAttestation_BadFieldLength", [text32("pcrs"), 0]],
    ["register 32", withField("pcrs", new Map([[32, filled(1)]])), "NitroAttestation_BadPcrIndex", [32]],
    [
      "a register of 32 bytes",
      withField("pcrs", new Map([[0, filled(1, 32)]])),
      "NitroAttestation_BadPcrLength",
      [0, 32],
    ],
    [
      "a timestamp not in its shortest form",
      withRaw("timestamp", bytes(0x1b, 0, 0, 0, 0, 1, 2, 3, 4)),
      "Cbor_NotShortest",
    ],
    ["a length not in its shortest form", withRaw("nonce", bytes(0x58, 1, 0)), "Cbor_NotShortest", [1]],
    ["reserved additional information", withRaw("timestamp", bytes(0x1c)), "Cbor_ReservedInformation", [0x1c]],
    [
      "a byte string of indefinite length",
      withRaw("nonce", bytes(0x5f, 0x41, 1, 0xff)),
      "Cbor_ReservedInformation",
      [0x5f],
    ],
    [
      "a text of indefinite length",
      withRaw("module_id", bytes(0x7f, 0x61, 0x61, 0xff)),
      "Cbor_ReservedInformation",
      [0x7f],
    ],
    [
      "a map of indefinite length without its end",
      message(concat(bytes(0xbf), encodeMap(fields()).subarray(1))),
      "Slice_TooShort",
    ],
    [
      "a map with fewer pairs than it says",
      message(concat(bytes(0xaa), encodeMap(fields()).subarray(1))),
      "Slice_TooShort",
    ],
    [
      "a map with more pairs than it says",
      message(concat(bytes(0xa8), encodeMap(fields()).subarray(1))),
      "Slice_TrailingBytes",
    ],
    ["a length of 2^64 − 1", withRaw("nonce", bytes(0x5b, ...filled(0xff, 8))), "Slice_TooShort"],
    ["2^64 − 1 certificates", withRaw("cabundle", bytes(0x9b, ...filled(0xff, 8))), "Cbor_UnexpectedType"],
  ];
  for (const [what, data, error, args] of refusals) {
    it(`refuses ${what}`, async () => {
      const refused = expect(harness.parseDocument(data)).to.be.revertedWithCustomError(harness, error);
      await (args === undefined ? refused : refused.withArgs(...args));
    });
  }
  for (const key of ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"]) {
    it(`refuses a document without ${key}`, async () => {
      await expect(harness.parseDocument(withoutField(key))).to.be.revertedWithCustomError(
        harness,
        "NitroAttestation_MissingField",
      );
    });
  }
});
