import type { Hex } from "viem";
import type { PROOF_MEANINGS, Route, TRUSTS } from "./enums.ts";

/** Characters of a bytes32 as hex. */
const WORD = 66;

/** The measurement set that a TEE route's parameters name; null where they name none. */
export function measurementSetOf(route: Route, parameters: Hex): Hex | null {
  return route === "TEE" && parameters.length === WORD ? parameters : null;
}

/**
 * What a proof by this route shows: a proof of the circuit and an enclave with weights and runtime show execution, a
 * gateway does not.
 *
 * @param trust What the route's measurement set is trusted for; undefined if there is no such set.
 */
export function proves(
  route: Route,
  trust: (typeof TRUSTS)[number] | undefined,
): (typeof PROOF_MEANINGS)[number] | null {
  if (route === "ZK" || trust === "LOCAL") return "EXECUTION";
  return trust === "GATEWAY" ? "RELAY" : null;
}
