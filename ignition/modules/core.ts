import type {
  ContractFuture,
  IgnitionModuleBuilder,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";
import { assignRole, ROLES, selectors } from "./roles.ts";
import { deployTee } from "./tee.ts";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const OPG = 10n ** 18n;

/** `Route` in IVerifierRegistry.sol. */
export const ROUTE = { ZK: 0, TEE: 1 } as const;

/**
 * Deploys everything but the OPG token and wires it: who may do what, and which settlements may touch bonds.
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
  const nodes = m.contract("NodeRegistry", [
    manager,
    opg,
    burnSink,
    m.getParameter("unbondingDelay", 15 * DAY),
    m.getParameter("moduleNotice", 7 * DAY),
  ]);
  const tee = deployTee(m, manager, nodes);
  const verifiers = m.contract("VerifierRegistry", [
    manager,
    m.getParameter("verifierActivationDelay", 1 * DAY),
    [ROUTE.ZK, ROUTE.TEE],
    [groth16Verifier, tee.teeVerifier],
  ]);
  const models = m.contract("ModelRegistry", [verifiers]);
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

  const groth16Settler = m.contract("Groth16Settler", [settlement, models, groth16Verifier]);

  const batchSettlement = m.contract("BatchSettlement", [
    settlement,
    nodes,
    models,
    verifiers,
    m.getParameter("x402", "0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003"),
    m.getParameter("minWithdrawalDelay", 15 * MINUTE),
    m.getParameter("maxWithdrawalDelay", 30 * DAY),
  ]);

  const modulesAdded = [
    m.call(nodes, "addModule", [settlement]),
    m.call(nodes, "addModule", [batchSettlement], { id: "addModule_batchSettlement" }),
  ];
  m.call(nodes, "open", [], { after: modulesAdded });
  const role = (name: keyof typeof ROLES, target: ContractFuture<string>, label: string, ...functions: string[]) =>
    assignRole(m, manager, name, target, label, ...functions);
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
  // Only after the deployer, who is the admin, has added the first modules.
  m.call(manager, "setTargetFunctionRole", [nodes, selectors("addModule(address)"), ROLES.governor], {
    id: "governor_nodes",
    after: modulesAdded,
  });
  m.call(manager, "grantRole", [ROLES.guardian, guardian, 0], { id: "grant_guardian" });
  m.call(manager, "grantRole", [ROLES.governor, governor, m.getParameter("governorDelay", 0)], {
    id: "grant_governor",
  });
  m.call(manager, "grantRole", [ROLES.emergency, emergency, 0], { id: "grant_emergency" });

  return { manager, groth16Verifier, groth16Settler, ...tee, verifiers, models, nodes, settlement, batchSettlement };
}
