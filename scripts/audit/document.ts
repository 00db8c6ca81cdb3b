import { verify, X509Certificate } from "node:crypto";
import { decode } from "cborg";
import { hexlify, keccak256, sha256, toBigInt } from "ethers";
import { AWS_NITRO_ROOT_HASH } from "../../sdk/src/attestation/awsRoot.ts";
import { type Element, elements } from "../../sdk/src/attestation/certificate.ts";
import { type AttestationDocument, parseDocument } from "../../sdk/src/attestation/document.ts";
import { time } from "./subject.ts";
import { Refuted, require } from "./verdict.ts";

/** ES384 by RFC 9053: `{1: -35}`. */
const ES384 = "0xa1013822";
const ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";

/** A certificate's issuer, as revocations name it (keccak256 of the content of its DER-encoded name), and its serial number. */
export interface CertificateIdentity {
  readonly issuer: string;
  readonly serial: bigint;
}

/** A document that AWS's hardware has signed, if the root is AWS's. */
export interface VerifiedDocument {
  readonly document: AttestationDocument;
  /** Of every certificate of its chain after the root. */
  readonly certificates: readonly CertificateIdentity[];
}

/**
 * Verifies an attestation document and its certificates with node:crypto.
 *
 * @param bytes The document: a COSE_Sign1 message (RFC 9052).
 * @param root The root certificate in DER.
 * @param at Unix time, in seconds, at which the certificates have to be valid.
 * @throws Refuted saying what is wrong.
 */
export function verifyDocument(bytes: Uint8Array, root: Uint8Array, at: number): VerifiedDocument {
  const document = read(() => parseDocument(bytes));
  // What the parser leaves to its caller: parts that are not signed, or that choose how signatures are checked.
  const [protectedHeader, unprotected, payload] = read(() => {
    const message: unknown = decode(bytes[0] === 0xd2 ? bytes.subarray(1) : bytes, { useMaps: true });
    return Array.isArray(message) ? message : [];
  });
  require(hexlify(protectedHeader) === ES384, "the document is not signed by ES384");
  require(unprotected instanceof Map && unprotected.size === 0, "the document has headers that nobody signs");
  require(decode(payload, { useMaps: true }).get("digest") === "SHA384", "the document's registers are not of SHA-384");

  const path = [...document.cabundle, document.certificate].map((der) => read(() => new Certificate(der)));
  const [first] = path;
  const leaf = path.at(-1);
  require(first !== undefined && leaf !== undefined && path.length > 1, "the document has no certificates");
  const isRoot = hexlify(first.der) === hexlify(root);
  require(isRoot, `the certificates come from the root ${sha256(first.der)}, and not from ${sha256(root)} (see --root)`);
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index - 1];
    certificate.requireValid(at);
    if (issuer !== undefined) certificate.requireIssuedBy(issuer, path.length - 1 - index);
  }
  require(!leaf.x509.ca && leaf.isFor(KeyUsage.digitalSignature), "the document's certificate is not for signatures");
  const key = { key: leaf.x509.publicKey, dsaEncoding: "ieee-p1363" } as const;
  require(verify("sha384", document.signedData, key, document.signature), "the document's signature is wrong");
  return { document, certificates: path.slice(1).map(({ identity }) => identity) };
}

/** Whether a root certificate (DER) is the one that AWS publishes. */
export const isAwsRoot = (root: Uint8Array): boolean => sha256(root) === AWS_NITRO_ROOT_HASH;

/** Bits of the keyUsage extension, from the first one (RFC 5280, section 4.2.1.3). */
const KeyUsage = { digitalSignature: 0, keyCertSign: 5 } as const;

/** Extensions by the hex of their object identifiers: 2.5.29.15 and 2.5.29.19. */
const [KEY_USAGE, BASIC_CONSTRAINTS] = ["551d0f", "551d13"];

/** A certificate: what node:crypto tells of it, and two extensions that it does not tell. */
class Certificate {
  readonly der: Uint8Array;
  readonly x509: X509Certificate;
  readonly identity: CertificateIdentity;
  readonly #keyUsage: Uint8Array;
  /** How many authorities may follow; undefined for any number. */
  readonly #pathLength: number | undefined;

  constructor(der: Uint8Array) {
    this.der = der;
    this.x509 = new X509Certificate(der);
    require(hexlify(this.x509.raw) === hexlify(der), "there is more than a certificate");
    // tbsCertificate: version, serialNumber, signature, issuer, …, extensions
    const fields = parts(parts(parts(der)[0])[0]);
    const [, serial, , issuer] = fields;
    this.identity = { issuer: keccak256(issuer?.content ?? "0x"), serial: toBigInt(serial?.content ?? "0x") };
    const extensions = new Map(
      parts(parts(fields.find(({ tag }) => tag === 0xa3))[0]).map((extension) => {
        const [id, ...rest] = parts(extension);
        return [Buffer.from(id?.content ?? []).toString("hex"), parts(rest.at(-1))[0]] as const;
      }),
    );
    this.#keyUsage = extensions.get(KEY_USAGE)?.content ?? new Uint8Array();
    const pathLength = parts(extensions.get(BASIC_CONSTRAINTS))[1];
    this.#pathLength = pathLength && Number(toBigInt(pathLength.content));
  }

  get name(): string {
    return `the certificate of ${this.x509.subject.replaceAll("\n", ", ")}`;
  }

  /** Whether a bit of the keyUsage extension is set: the first byte counts the unused ones. */
  isFor(bit: number): boolean {
    return ((this.#keyUsage[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  }

  requireValid(at: number): void {
    const { validFromDate, validToDate } = this.x509;
    const isValid = validFromDate.getTime() <= at * 1000 && at * 1000 <= validToDate.getTime();
    require(isValid, `${this.name} is not valid at ${time(at)}`);
  }

  /** @param authorities How many authorities come after the issuer. */
  requireIssuedBy(issuer: Certificate, authorities: number): void {
    const isAuthority = issuer.x509.ca && issuer.isFor(KeyUsage.keyCertSign);
    require(isAuthority &&
      authorities <= (issuer.#pathLength ?? authorities), `${issuer.name} may not issue this path`);
    require(this.x509.checkIssued(issuer.x509), `${this.name} names another issuer`);
    const { publicKey } = issuer.x509;
    const isP384 = publicKey.asymmetricKeyDetails?.namedCurve === "secp384r1";
    require(isP384 && this.x509.signatureAlgorithmOid === ECDSA_WITH_SHA384, `${this.name} is not signed by ES384`);
    require(this.x509.verify(publicKey), `the signature of ${this.name} is wrong`);
  }
}

/** The elements of a DER element, or of some DER. */
const parts = (der: Element | Uint8Array | undefined): Element[] =>
  der === undefined ? [] : elements(der instanceof Uint8Array ? der : der.content);

/** What `parse` reads. @throws Refuted if it cannot. */
function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Refuted(`the attestation document is malformed: ${error instanceof Error ? error.message : error}`);
  }
}
