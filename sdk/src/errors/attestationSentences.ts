import { decodeBytes32String } from "ethers";
import type { ErrorArgs, ErrorName } from "../chain/abiTypes.ts";
import type { abis } from "../generated/abis.ts";
import { KeyFault } from "../types.ts";
import { time } from "./time.ts";

type AttestationAbi = (typeof abis)[
  | "AwsNitroVerifier"
  | "NitroVerifier"
  | "OpenGradientAudit"
  | "P384Verifier"
  | "TeeVerifier"];
type Sentences = { readonly [N in ErrorName<AttestationAbi>]?: (args: ErrorArgs<AttestationAbi, N>) => string };

/** A short text from bytes32; one that is none stays hex. */
function text(value: string): string {
  try {
    return decodeBytes32String(value);
  } catch {
    return value;
  }
}

const parsers = {
  Slice_TooShort: ({ needed, available }) => `The data ends ${needed - available} bytes too early.`,
  Slice_TrailingBytes: ({ count }) => `${count} bytes follow where the data should end.`,
  Cbor_NotAscii: () => "A CBOR text has a byte that is not ASCII.",
  Cbor_NotShortest: ({ argument }) => `The CBOR number ${argument} is not in its shortest form.`,
  Cbor_ReservedInformation: ({ initialByte }) =>
    `The CBOR item that begins with byte ${initialByte} is not allowed here.`,
  Cbor_UnexpectedType: ({ expected, initialByte }) =>
    `A CBOR item of type ${expected} was expected, and found was one that begins with byte ${initialByte}.`,
  Der_BadBoolean: () => "A DER boolean is not in its canonical form.",
  Der_BadInteger: () => "A DER integer is out of range or not in its canonical form.",
  Der_BadLength: () => "A DER length is not in its canonical form.",
  Der_UnexpectedTag: ({ expected, actual }) =>
    `A DER element of tag ${expected} was expected, and found was ${actual}.`,
  NitroAttestation_BadDigest: ({ digest }) => `The document's digest is ${text(digest)}, not SHA384.`,
  NitroAttestation_BadFieldLength: ({ key, length }) => `The document's field ${text(key)} must not be ${length} long.`,
  NitroAttestation_BadPcrIndex: ({ index }) => `The document has a register ${index}; there are only 0 to 31.`,
  NitroAttestation_BadPcrLength: ({ index, length }) =>
    `Register ${index} of the document has ${length} bytes, not 48.`,
  NitroAttestation_BadSignatureLength: ({ length }) => `The document's signature has ${length} bytes, not 96.`,
  NitroAttestation_BadTimestamp: () => "The document's timestamp is zero.",
  NitroAttestation_DuplicateField: ({ key }) => `The document has the field ${text(key)} twice.`,
  NitroAttestation_DuplicatePcr: ({ index }) => `The document has register ${index} twice.`,
  NitroAttestation_MissingField: () => "The document lacks a mandatory field.",
  NitroAttestation_NotCoseSign1: ({ count }) => `The document is a message of ${count} parts, not a COSE_Sign1 of 4.`,
  NitroAttestation_NotEs384: () => "The document is not signed with ES384.",
  NitroAttestation_UnknownField: ({ key }) => `The document has an unknown field ${text(key)}.`,
  NitroAttestation_UnprotectedHeader: () => "The document has an unprotected header.",
  X509_BadBasicConstraints: () => "A certificate's basicConstraints are not what RFC 5280 allows.",
  X509_BadKeyUsage: () => "A certificate's keyUsage is empty or not in its canonical form.",
  X509_BadTime: () => "A certificate's validity names a time that does not exist or is not in its canonical form.",
  X509_BadValidity: ({ notBefore, notAfter }) =>
    `A certificate's validity ends (${time(notAfter)}) before it begins (${time(notBefore)}).`,
  X509_DuplicateExtension: ({ oid }) => `A certificate has the extension ${oid} twice.`,
  X509_EmptyIssuer: () => "A certificate names no issuer.",
  X509_UnknownCriticalExtension: ({ oid }) =>
    `A certificate has the critical extension ${oid}, which is not supported.`,
  X509_Unsupported: ({ what }) => `A certificate's ${text(what)} is not supported.`,
  RsaPss_UnsupportedKey: () => "The key is not an RSA key of 2,048 to 4,096 bits.",
} satisfies Sentences;

