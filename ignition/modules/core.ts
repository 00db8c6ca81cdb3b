import type {
  ContractFuture,
  IgnitionModuleBuilder,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";
import { id } from "ethers";

/** The roles of the AccessManager. Role 0 is its own admin; everything that is not listed here is the admin's. */
export const ROLES = {
  /** Pauses new requests, and can do nothing else. */
  guardian: 1n,
  /** Lists tokens, schedules parameters, adds and freezes verifiers, adds settlement modules, unpauses. */
  governor: 2n,
  /** Revokes a broken verifier: what depends on it can then be voided. */
  emergency: 3n,
} as const;

const DAY = 24 * 60 * 60;
const OPG = 10n ** 18n;

/** `Route` in IVerifierRegistry.sol. */
const ROUTE_ZK = 0;

const selectors = (...signatures: string[]) => signatures.map((signature) => id(signature).slice(0, 10));

/**
 * Deploys everything but the OPG token and wires it: who may do what, and which settlement may touch bonds.
 *
 * @param m The builder of the module that deploys.
 * @param opg The OPG token.
 * @param burnSink Where OPG is sent that burns; the zero address if the token burns by itself.
 */
export function deployCore(
  m: IgnitionModuleBuilder,
  opg: ContractFuture<string> | NamedArtifactContractDeploymentFuture<string>,
  burnSink: ContractFuture<string> | string,
) {
  const deployer = m.getAccount(0);
  const guardian = m.getParameter("guardian", deployer);
  const governor = m.getParameter("governor", deployer);
  const emergency = m.getParameter("emergency", deployer);

  const manager = m.contract("AccessManager", [deployer]);
  const groth16Verifier = m.contract("Groth16Verifier");
  const verifiers = m.contract("VerifierRegistry", [
    manager,
    m.getParameter("verifierActivationDelay", 1 * DAY),
    [ROUTE_ZK],
    [groth16Verifier],
  ]);
  const models = m.contract("ModelRegistry", [verifiers]);
  const nodes = m.contract("NodeRegistry", [
    manager,
    opg,
    burnSink,
    m.getParameter("unbondingDelay", 15 * DAY),
    m.getParameter("moduleNotice", 7 * DAY),
  ]);
  const settlement = m.contract("Settlement", [
    manager,
    nodes,
    models,
    verifiers,
    {
      verificationFee: m.getParameter("maxVerificationFee", 1_000n * OPG),
      deliveryWindow: m.getParameter("maxDeliveryWindow", 1 * DAY),
      proofWindow: m.getParameter("maxProofWindow", 7 * DAY),
      evidenceWindow: m.getParameter("evidenceWindow", 7 * DAY),
      proofBlocks: m.getParameter("maxProofBlocks", 100_000),
      parameterDelay: m.getParameter("parameterDelay", 2 * DAY),
    },
    {
      zkVerificationFee: m.getParameter("zkVerificationFee", 2n * OPG),
      teeVerificationFee: m.getParameter("teeVerificationFee", 1n * OPG),
      compensationBps: m.getParameter("compensationBps", 8_000),
      rewardBps: m.getParameter("rewardBps", 200),
      proofBlocks: m.getParameter("proofBlocks", 5),
    },
  ]);

  const moduleAdded = m.call(nodes, "addModule", [settlement]);
  m.call(nodes, "open", [], { after: [moduleAdded] });
  const role = (name: keyof typeof ROLES, target: ContractFuture<string>, label: string, ...functions: string[]) =>
    m.call(manager, "setTargetFunctionRole", [target, selectors(...functions), ROLES[name]], {
      id: `${name}_${label}`,
    });
  role("guardian", settlement, "settlement", "pause()");
  role(
    "governor",
    settlement,
    "settlement",
    "unpause()",
    "setToken(address,bool)",
    "scheduleParameters((uint96,uint96,uint16,uint16,uint24))",
  );
  role("governor", verifiers, "verifiers", "add(uint8,address)", "freeze(uint32)");
  role("emergency", verifiers, "verifiers", "revoke(uint32)");
  // Only after the deployer, who is the admin, has added the first module.
  m.call(manager, "setTargetFunctionRole", [nodes, selectors("addModule(address)"), ROLES.governor], {
    id: "governor_nodes",
    after: [moduleAdded],
  });
  m.call(manager, "grantRole", [ROLES.guardian, guardian, 0], { id: "grant_guardian" });
  m.call(manager, "grantRole", [ROLES.governor, governor, m.getParameter("governorDelay", 0)], {
    id: "grant_governor",
  });
  m.call(manager, "grantRole", [ROLES.emergency, emergency, 0], { id: "grant_emergency" });

  return { manager, groth16Verifier, verifiers, models, nodes, settlement };
}
