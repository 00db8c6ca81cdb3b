import type { CallableContractFuture, ContractFuture, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { AWS_NITRO_ROOT } from "../../sdk/src/attestation/awsRoot.ts";
import { p384Table } from "../../sdk/src/attestation/p384Table.ts";
import { assignRole } from "./roles.ts";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/**
 * Deploys the TEE route: the verifier of attestation documents, and the registry of enclaves with the verifier of
 * their claims.
 *
 * @param m The builder of the module that deploys.
 * @param manager The AccessManager.
 * @param nodes The node registry.
 * @param nitroVerifier The verifier of attestation documents; by default the one for production, which accepts AWS's
 * root only and takes none as a parameter.
 */
export function deployTee(
  m: IgnitionModuleBuilder,
  manager: CallableContractFuture<string>,
  nodes: ContractFuture<string>,
  nitroVerifier: ContractFuture<string> = m.contract("AwsNitroVerifier", [manager, deployP384(m), AWS_NITRO_ROOT]),
) {
  const teeVerifier = m.contract("TeeVerifier", [
    manager,
    nodes,
    nitroVerifier,
    m.getParameter("attestationFreshness", 15 * MINUTE),
    m.getParameter("attestationFutureSkew", 1 * MINUTE),
    m.getParameter("enclaveLifetime", 30 * DAY),
  ]);
  assignRole(m, manager, "emergency", nitroVerifier, "nitroVerifier", "revokeCertificate(bytes32,uint256)");
  assignRole(
    m,
    manager,
    "emergency",
    teeVerifier,
    "teeVerifier",
    "emergencyRevoke(bytes32,uint256,uint48)",
    "banMeasurement(bytes32)",
  );
  return { nitroVerifier, teeVerifier };
}

/** Deploys the verifier of P-384 signatures over its table. */
export const deployP384 = (m: IgnitionModuleBuilder) =>
  m.contract("P384Verifier", [m.contract("P384Table", [p384Table()])]);
