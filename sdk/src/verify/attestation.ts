import { decode } from "cborg";
import { AbiCoder, computeAddress, getBytes, hexlify, keccak256, sha256 } from "ethers";
import { AWS_NITRO_ROOT_HASH } from "../attestation/awsRoot.ts";
import { type AttestationDocument, parseDocument } from "../attestation/document.ts";
import { measurementOf } from "../attestation/tee.ts";
import { Certificate, type CertificateIdentity, KeyUsage } from "./certificate.ts";
import { Refuted, requireThat } from "./refuted.ts";

/** ES384 by RFC 9053: `{1: -35}`. */
const ES384 = "0xa1013822";

/** An attestation document that was read and not verified yet. */
export interface ReadAttestation {
  readonly document: AttestationDocument;
  /** From the root to the certificate of the key that signed the document. */
  readonly path: readonly Certificate[];
  /** The last of them. */
  readonly leaf: Certificate;
}

/** A document that AWS's hardware has signed, if the root is AWS's. */
export interface VerifiedDocument {
  readonly document: AttestationDocument;
  /** Of every certificate of its chain after the root. */
  readonly certificates: readonly CertificateIdentity[];
}

/** What an attestation document is bound to: one attestation of one node's, with one key. */
export interface AttestationBinding {
  readonly chainId: number;
  /** The verifier of the TEE route, where the enclave was registered. */
  readonly verifier: string;
  readonly nodeId: string;
  /** The attestation's number in the node's history. */
  readonly index: number;
  /** The address of the enclave's key. */
  readonly key: string;
}

/**
 * Reads an attestation document and its certificates.
 *
 * @param bytes The document: a COSE_Sign1 message (RFC 9052).
 * @throws Refuted saying what is malformed, or is not what AWS makes.
 */
export function readAttestation(bytes: Uint8Array): ReadAttestation {
  const document = read(() => parseDocument(bytes));
  // What the parser leaves to its caller: parts that are not signed, or that choose how signatures are checked.
  const [protectedHeader, unprotected, payload] = read(() => {
    const message: unknown = decode(bytes[0] === 0xd2 ? bytes.subarray(1) : bytes, { useMaps: true });
    return Array.isArray(message) ? message : [];
  });
  requireThat(hexlify(protectedHeader) === ES384, "the document is not signed by ES384");
  requireThat(unprotected instanceof Map && unprotected.size === 0, "the document has headers that nobody signs");
  requireThat(
    decode(payload, { useMaps: true }).get("digest") === "SHA384",
    "the document's registers are not of SHA-384",
  );
  const path = [...document.cabundle, document.certificate].map((der) => read(() => new Certificate(der)));
  const leaf = path.at(-1);
  requireThat(leaf !== undefined && path.length > 1, "the document has no certificates");
  return { document, path, leaf };
}

/** @throws Refuted unless the path begins with this root certificate (DER). */
export function requireRoot({ path: [first] }: ReadAttestation, root: Uint8Array): void {
  const isRoot = first !== undefined && hexlify(first.der) === hexlify(root);
  requireThat(
    isRoot,
    `the certificates come from the root ${first && sha256(first.der)}, and not from ${sha256(root)}`,
  );
}

/** Verifies one certificate of the path: its validity, and its issuance by the one before. @throws Refuted saying what is wrong. */
export async function verifyCertificate({ path }: ReadAttestation, index: number, at: number): Promise<void> {
  const [certificate, issuer] = [path[index], path[index - 1]];
  if (certificate === undefined) throw new RangeError(`there is no certificate ${index}`);
  certificate.requireValid(at);
  if (issuer !== undefined) await certificate.requireIssuedBy(issuer, path.length - 1 - index);
}

/** Verifies the document's own signature, by the path's last certificate. @throws Refuted saying what is wrong. */
export async function verifyDocumentSignature({ document, leaf }: ReadAttestation): Promise<void> {
  requireThat(
    !leaf.isAuthority && leaf.isFor(KeyUsage.digitalSignature),
    "the document's certificate is not for signatures",
  );
  requireThat(await leaf.hasSigned(document.signedData, document.signature), "the document's signature is wrong");
}

/**
 * Verifies an attestation document and its certificates with WebCrypto.
 *
 * @param bytes The document: a COSE_Sign1 message (RFC 9052).
 * @param root The root certificate in DER.
 * @param at Unix time, in seconds, at which the certificates have to be valid.
 * @throws Refuted saying what is wrong.
 */
export async function verifyDocument(bytes: Uint8Array, root: Uint8Array, at: number): Promise<VerifiedDocument> {
  const attestation = readAttestation(bytes);
  requireRoot(attestation, root);
  for (const index of attestation.path.keys()) await verifyCertificate(attestation, index, at);
  await verifyDocumentSignature(attestation);
  return { document: attestation.document, certificates: attestation.path.slice(1).map(({ identity }) => identity) };
}

/** Whether a root certificate (DER) is the one that AWS publishes. */
export const isAwsRoot = (root: Uint8Array): boolean => sha256(root) === AWS_NITRO_ROOT_HASH;

/** Checks that a document was made for one attestation, and of its key. @throws Refuted saying for what else it was made. */
export function requireBinding(
  { userData, nonce, publicKey }: AttestationDocument,
  { chainId, verifier, nodeId, index, key }: AttestationBinding,
): void {
  const binding = ["uint256", "address", "bytes32"];
  const bound = [chainId, verifier, nodeId];
  const encode = (types: string[], values: unknown[]) => AbiCoder.defaultAbiCoder().encode(types, values);
  requireThat(hex(userData) === encode(binding, bound), "the document is bound to another chain, registry or node");
  const expected = keccak256(encode([...binding, "uint256"], [...bound, index]));
  requireThat(hex(nonce) === expected, "the document was made for another attestation of the node");
  requireThat(keyOf(publicKey) === key, "the document is of another key");
}

/** The measurement that a document shows: of PCR0, PCR1 and PCR2. @throws Refuted if the enclave is not measured. */
export function readMeasurement({ pcrs }: AttestationDocument): string {
  const [pcr0, pcr1, pcr2] = [0, 1, 2].map((register) => {
    const pcr = pcrs.get(register) ?? new Uint8Array();
    requireThat(pcr.length === 48 && pcr.some((byte) => byte !== 0), "the enclave is not measured, or in debug mode");
    return pcr;
  });
  return measurementOf([pcr0 ?? new Uint8Array(), pcr1 ?? new Uint8Array(), pcr2 ?? new Uint8Array()]);
}

/** The address of the key in a document; undefined if there is none to be read. */
export function shownKey(document: string): string | undefined {
  try {
    return keyOf(parseDocument(getBytes(document)).publicKey);
  } catch {
    return undefined;
  }
}

/** The address of an uncompressed secp256k1 point; undefined if it is none. */
function keyOf(publicKey: Uint8Array | null): string | undefined {
  if (publicKey?.length !== 65) return undefined;
  try {
    return computeAddress(hexlify(publicKey));
  } catch {
    return undefined;
  }
}

const hex = (bytes: Uint8Array | null): string => (bytes === null ? "0x" : hexlify(bytes));

/** What `parse` reads. @throws Refuted if it cannot. */
function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Refuted(`the attestation document is malformed: ${error instanceof Error ? error.message : error}`);
  }
}
