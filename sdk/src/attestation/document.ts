import { decode } from "cborg";

/** An attestation document of an AWS Nitro enclave, read but not verified. */
export interface AttestationDocument {
  /** The name that AWS gives the enclave. */
  readonly moduleId: string;
  /** When the document was made, in Unix time and milliseconds. */
  readonly timestamp: bigint;
  /** The platform configuration registers by index, 48 bytes each. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  /** The certificate, in DER, of the key that signed the document. */
  readonly certificate: Uint8Array;
  /** The certificates, in DER, from the root to the issuer of `certificate`. */
  readonly cabundle: readonly Uint8Array[];
  readonly publicKey: Uint8Array | null;
  readonly userData: Uint8Array | null;
  readonly nonce: Uint8Array | null;
  /** What the document's key signs: the Sig_structure of RFC 9052, section 4.4. */
  readonly signedData: Uint8Array;
  /** The signature's r and s, 48 bytes each. */
  readonly signature: Uint8Array;
}

const CBOR = { useMaps: true, strict: true, rejectDuplicateMapKeys: true } as const;

const refuse = (what: string): never => {
  throw new Error(`attestation document: ${what}`);
};

const bytes = (value: unknown, what: string): Uint8Array =>
  value instanceof Uint8Array ? value : refuse(`${what} is not a byte string`);

const optionalBytes = (value: unknown, what: string): Uint8Array | null => (value == null ? null : bytes(value, what));

const hasMany = (value: unknown, what: string): unknown[] =>
  Array.isArray(value) ? value : refuse(`${what} is not an array`);

const map = (value: unknown, what: string): Map<unknown, unknown> =>
  value instanceof Map ? value : refuse(`${what} is not a map`);

/** The head of a byte string of `length` bytes (RFC 8949, section 3). */
function byteStringHead(length: number): number[] {
  if (length < 24) return [0x40 | length];
  if (length < 0x100) return [0x58, length];
  return [0x59, length >> 8, length & 0xff];
}

/** `["Signature1", protected, h'', payload]` (RFC 9052, section 4.4). */
function sigStructure(protectedHeader: Uint8Array, payload: Uint8Array): Uint8Array {
  return Uint8Array.from([
    0x84,
    0x6a,
    ...new TextEncoder().encode("Signature1"),
    ...byteStringHead(protectedHeader.length),
    ...protectedHeader,
    0x40,
    ...byteStringHead(payload.length),
    ...payload,
  ]);
}

/**
 * Reads an attestation document. It does not verify it: `NitroVerifier` does.
 *
 * @param data The COSE_Sign1 message (RFC 9052), tagged or, as AWS makes it, untagged.
 * @throws Error, in one line, when it is not one.
 */
export function parseDocument(data: Uint8Array): AttestationDocument {
  const untagged = data[0] === 0xd2 ? data.subarray(1) : data;
  const message = hasMany(decode(untagged, CBOR), "the message");
  if (message.length !== 4) refuse(`the message has ${message.length} parts, not 4`);
  const payload = bytes(message[2], "the payload");
  const fields = map(decode(payload, CBOR), "the payload");
  const { moduleId, timestamp } = { moduleId: fields.get("module_id"), timestamp: fields.get("timestamp") };
  const pcrs = new Map<number, Uint8Array>();
  for (const [index, value] of map(fields.get("pcrs"), "pcrs")) pcrs.set(Number(index), bytes(value, `PCR${index}`));
  return {
    moduleId: typeof moduleId === "string" ? moduleId : refuse("module_id is not a text"),
    timestamp:
      typeof timestamp === "number" || typeof timestamp === "bigint"
        ? BigInt(timestamp)
        : refuse("timestamp is not an integer"),
    pcrs,
    certificate: bytes(fields.get("certificate"), "certificate"),
    cabundle: hasMany(fields.get("cabundle"), "cabundle").map((value) => bytes(value, "a certificate of cabundle")),
    publicKey: optionalBytes(fields.get("public_key"), "public_key"),
    userData: optionalBytes(fields.get("user_data"), "user_data"),
    nonce: optionalBytes(fields.get("nonce"), "nonce"),
    signedData: sigStructure(bytes(message[0], "the protected header"), payload),
    signature: bytes(message[3], "the signature"),
  };
}
