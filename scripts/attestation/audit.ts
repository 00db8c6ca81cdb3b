import { createPublicKey, X509Certificate } from "node:crypto";
import { type BytesLike, getBytes, isHexString } from "ethers";
import { AWS_NITRO_ROOT } from "../../sdk/src/attestation/awsRoot.ts";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { decodeError } from "../../sdk/src/errors/decodeError.ts";
import { readInputFile, understood } from "../cli/files.ts";
import { connectAt, deployNitroVerifier } from "./deploy.ts";
import { documentTime, readDocument } from "./document.ts";

/** The files to audit. */
export interface AuditFiles {
  /** The attestation document. */
  readonly document: string;
  /** The enclave's TLS certificate, in PEM or DER. */
  readonly tlsCertificate: string;
  /** The enclave's RSA key, in PEM or DER. */
  readonly signingKey: string;
  /** Receipts: JSON with inputHash, outputHash (0x-hex), timestamp (seconds), signature (base64 or 0x-hex). */
  readonly receipts: readonly string[];
}

/** What the audit gave. */
export interface AuditReport {
  /** Whether the document binds certificate and key, and the key has signed every receipt. */
  readonly valid: boolean;
  /** Why the document was refused; null when it was not. */
  readonly reason: string | null;
  readonly receipts: readonly { readonly file: string; readonly valid: boolean }[];
}

interface Receipt {
  readonly inputHash: string;
  readonly outputHash: string;
  readonly timestamp: bigint;
  readonly signature: Uint8Array;
}

/** Reads a file by `parse`. @throws InputError if it cannot be read or is not what it should be. */
const read = <T>(file: string, parse: (content: Buffer) => T): T => {
  const content = Buffer.from(readInputFile(file));
  return understood(file, () => parse(content));
};

function parseKey(content: Buffer): Uint8Array {
  const key = content.includes("-----BEGIN")
    ? content
    : { key: content, format: "der" as const, type: "spki" as const };
  return new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }));
}

function parseReceipt(content: Buffer): Receipt {
  const fields: unknown = JSON.parse(content.toString());
  if (typeof fields !== "object" || fields === null) throw new Error("a receipt is a JSON object");
  const { inputHash, outputHash, timestamp, signature } = fields as Record<string, unknown>;
  if (!isHexString(inputHash, 32) || !isHexString(outputHash, 32)) {
    throw new Error("inputHash and outputHash have to be 32 bytes of 0x-hex");
  }
  if ((typeof timestamp !== "number" && typeof timestamp !== "string") || !/^\d+$/.test(String(timestamp))) {
    throw new Error("timestamp has to be seconds");
  }
  if (typeof signature !== "string") throw new Error("signature has to be base64 or 0x-hex");
  return {
    inputHash,
    outputHash,
    timestamp: BigInt(timestamp),
    signature: isHexString(signature) ? getBytes(signature) : new Uint8Array(Buffer.from(signature, "base64")),
  };
}

/**
 * Audits one of OpenGradient's enclaves with the real contracts, on a chain in this process: that an attestation
 * document binds a TLS certificate and a signing key, and that the key has signed receipts. No money rests on either.
 *
 * @param at Unix time, in seconds, at which the document has to be valid; by default its own.
 * @param root The root certificate in DER; by default AWS's.
 * @throws InputError when a file is not what it should be.
 */
export async function auditOpenGradient(
  files: AuditFiles,
  { at, root = AWS_NITRO_ROOT }: { at?: number; root?: BytesLike } = {},
): Promise<AuditReport> {
  const { data, document } = readDocument(files.document);
  const tlsCertificate = read(files.tlsCertificate, (content) => new X509Certificate(content).raw);
  const signingKey = read(files.signingKey, parseKey);
  const receipts = files.receipts.map((file) => ({ file, receipt: read(file, parseReceipt) }));

  const time = at ?? documentTime(document);
  const connection = await connectAt(time);
  try {
    const { verifier } = await deployNitroVerifier(connection, root);
    const audit = await connection.ethers.deployContract("OpenGradientAudit", [verifier]);
    await connection.networkHelpers.time.increaseTo(time);
    let reason: string | null = null;
    try {
      await audit.verifyEnclave(data, await documentHints(data), tlsCertificate, signingKey);
    } catch (error) {
      const refusal = decodeError(error);
      if (refusal === undefined) throw error;
      reason = refusal.sentence;
    }
    const checked = [];
    for (const { file, receipt } of receipts) {
      const { inputHash, outputHash, timestamp, signature } = receipt;
      checked.push({ file, valid: await audit.verifyReceipt(signingKey, inputHash, outputHash, timestamp, signature) });
    }
    return { valid: reason === null && checked.every(({ valid }) => valid), reason, receipts: checked };
  } finally {
    await connection.close();
  }
}
