import { hexlify } from "ethers";
import { parseCertificate } from "./certificate.ts";
import { parseDocument } from "./document.ts";
import { p384Hint } from "./p384Hint.ts";

/**
 * The hint for one signature of r and s over `signed` by the key of x and y, 96 bytes each. A signature that is not
 * valid has an empty one, with which the contract finds that out.
 */
async function hintFor(signed: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-384", Uint8Array.from(signed)));
  return p384Hint({ hash: hexlify(hash), signature: hexlify(signature), publicKey: hexlify(publicKey) });
}

/**
 * Makes the hints that `cacheCertificates` of `ICertificateCache` takes: one for the signature of every certificate
 * after the root.
 *
 * @param path The certificates in DER, from the root on.
 * @returns The hints as 0x-hex.
 * @throws Error when a certificate cannot be read.
 */
export async function pathHints(path: readonly Uint8Array[]): Promise<string[]> {
  const certificates = path.map(parseCertificate);
  const hints = certificates.slice(1).map(({ tbs, signature }, index) => {
    const issuer = certificates[index];
    if (issuer === undefined) throw new Error("the path has a gap");
    return hintFor(tbs, signature, issuer.publicKey);
  });
  return Promise.all(hints);
}

/**
 * Makes the hints that `verify` of `INitroVerifier` takes: one for the signature of every certificate after the root,
 * then the document's own.
 *
 * @param data The attestation document.
 * @param uncached How many signatures need one, counted from the end: 1 when the document's certificates are all
 * cached, 2 when only its own is not. All by default; what is cached needs no hint, but one does no harm.
 * @returns The hints as 0x-hex.
 * @throws Error when the document cannot be read.
 */
export async function documentHints(data: Uint8Array, uncached: number = Number.POSITIVE_INFINITY): Promise<string[]> {
  const document = parseDocument(data);
  const path = [...document.cabundle, document.certificate].slice(-uncached);
  const { publicKey } = parseCertificate(document.certificate);
  return [...(await pathHints(path)), await hintFor(document.signedData, document.signature, publicKey)];
}
