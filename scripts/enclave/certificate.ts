import { type KeyObject, sign } from "node:crypto";
import {
  bitString,
  element,
  integer,
  octetString,
  oid,
  sequence,
  set,
  TRUE,
  time,
} from "../../sdk/src/attestation/der.ts";

/** keyUsage bits of RFC 5280, section 4.2.1.3, as the one byte that holds those used here. */
export const KeyUsage = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04, cRLSign: 0x02 } as const;

/** What to put into a certificate. */
export interface CertificateTemplate {
  /** The subject's name: pairs of attribute (C, ST, L, O, OU, CN) and value. */
  readonly subject: readonly (readonly [string, string])[];
  readonly issuer: readonly (readonly [string, string])[];
  /** Big-endian and positive. */
  readonly serial: Uint8Array;
  /** Unix time in seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  /** The extensions in DER, such as `basicConstraints` and `keyUsage` make. */
  readonly extensions: readonly Uint8Array[];
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  CN: "2.5.4.3",
  C: "2.5.4.6",
  L: "2.5.4.7",
  ST: "2.5.4.8",
  O: "2.5.4.10",
  OU: "2.5.4.11",
};

const ECDSA_WITH_SHA384 = sequence(oid("1.2.840.10045.4.3.3"));

/** One extension: its identifier, whether it is critical, its DER value. */
export const extension = (id: string, critical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octetString(value));

/** basicConstraints of an authority, with how many may follow it, or of an end entity. */
export const basicConstraints = (authority: boolean, pathLength?: number): Uint8Array =>
  extension(
    "2.5.29.19",
    true,
    sequence(
      ...(authority ? [TRUE] : []),
      ...(pathLength === undefined ? [] : [integer(Uint8Array.from([pathLength]))]),
    ),
  );

/** keyUsage from the bits of `KeyUsage`. */
export const keyUsage = (bits: number, critical = true): Uint8Array =>
  extension("2.5.29.15", critical, bitString(Uint8Array.from([bits]), 31 - Math.clz32(bits & -bits)));

function name(attributes: CertificateTemplate["subject"]): Uint8Array {
  return sequence(
    ...attributes.map(([attribute, value]) => {
      const id = ATTRIBUTES[attribute];
      if (id === undefined) throw new Error(`certificate: unknown attribute ${attribute}`);
      // PrintableString for countries, UTF8String for everything else, as AWS has it.
      return set(sequence(oid(id), element(attribute === "C" ? 0x13 : 0x0c, new TextEncoder().encode(value))));
    }),
  );
}

/** The signed part of a certificate. */
export function tbsCertificate(template: CertificateTemplate): Uint8Array {
  return sequence(
    element(0xa0, integer(Uint8Array.from([2]))),
    integer(template.serial),
    ECDSA_WITH_SHA384,
    name(template.issuer),
    sequence(time(template.notBefore), time(template.notAfter)),
    name(template.subject),
    new Uint8Array(template.publicKey.export({ type: "spki", format: "der" })),
    element(0xa3, sequence(...template.extensions)),
  );
}

/** A certificate from its signed part and a signature of r and s, 48 bytes each. */
export function assembleCertificate(tbs: Uint8Array, signature: Uint8Array): Uint8Array {
  const [r, s] = [signature.subarray(0, 48), signature.subarray(48)];
  return sequence(tbs, ECDSA_WITH_SHA384, bitString(sequence(integer(r), integer(s))));
}

/** Signs with ECDSA over P-384 and SHA-384: r and s, 48 bytes each. */
export const signP384 = (data: Uint8Array, key: KeyObject): Uint8Array =>
  new Uint8Array(sign("sha384", data, { key, dsaEncoding: "ieee-p1363" }));

/** Issues a certificate: the template, signed by the issuer's private key. */
export function issueCertificate(template: CertificateTemplate, issuerKey: KeyObject): Uint8Array {
  const tbs = tbsCertificate(template);
  return assembleCertificate(tbs, signP384(tbs, issuerKey));
}
