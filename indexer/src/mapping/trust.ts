import { type Hex, keccak256, size, slice, zeroHash } from "viem";
import { decodeTeeParameters } from "../../../sdk/src/attestation/tee.ts";
import { keyWeaknesses } from "../../../sdk/src/client/keyWeaknesses.ts";
import { Trust } from "../../../sdk/src/types.ts";
import type { ProofMeaning, Route, TRUSTS } from "./enums.ts";

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
    trust: decoded.trust === Trust.LOCAL ? "LOCAL" : "GATEWAY",
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

/**
 * What a proof by a route shows: a proof of the circuit under a key for production and an enclave with weights and runtime
 * show execution, a gateway and any other key do not.
 *
 * @param trust What the route's measurement set is trusted for; undefined if there is no such set.
 * @param key The route's verifying key; undefined if none that is registered is named.
 */
export function proves(trust: (typeof TRUSTS)[number] | undefined, key: KeyCeremony | undefined): ProofMeaning | null {
  if (key !== undefined) {
    const declared = { ...key, contributions: Number(key.contributions), beacon: key.beacon ?? zeroHash };
    return keyWeaknesses(declared).length === 0 ? "EXECUTION" : "DEVELOPMENT";
  }
  if (trust === "LOCAL") return "EXECUTION";
  return trust === "GATEWAY" ? "RELAY" : null;
}
