import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { expect } from "chai";
import { hexlify, toBigInt } from "ethers";
import { network } from "hardhat";
import {
  assembleCertificate,
  basicConstraints,
  type CertificateTemplate,
  extension,
  issueCertificate,
  KeyUsage,
  keyUsage,
  tbsCertificate,
} from "../../scripts/enclave/certificate.ts";
import { parseCertificate } from "../../sdk/src/attestation/certificate.ts";
import { bitString, concat, element, integer, oid, sequence, TRUE } from "../../sdk/src/attestation/der.ts";
import { parseDocument } from "../../sdk/src/attestation/document.ts";
import { nitroVectors, readVector, VECTORS_ABSENT } from "../support/vectors.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => new TextEncoder().encode(value);

const { ethers } = await network.create();
const harness = await ethers.deployContract("AttestationHarness");
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp384r1" });

const template: CertificateTemplate = {
  subject: [["CN", "subject"]],
  issuer: [["CN", "issuer"]],
  serial: bytes(0x7f, 1, 2),
  notBefore: 1_700_000_000,
  notAfter: 1_800_000_000,
  publicKey: createPublicKey(privateKey),
  extensions: [basicConstraints(true, 3), keyUsage(KeyUsage.keyCertSign)],
};
const issue = (changes: Partial<CertificateTemplate> = {}) => issueCertificate({ ...template, ...changes }, privateKey);
const withExtensions = (...extensions: Uint8Array[]) => issue({ extensions });
const constraints = (critical: boolean, value: Uint8Array) => withExtensions(extension("2.5.29.19", critical, value));
const usage = (value: Uint8Array) => withExtensions(extension("2.5.29.15", true, value));

/** How long the tag and the length of a DER element are. */
const headLength = (der: Uint8Array) => ((der[1] ?? 0) < 0x80 ? 2 : 2 + ((der[1] ?? 0) & 0x7f));

/** A certificate whose encoding has `from` replaced by `to` once, with the outer lengths set right again. */
function replaced(from: Uint8Array, to: Uint8Array): Uint8Array {
  const tbs = Buffer.from(tbsCertificate(template));
  const content = tbs.subarray(headLength(tbs));
  const at = content.indexOf(from);
  if (at < 0) throw new Error("the test does not fit the template");
  const changed = concat(content.subarray(0, at), to, content.subarray(at + from.length));
  return assembleCertificate(sequence(changed), new Uint8Array(96).fill(1));
}
const utc = (value: string) => element(0x17, text(value));
const generalized = (value: string) => element(0x18, text(value));
const [from, to] = [utc("231114221320Z"), utc("270115080000Z")];
const notBefore = (value: Uint8Array) => replaced(sequence(from, to), sequence(value, to));
const notAfter = (value: Uint8Array) => replaced(sequence(from, to), sequence(from, value));
/** A certificate whose signature value is `value` instead of a sequence of two integers. */
const withSignature = (value: Uint8Array) =>
  sequence(tbsCertificate(template), sequence(oid("1.2.840.10045.4.3.3")), element(0x03, value));
const signatureOf = (r: Uint8Array, s: Uint8Array) => withSignature(concat(bytes(0), sequence(r, s)));
const one = integer(bytes(1));

