import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Where the test vectors from elsewhere lie: VECTORS_DIR, or beside the repository. */
const DIRECTORY = resolve(process.env.VECTORS_DIR ?? "../shared/vectors");

/** What a test of one file of vectors is called when they are absent. */
export const VECTORS_ABSENT = `no test vectors in ${DIRECTORY}: set VECTORS_DIR to run this`;

/** Whether there are test vectors. */
export const hasVectors = (): boolean => existsSync(DIRECTORY);

/** One file of test vectors. */
export const readVector = (path: string): Uint8Array => new Uint8Array(readFileSync(resolve(DIRECTORY, path)));

/** One attestation document of `nitro/index.json`. */
export interface NitroVector {
  readonly file: string;
  readonly timestamp_ms: number;
  readonly signature_valid: boolean;
  readonly root_is_aws_g1: boolean;
  readonly debug_mode: boolean;
  /** The registers that are not zero, by index, as hex. */
  readonly pcrs: Readonly<Record<string, string>>;
  readonly public_key_len: number | null;
  readonly user_data_len: number | null;
  readonly nonce_len: number | null;
  /** When the document's certificate is valid, as ISO dates. */
  readonly window: readonly [string, string];
}

/** The attestation documents; none when there are no vectors. */
export const nitroVectors = (): readonly NitroVector[] =>
  hasVectors() ? JSON.parse(new TextDecoder().decode(readVector("nitro/index.json"))) : [];

/** The root certificate of AWS Nitro enclaves, in DER. */
export const awsRoot = (): Uint8Array => readVector("nitro/aws_nitro_root_g1.der");
