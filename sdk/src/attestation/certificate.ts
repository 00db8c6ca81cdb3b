/** What hints and people need of an X.509 certificate (RFC 5280) with a P-384 key, signed by ECDSA with SHA-384. */
export interface Certificate {
  /** The signed part, `tbsCertificate`, with its tag and length. */
  readonly tbs: Uint8Array;
  /** The key's x and y, 48 bytes each. */
  readonly publicKey: Uint8Array;
  /** The signature's r and s, 48 bytes each. */
  readonly signature: Uint8Array;
}

/** An element of DER. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** The element with its tag and length. */
  readonly whole: Uint8Array;
}

/** Splits DER (X.690) into its elements. @throws Error when one is cut short. */
export function elements(der: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der[at];
    let length = der[at + 1];
    if (tag === undefined || length === undefined) throw new Error("certificate: a DER element is cut short");
    let start = at + 2;
    if (length > 0x80) {
      const size = length & 0x7f;
      length = der.subarray(start, start + size).reduce((value, byte) => value * 256 + byte, 0);
      start += size;
    }
    if (start + length > der.length) throw new Error("certificate: a DER element is longer than what holds it");
    found.push({ tag, content: der.subarray(start, start + length), whole: der.subarray(at, start + length) });
    at = start + length;
  }
  return found;
}

/** An INTEGER as 48 bytes. */
function scalar(element: Element | undefined): Uint8Array {
  const magnitude = element?.content[0] === 0 ? element.content.subarray(1) : element?.content;
  if (magnitude === undefined || magnitude.length > 48) throw new Error("certificate: the signature is not P-384's");
  const padded = new Uint8Array(48);
  padded.set(magnitude, 48 - magnitude.length);
  return padded;
}

/**
 * Finds the signed part, the key and the signature in a certificate. It reads what a signature check needs and judges
 * nothing: that is the contracts' business.
 *
 * @param der The certificate in DER.
 * @returns Views and copies of its parts.
 * @throws Error when the bytes do not have the shape of such a certificate.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const [certificate] = elements(der);
  const [tbs, , signatureBits] = elements(certificate?.content ?? new Uint8Array());
  if (tbs === undefined || signatureBits === undefined) throw new Error("certificate: not an X.509 certificate");
  // version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
  const [, keyBits] = elements(elements(tbs.content)[6]?.content ?? new Uint8Array());
  if (keyBits?.content.length !== 98) throw new Error("certificate: the key is not an uncompressed P-384 point");
  const [sequence] = elements(signatureBits.content.subarray(1));
  const [r, s] = elements(sequence?.content ?? new Uint8Array());
  const signature = new Uint8Array(96);
  signature.set(scalar(r), 0);
  signature.set(scalar(s), 48);
  return { tbs: tbs.whole, publicKey: keyBits.content.subarray(2), signature };
}
