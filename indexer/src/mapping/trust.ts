import { type Hex, keccak256, size, slice, zeroHash } from "viem";
import { AWS_NITRO_ROOT_HASH } from "../../../sdk/src/attestation/awsRoot.ts";
import { decodeTeeParameters } from "../../../sdk/src/attestation/tee.ts";
import { keyWeaknesses } from "../../../sdk/src/client/keyWeaknesses.ts";
import { Trust as TrustCode } from "../../../sdk/src/types.ts";
import type { ProofMeaning, Route, Trust } from "./enums.ts";

/** What a model's TEE route trusts: the images, what for, and the hash of the parameters that say so. */
export interface MeasurementSet {
  readonly id: Hex;
  readonly trust: "LOCAL" | "GATEWAY";
  readonly backend: string;
  readonly measurements: Hex[];
}

/** The measurement set in a TEE route's parameters; null where there is none. */
export function measurementSetOf(route: Route, parameters: Hex): MeasurementSet | null {
  const decoded = route === "TEE" ? decodeTeeParameters(parameters) : null;
  if (decoded === null) return null;
  return {
    id: keccak256(parameters),
    trust: decoded.trust === TrustCode.LOCAL ? "LOCAL" : "GATEWAY",
    // PostgreSQL's texts hold no null character.
    backend: decoded.backend.replaceAll("\0", "\ufffd"),
    measurements: decoded.measurements.map((measurement) => measurement as Hex),
  };
}

/** The Groth16 key that a ZK route's parameters name (see IGroth16Verifier.sol); null for other proof systems' parameters. */
export const verifyingKeyIdOf = (route: Route, parameters: Hex): Hex | null =>
  route === "ZK" && size(parameters) === 96 ? slice(parameters, 0, 32) : null;

/** What a registered verifying key says of its ceremony. */
export interface KeyCeremony {
  readonly development: boolean;
  readonly contributions: bigint;
  /** Null for none. */
  readonly beacon: Hex | null;
}

/** What a proof by a circuit shows: execution, if its key is for production. */
export function provesUnderKey(key: KeyCeremony): ProofMeaning {
  const declared = { ...key, contributions: Number(key.contributions), beacon: key.beacon ?? zeroHash };
  return keyWeaknesses(declared).length === 0 ? "EXECUTION" : "DEVELOPMENT";
}

/**
 * What an enclave's signature shows: execution, if it contains weights and runtime; and anything at all only if AWS says
 * what it is. Null if nothing is known of what it is trusted for, or of who says what it is.
 *
 * @param rootHash The SHA-256 of the root that its verifier takes attestations of.
 */
export function provesByEnclave(trust: Trust | null, rootHash: Hex | null): ProofMeaning | null {
  if (trust === null || trust === "NONE" || rootHash === null) return null;
  if (rootHash !== AWS_NITRO_ROOT_HASH) return "DEVELOPMENT";
  return trust === "LOCAL" ? "EXECUTION" : "RELAY";
}
