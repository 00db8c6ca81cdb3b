import { type BytesLike, hexlify } from "ethers";
import { AWS_NITRO_ROOT } from "../../sdk/src/attestation/awsRoot.ts";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { decodeError } from "../../sdk/src/errors/decodeError.ts";
import { connectAt, deployNitroVerifier } from "./deploy.ts";
import { documentTime, readDocument } from "./document.ts";

/** What verifying one file gave. */
export interface VerificationReport {
  readonly file: string;
  readonly valid: boolean;
  /** Why it is not valid; null when it is. */
  readonly reason: string | null;
  /** Gas of the transaction that verified the whole chain; null when the contract refused it. */
  readonly gasCold: number | null;
  /** Gas of a second one, under the chain that the first has cached. */
  readonly gasWarm: number | null;
  /** Unix time in milliseconds. */
  readonly timestamp: number;
  readonly debug: boolean;
  /** The registers as hex without 0x. */
  readonly pcrs: Readonly<Record<string, string>>;
  readonly publicKey: string | null;
  readonly userData: string | null;
  readonly nonce: string | null;
}

/** How to verify. */
export interface VerificationOptions {
  /** Unix time, in seconds, at which the document has to be valid; by default its own. */
  readonly at?: number;
  /** Takes documents of enclaves in debug mode, too. */
  readonly allowDebug?: boolean;
  /** The root certificate in DER; by default AWS's. */
  readonly root?: BytesLike;
}

const hexOrNull = (value: Uint8Array | null): string | null => (value === null ? null : hexlify(value));

const isZero = (value: Uint8Array | undefined): boolean => value === undefined || value.every((byte) => byte === 0);

/**
 * Verifies an attestation document with the real contracts on a chain of its own, cold and then warm, each in one
 * transaction.
 *
 * @throws InputError when there is no document in the file.
 */
export async function verifyFile(file: string, options: VerificationOptions = {}): Promise<VerificationReport> {
  const { data, document } = readDocument(file);
  const timestamp = Number(document.timestamp);
  const at = options.at ?? documentTime(document);
  const debug = [0, 1, 2].every((index) => isZero(document.pcrs.get(index)));

  const connection = await connectAt(at);
  try {
    const { verifier } = await deployNitroVerifier(connection, options.root ?? AWS_NITRO_ROOT);
    const verify = async (hints: string[]) => {
      await connection.networkHelpers.time.setNextBlockTimestamp(at);
      const receipt = await (await verifier.verify(data, hints)).wait();
      return Number(receipt?.gasUsed ?? 0n);
    };
    let gas: { gasCold: number; gasWarm: number } | null = null;
    let reason: string | null = null;
    try {
      gas = { gasCold: await verify(await documentHints(data)), gasWarm: await verify(await documentHints(data, 1)) };
      if (debug && !options.allowDebug) reason = "debug mode";
    } catch (error) {
      const refusal = decodeError(error);
      if (refusal === undefined) throw error;
      reason = refusal.sentence;
    }
    return {
      file,
      valid: reason === null,
      reason,
      gasCold: gas?.gasCold ?? null,
      gasWarm: gas?.gasWarm ?? null,
      timestamp,
      debug,
      pcrs: Object.fromEntries([...document.pcrs].map(([index, value]) => [index, hexlify(value).slice(2)])),
      publicKey: hexOrNull(document.publicKey),
      userData: hexOrNull(document.userData),
      nonce: hexOrNull(document.nonce),
    };
  } finally {
    await connection.close();
  }
}
