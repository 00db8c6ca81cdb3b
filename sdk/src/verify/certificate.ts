import { hexlify, keccak256, toBigInt } from "ethers";
import { type Element, elements, parseCertificate } from "../attestation/certificate.ts";
import { bitString, integer, oid, sequence } from "../attestation/der.ts";
import { Refuted, requireThat } from "./refuted.ts";
import { time } from "./time.ts";

/** ecdsa-with-SHA384 (RFC 5758, section 3.2): the only algorithm that AWS's enclaves and their authorities sign by. */
const ECDSA_WITH_SHA384 = sequence(oid("1.2.840.10045.4.3.3"));
/** INTEGER 2: version 3. */
const V3 = "0x020102";

/** Bits of the keyUsage extension, from the first one (RFC 5280, section 4.2.1.3). */
export const KeyUsage = { digitalSignature: 0, keyCertSign: 5 } as const;

/** Extensions by the hex of their object identifiers: 2.5.29.15, 2.5.29.19; and the one of a common name, 2.5.4.3. */
const [KEY_USAGE, BASIC_CONSTRAINTS, COMMON_NAME] = ["0x551d0f", "0x551d13", "0x550403"];

/** The tag of the extensions in a certificate, `[3]`. */
const EXTENSIONS = 0xa3;

/** A certificate's issuer, as revocations name it (keccak256 of the content of its DER-encoded name), and its serial number. */
export interface CertificateIdentity {
  readonly issuer: string;
  readonly serial: bigint;
}

/**
 * An X.509 certificate (RFC 5280) of a P-384 key, signed by ECDSA with SHA-384, whose signature WebCrypto checks: the same
 * in browsers and in Node.js.
 */
export class Certificate {
  readonly der: Uint8Array;
  readonly identity: CertificateIdentity;
  /** The subject's common name, for people. */
  readonly name: string;
  /** Unix time in seconds: the first and the last second at which it is valid. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether it is an authority's; and then how many authorities may follow, undefined for any number. */
  readonly isAuthority: boolean;
  readonly pathLength: number | undefined;
  readonly #issuer: Uint8Array;
  readonly #subject: Uint8Array;
  readonly #keyUsage: Uint8Array;
  readonly #tbs: Uint8Array;
  readonly #signature: Uint8Array;
  readonly #publicKey: Uint8Array;

  /** @throws Error or Refuted, when the bytes are not exactly one such certificate. */
  constructor(der: Uint8Array) {
    const { tbs, signature, publicKey } = parseCertificate(der);
    // What is signed is `tbs`. The rest has one encoding: nothing can be added to it or written otherwise.
    const [r, s] = [signature.subarray(0, 48), signature.subarray(48)];
    const whole = sequence(tbs, ECDSA_WITH_SHA384, bitString(sequence(integer(r), integer(s))));
    requireThat(hexlify(whole) === hexlify(der), "a certificate is not in DER, or not signed by ECDSA with SHA-384");

    const [version, serial, algorithm, issuer, validity, subject, key, ...optional] = parts(parts(tbs)[0]);
    requireThat(hexlify(version?.content ?? "0x") === V3, "a certificate is not of version 3");
    const isSame = algorithm !== undefined && hexlify(algorithm.whole) === hexlify(ECDSA_WITH_SHA384);
    requireThat(isSame, "a certificate names two algorithms");
    requireThat(issuer !== undefined && subject !== undefined && key !== undefined, "a certificate is cut short");
    this.der = der;
    this.identity = { issuer: keccak256(issuer.content), serial: toBigInt(serial?.content ?? "0x") };
    this.name = commonName(subject);
    [this.notBefore, this.notAfter] = parts(validity).map(unixTime) as [number, number];
    requireThat(this.notAfter >= this.notBefore, "a certificate has no time of validity");

    const extensions = readExtensions(optional.find(({ tag }) => tag === EXTENSIONS));
    this.#keyUsage = parts(extensions.get(KEY_USAGE))[0]?.content ?? new Uint8Array();
    const [authority, pathLength] = parts(parts(extensions.get(BASIC_CONSTRAINTS))[0]);
    this.isAuthority = authority?.tag === 0x01 && authority.content[0] === 0xff;
    this.pathLength = pathLength && Number(toBigInt(pathLength.content));
    this.#issuer = issuer.whole;
    this.#subject = subject.whole;
    this.#tbs = tbs;
    this.#signature = signature;
    this.#publicKey = publicKey;
  }