describe("X509", () => {
  describe("reads what node:crypto reads", () => {
    const vectors = nitroVectors();
    if (vectors.length === 0) it.skip(VECTORS_ABSENT);
    for (const { file } of vectors) {
      it(file, async () => {
        const document = parseDocument(readVector(`nitro/${file}`));
        for (const der of [...document.cabundle, document.certificate]) {
          const parsed = await harness.parseCertificate(der);
          const other = new X509Certificate(Buffer.from(der));
          const sdk = parseCertificate(der);
          expect(parsed.serial).to.equal(BigInt(`0x${other.serialNumber}`));
          expect(parsed.notBefore).to.equal(Date.parse(other.validFrom) / 1000);
          expect(parsed.notAfter).to.equal(Date.parse(other.validTo) / 1000);
          expect(parsed.isCa).to.equal(other.ca);
          const point = other.publicKey.export({ type: "spki", format: "der" }).subarray(-96);
          expect(parsed.publicKey).to.equal(hexlify(point));
          expect(parsed.publicKey).to.equal(hexlify(sdk.publicKey));
          expect(parsed.signature).to.equal(hexlify(sdk.signature));
          expect(parsed.tbs).to.equal(hexlify(sdk.tbs));
        }
      });
    }
  });

  it("reads an authority's constraints and usage", async () => {
    const parsed = await harness.parseCertificate(issue());
    expect(parsed.isCa).to.equal(true);
    expect(parsed.pathLength).to.equal(3);
    expect(parsed.keyUsage).to.equal(KeyUsage.keyCertSign << 8);
    expect(parsed.serial).to.equal(0x7f0102);
    const unlimited = await harness.parseCertificate(withExtensions(basicConstraints(true)));
    expect(unlimited.pathLength).to.equal(2n ** 256n - 1n);
    expect(unlimited.keyUsage).to.equal(0);
  });

  it("takes a certificate without basicConstraints as an end entity's", async () => {
    const parsed = await harness.parseCertificate(withExtensions(keyUsage(KeyUsage.digitalSignature)));
    expect(parsed.isCa).to.equal(false);
    expect(parsed.keyUsage).to.equal(0x8000);
  });

  it("reads every keyUsage bit, in one byte and in two", async () => {
    for (let bit = 0; bit < 9; ++bit) {
      const value = bit < 8 ? bitString(bytes(0x80 >> bit), 7 - bit) : bitString(bytes(0, 0x80), 7);
      expect((await harness.parseCertificate(usage(value))).keyUsage).to.equal(1 << (15 - bit));
    }
    expect((await harness.parseCertificate(usage(bitString(bytes(0x81, 0x80), 7)))).keyUsage).to.equal(0x8180);
  });

  it("reads times through 2049 as UTCTime and later ones as GeneralizedTime", async () => {
    const times: [Uint8Array, string][] = [
      [notBefore(utc("700101000000Z")), "1970-01-01T00:00:00Z"],
      [notBefore(utc("991231235959Z")), "1999-12-31T23:59:59Z"],
      [notBefore(utc("000229120000Z")), "2000-02-29T12:00:00Z"],
      [notBefore(utc("240229235959Z")), "2024-02-29T23:59:59Z"],
    ];
    for (const [der, time] of times) {
      expect((await harness.parseCertificate(der)).notBefore).to.equal(Date.parse(time) / 1000);
    }
    const ends: [Uint8Array, string][] = [
      [notAfter(utc("491231235959Z")), "2049-12-31T23:59:59Z"],
      [notAfter(generalized("20500101000000Z")), "2050-01-01T00:00:00Z"],
      [notAfter(generalized("21000228000000Z")), "2100-02-28T00:00:00Z"],
      [notAfter(generalized("99991231235959Z")), "9999-12-31T23:59:59Z"],
    ];
    for (const [der, time] of ends) {
      expect((await harness.parseCertificate(der)).notAfter).to.equal(Date.parse(time) / 1000);
    }
  });

  it("pads short signature scalars and accepts 49 bytes only with their leading zero", async () => {
    const long = new Uint8Array(48).fill(0xff);
    const parsed = await harness.parseCertificate(signatureOf(one, integer(long)));
    expect(toBigInt(parsed.signature)).to.equal((1n << 384n) + 2n ** 384n - 1n);
  });

  const serial = integer(template.serial);
  const refusals: [string, Uint8Array, string][] = [
    ["no bytes", bytes(), "Slice_TooShort"],
    ["a byte after the certificate", concat(issue(), bytes(0)), "Slice_TrailingBytes"],
    ["a truncated certificate", issue().subarray(0, -1), "Slice_TooShort"],
    ["something else than a sequence", element(0x31, issue().subarray(headLength(issue()))), "Der_UnexpectedTag"],
    [
      "a length not in its shortest form",
      replaced(serial, concat(bytes(0x02, 0x81, 3), template.serial)),
      "Der_BadLength",
    ],
    [
      "a length of two bytes where one is enough",
      replaced(serial, concat(bytes(0x02, 0x82, 0, 3), template.serial)),
      "Der_BadLength",
    ],
    ["a length of three bytes", replaced(serial, concat(bytes(0x02, 0x83, 0, 0, 3), template.serial)), "Der_BadLength"],
    [
      "an indefinite length",
      concat(bytes(0x30, 0x80), issue().subarray(headLength(issue())), bytes(0, 0)),
      "Der_BadLength",
    ],
    ["version 1", replaced(bytes(0xa0, 3, 2, 1, 2), bytes()), "X509_Unsupported"],
    ["version 2", replaced(bytes(0xa0, 3, 2, 1, 2), bytes(0xa0, 3, 2, 1, 1)), "X509_Unsupported"],
    ["a serial of zero", replaced(serial, bytes(2, 1, 0)), "Der_BadInteger"],
    ["a negative serial", replaced(serial, bytes(2, 1, 0x80)), "Der_BadInteger"],
    ["a serial with a needless zero", replaced(serial, bytes(2, 2, 0, 1)), "Der_BadInteger"],
    ["an empty serial", replaced(serial, bytes(2, 0)), "Der_BadInteger"],
    ["a serial of 21 bytes", issue({ serial: new Uint8Array(21).fill(1) }), "Der_BadInteger"],
    [
      "another signature algorithm",
      replaced(oid("1.2.840.10045.4.3.3"), oid("1.2.840.10045.4.3.2")),
      "X509_Unsupported",
    ],
    ["an empty issuer", issue({ issuer: [] }), "X509_EmptyIssuer"],
    ["a key on another curve", replaced(oid("1.3.132.0.34"), oid("1.3.132.0.35")), "X509_Unsupported"],
    ["a compressed key", replaced(bytes(0x03, 0x62, 0, 4), bytes(0x03, 0x62, 0, 2)), "X509_Unsupported"],
    [
      "an issuer's unique identifier",
      replaced(bytes(0xa3), concat(element(0x81, bytes(0, 1)), bytes(0xa3))),
      "Der_UnexpectedTag",
    ],
    ["an empty list of extensions", withExtensions(), "Slice_TooShort"],
    ["30 February", notBefore(utc("240230000000Z")), "X509_BadTime"],
    ["29 February of a common year", notBefore(utc("230229000000Z")), "X509_BadTime"],
    ["29 February 2100", notAfter(generalized("21000229000000Z")), "X509_BadTime"],
    ["month 0", notBefore(utc("230014000000Z")), "X509_BadTime"],
    ["month 13", notBefore(utc("231314000000Z")), "X509_BadTime"],
    ["day 0", notBefore(utc("231100000000Z")), "X509_BadTime"],
    ["hour 24", notBefore(utc("231114240000Z")), "X509_BadTime"],
    ["minute 60", notBefore(utc("231114226000Z")), "X509_BadTime"],
    ["second 60", notBefore(utc("231114221360Z")), "X509_BadTime"],
    ["a year before 1970", notBefore(utc("691114221320Z")), "X509_BadTime"],
    ["a time without seconds", notBefore(utc("2311142213Z")), "X509_BadTime"],
    ["a time with an offset", notBefore(utc("231114221320+0100")), "X509_BadTime"],
    ["a time without Z", notBefore(utc("231114221320z")), "X509_BadTime"],
    ["a time with a letter", notBefore(utc("2311142213a0Z")), "X509_BadTime"],
    ["a time with a colon", notBefore(utc("23111422132:Z")), "X509_BadTime"],
    ["a time with a slash", notBefore(utc("23111422132/Z")), "X509_BadTime"],
    [
      "a time with bytes above ASCII",
      notBefore(element(0x17, concat(text("23111422132"), bytes(0xff), text("Z")))),
      "X509_BadTime",
    ],
    ["fractions of a second", notAfter(generalized("20500101000000.5Z")), "X509_BadTime"],
    ["GeneralizedTime before 2050", notAfter(generalized("20491231235959Z")), "X509_BadTime"],
    ["another type of time", notAfter(element(0x16, text("270115080000Z"))), "Der_UnexpectedTag"],
    ["a validity that ends before it begins", issue({ notAfter: template.notBefore - 1 }), "X509_BadValidity"],
    ["an extension twice", withExtensions(basicConstraints(true), basicConstraints(true)), "X509_DuplicateExtension"],
    [
      "an ignored extension twice",
      withExtensions(extension("2.5.29.14", false, bytes(4, 0)), extension("2.5.29.14", false, bytes(4, 0))),
      "X509_DuplicateExtension",
    ],
    [
      "an unknown critical extension",
      withExtensions(extension("2.5.29.30", true, sequence())),
      "X509_UnknownCriticalExtension",
    ],
    [
      "a critical extension of another arc",
      withExtensions(extension("1.3.6.1.5.5.7.1.1", true, sequence())),
      "X509_UnknownCriticalExtension",
    ],
    [
      "something after an extension's value",
      withExtensions(sequence(oid("2.5.29.14"), bytes(4, 0), bytes(5, 0))),
      "Slice_TrailingBytes",
    ],
    ["an explicit FALSE", withExtensions(sequence(oid("2.5.29.14"), bytes(1, 1, 0), bytes(4, 0))), "Der_BadBoolean"],
    ["a TRUE other than 0xff", constraints(true, sequence(bytes(1, 1, 1))), "Der_BadBoolean"],
    [
      "an authority whose basicConstraints are not critical",
      constraints(false, sequence(TRUE)),
      "X509_BadBasicConstraints",
    ],
    ["a path length without an authority", constraints(true, sequence(integer(bytes(0)))), "X509_BadBasicConstraints"],
    ["a negative path length", constraints(true, sequence(TRUE, bytes(2, 1, 0x80))), "Der_BadInteger"],
    [
      "something after the path length",
      constraints(true, sequence(TRUE, integer(bytes(0)), bytes(5, 0))),
      "Slice_TrailingBytes",
    ],
    ["a keyUsage without bits", usage(bitString(bytes(0), 7)), "X509_BadKeyUsage"],
    ["an empty keyUsage", usage(bitString(bytes())), "X509_BadKeyUsage"],
    ["a keyUsage with trailing zero bits", usage(bitString(bytes(0x04), 0)), "X509_BadKeyUsage"],
    ["a keyUsage with unused bits set", usage(bitString(bytes(0x84), 7)), "X509_BadKeyUsage"],
    ["a keyUsage with a second byte of zeros", usage(bitString(bytes(0x80, 0), 7)), "X509_BadKeyUsage"],
    ["a keyUsage of three bytes", usage(bitString(bytes(0x80, 0x80, 0x80), 7)), "X509_BadKeyUsage"],
    ["eight unused bits", usage(bitString(bytes(0x80), 8)), "X509_BadKeyUsage"],
    ["a signature of zero", signatureOf(bytes(2, 1, 0), one), "Der_BadInteger"],
    ["a negative signature", signatureOf(one, bytes(2, 1, 0x80)), "Der_BadInteger"],
    ["a signature with a needless zero", signatureOf(bytes(2, 2, 0, 1), one), "Der_BadInteger"],
    ["a signature of 49 bytes", signatureOf(element(2, new Uint8Array(49).fill(1)), one), "Der_BadInteger"],
    ["a third scalar", withSignature(concat(bytes(0), sequence(one, one, one))), "Slice_TrailingBytes"],
    [
      "something after the scalars",
      withSignature(concat(bytes(0), sequence(one, one), bytes(0))),
      "Slice_TrailingBytes",
    ],
    ["unused bits in the signature", withSignature(concat(bytes(1), sequence(one, one))), "X509_Unsupported"],
    ["an empty signature", withSignature(bytes()), "Slice_TooShort"],
  ];
  for (const [what, der, error] of refusals) {
    it(`refuses ${what}`, async () => {
      await expect(harness.parseCertificate(der)).to.be.revertedWithCustomError(harness, error);
    });
  }
});
