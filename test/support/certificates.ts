import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  basicConstraints,
  type CertificateTemplate,
  issueCertificate,
  KeyUsage,
  keyUsage,
} from "../../scripts/enclave/certificate.ts";
import type { Identity } from "../../scripts/enclave/simulator.ts";
import { NOW } from "./teeRoute.ts";

/** A certificate and key with its name, so that it can issue others. */
export interface Named extends Identity {
  readonly name: CertificateTemplate["subject"];
}

/** A new P-384 private key. */
export const newP384Key = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "secp384r1" }).privateKey;

let serial = 0;

/** Issues a certificate: an authority's, valid for a day around `NOW`, unless `changes` say otherwise. */
export function issue(
  subject: string,
  issuer: Named | null,
  changes: Partial<CertificateTemplate> = {},
  key: KeyObject = newP384Key(),
): Named {
  const name: CertificateTemplate["subject"] = [["CN", subject]];
  const template: CertificateTemplate = {
    subject: name,
    issuer: issuer?.name ?? name,
    serial: Uint8Array.from([0x10, ++serial]),
    notBefore: NOW - 86_400,
    notAfter: NOW + 86_400,
    publicKey: createPublicKey(key),
    extensions: [basicConstraints(true), keyUsage(KeyUsage.keyCertSign)],
    ...changes,
  };
  return { name: template.subject, certificate: issueCertificate(template, issuer?.key ?? key), key };
}

/** The extensions of a certificate that signs documents. */
export const SIGNER_EXTENSIONS = [basicConstraints(false), keyUsage(KeyUsage.digitalSignature, false)];

/** A path's certificates, from the root on. */
export const pathOf = (...identities: readonly Identity[]): Uint8Array[] =>
  identities.map(({ certificate }) => certificate);