  /** Whether a bit of the keyUsage extension is set: the first byte counts the unused ones. */
  isFor(bit: number): boolean {
    return ((this.#keyUsage[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  }

  /** @param at Unix time in seconds. @throws Refuted if it is not valid then. */
  requireValid(at: number): void {
    requireThat(
      this.notBefore <= at && at <= this.notAfter,
      `the certificate of ${this.name} is not valid at ${time(at)}`,
    );
  }

  /**
   * Checks that the issuer may issue this certificate, is the one that it names, and signed it.
   *
   * @param authorities How many authorities come after the issuer.
   * @throws Refuted saying what is wrong.
   */
  async requireIssuedBy(issuer: Certificate, authorities: number): Promise<void> {
    const mayIssue = issuer.isAuthority && issuer.isFor(KeyUsage.keyCertSign);
    requireThat(
      mayIssue && authorities <= (issuer.pathLength ?? authorities),
      `the certificate of ${issuer.name} may not issue this path`,
    );
    requireThat(
      hexlify(this.#issuer) === hexlify(issuer.#subject),
      `the certificate of ${this.name} names another issuer than ${issuer.name}`,
    );
    requireThat(
      await issuer.hasSigned(this.#tbs, this.#signature),
      `the signature of the certificate of ${this.name} is wrong`,
    );
  }

  /** Whether the certificate's key has signed some data. @param signature r and s, 48 bytes each. */
  async hasSigned(data: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const { subtle } = globalThis.crypto;
    const curve = { name: "ECDSA", namedCurve: "P-384" } as const;
    // WebCrypto wants bytes of its own, and refuses a point that is not on the curve.
    const point = Uint8Array.of(4, ...this.#publicKey);
    const key = await subtle.importKey("raw", point, curve, false, ["verify"]).catch(() => {
      throw new Refuted(`the key of the certificate of ${this.name} is not on the curve P-384`);
    });
    const algorithm = { name: "ECDSA", hash: "SHA-384" } as const;
    return subtle.verify(algorithm, key, new Uint8Array(signature), new Uint8Array(data));
  }
}

/** The elements of a DER element, or of some DER. */
const parts = (der: Element | Uint8Array | undefined): Element[] =>
  der === undefined ? [] : elements(der instanceof Uint8Array ? der : der.content);

/** The contents of extensions by their identifiers. @throws Refuted for one that is critical and not known here, or there twice. */
function readExtensions(list: Element | undefined): Map<string | undefined, Uint8Array> {
  const found = new Map<string | undefined, Uint8Array>();
  for (const extension of parts(parts(list)[0])) {
    const [id, ...rest] = parts(extension);
    const name = hexlify(id?.content ?? "0x");
    const isCritical = rest.length > 1;
    const isKnown = name === KEY_USAGE || name === BASIC_CONSTRAINTS;
    requireThat(isKnown || !isCritical, `a certificate has the critical extension ${name}, which is not known here`);
    requireThat(!found.has(name), `a certificate has the extension ${name} twice`);
    found.set(name, rest.at(-1)?.content ?? new Uint8Array());
  }
  return found;
}

/** UTCTime or GeneralizedTime as RFC 5280, section 4.1.2.5, has them, in Unix time. */
function unixTime({ tag, content }: Element): number {
  const text = new TextDecoder().decode(content);
  const isUtc = tag === 0x17;
  const full = isUtc ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? [];
  const seconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1000;
  requireThat((isUtc || tag === 0x18) && Number.isSafeInteger(seconds), "a certificate has a time that is none");
  return seconds;
}

/** The common name in a name: a sequence of sets of (type, value). */
function commonName(name: Element): string {
  for (const [attribute] of parts(name).map(parts)) {
    const [type, value] = parts(attribute);
    if (type !== undefined && hexlify(type.content) === COMMON_NAME) return new TextDecoder().decode(value?.content);
  }
  return "(no name)";
}