const paths = {
  AwsNitroVerifier_NotAwsRoot: ({ actual }) => `The root certificate (SHA-256 ${actual}) is not AWS's.`,
  CertificateCache_BadSignature: ({ index }) => `The signature of certificate ${index} is wrong.`,
  CertificateCache_EmptyPath: () => "There is no certificate in the path.",
  CertificateCache_NotARoot: () => "The certificate cannot be a root: it is no authority's, or another has issued it.",
  CertificateCache_NotAnAuthority: ({ index }) => `Certificate ${index} may not issue certificates.`,
  CertificateCache_NotValidNow: ({ index, notBefore, notAfter, time: now }) =>
    `Certificate ${index} is valid from ${time(notBefore)} to ${time(notAfter)}, not at ${time(now)}.`,
  CertificateCache_PathTooLong: ({ index }) => `Certificate ${index} is one authority more than the path allows.`,
  CertificateCache_Revoked: ({ index, serial }) => `Certificate ${index}, serial number ${serial}, is revoked.`,
  CertificateCache_UnknownRoot: ({ hash }) =>
    `The path does not begin with the pinned root: its root has SHA-256 ${hash}.`,
  CertificateCache_WrongIssuer: ({ index }) => `Certificate ${index} was not issued by the one before it.`,
  NitroVerifier_BadSignature: () => "The document's signature is wrong.",
  NitroVerifier_NotASigner: () => "The document's certificate may not sign documents.",
  P384Verifier_BadTable: ({ table }) => `The contract at ${table} is not the table of P-384.`,
} satisfies Sentences;

const enclaves = {
  EnclaveRegistry_AlreadyEnded: ({ nodeId, index, validUntil }) =>
    `Enclave ${index} of node ${nodeId} has ended at ${time(BigInt(validUntil))} already.`,
  EnclaveRegistry_BadKey: () => "The document's public key is not an uncompressed point on secp256k1.",
  EnclaveRegistry_BannedMeasurement: ({ measurement }) => `The image ${measurement} is banned.`,
  EnclaveRegistry_DebugMode: () => "The enclave ran in debug mode.",
  EnclaveRegistry_FaultyKey: ({ nodeId, key, fault }) =>
    fault === KeyFault.COMPROMISED
      ? `Key ${key} of node ${nodeId} was revoked in an emergency.`
      : `Key ${key} of node ${nodeId} signed two batches for one inference.`,
  EnclaveRegistry_FromTheFuture: ({ documentTime, time: now }) =>
    `The document was made at ${time(documentTime)}, which is after ${time(now)}.`,
  EnclaveRegistry_MissingMeasurement: ({ index }) => `Register ${index} of the document is absent or zero.`,
  EnclaveRegistry_NotAModule: ({ caller }) => `${caller} is not an active settlement module.`,
  EnclaveRegistry_Stale: ({ documentTime, freshness }) =>
    `The document was made at ${time(documentTime)}, more than ${freshness} seconds ago: attest again.`,
  EnclaveRegistry_Unauthorized: ({ nodeId, caller }) => `${caller} is neither owner nor signer of node ${nodeId}.`,
  EnclaveRegistry_UnknownEnclave: ({ nodeId, index }) => `Node ${nodeId} has no enclave ${index}.`,
  EnclaveRegistry_WrongNonce: ({ nodeId }) =>
    `The document's nonce is not the one for the next attestation of node ${nodeId}: it was used, or another came first.`,
  EnclaveRegistry_WrongUserData: ({ nodeId }) =>
    `The document's user data does not bind this chain, this registry and node ${nodeId}.`,
  EnclaveRegistry_ZeroParameter: () => "A parameter of the enclave registry is zero.",
  OpenGradientAudit_BadUserData: () => "The document's user data is not two prefixed SHA-256 hashes.",
  OpenGradientAudit_DebugMode: () => "The enclave ran in debug mode.",
  OpenGradientAudit_WrongSigningKey: ({ expected, actual }) =>
    `The document binds the signing key with SHA-256 ${expected}, not ${actual}.`,
  OpenGradientAudit_WrongTlsCertificate: ({ expected, actual }) =>
    `The document binds the TLS certificate with SHA-256 ${expected}, not ${actual}.`,
} satisfies Sentences;

/** One sentence for every custom error of the attestation contracts. */
export const attestationSentences = { ...parsers, ...paths, ...enclaves };
