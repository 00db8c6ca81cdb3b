import { Command } from "commander";
import { registerAttestationCommands } from "../attestation/command.ts";
import { registerAuditCommand } from "../audit/command.ts";
import { registerCircuitCommands } from "../circuit/command.ts";
import { registerBatchCommands } from "./batch.ts";
import { registerChannelCommands } from "./channel.ts";
import { registerDeploymentCommand } from "./deployment.ts";
import { registerModelCommands } from "./model.ts";
import { registerNodeCommands } from "./node.ts";
import { registerRequestCommands } from "./request.ts";
import { registerTokenCommands } from "./token.ts";
import { registerX402Commands } from "./x402.ts";

/** The whole command line: every group of commands registers itself. */
export function createProgram(): Command {
  const program = new Command("opg")
    .description("OPG Settlement: request, run, prove and settle AI inferences on any EVM chain")
    .usage("[command]")
    .addHelpText(
      "after",
      `
Networks are those of hardhat.config.ts. Addresses of RPC nodes and keys come from Hardhat's keystore
(npx hardhat keystore set OPG_PRIVATE_KEY) or the environment, never from an option.

Exit codes: 0 done; 1 refused or failed, with one line saying why; 2 unreadable input.`,
    );
  registerNodeCommands(program);
  registerModelCommands(program);
  registerRequestCommands(program);
  registerTokenCommands(program);
  registerX402Commands(program);
  registerChannelCommands(program);
  registerBatchCommands(program);
  registerDeploymentCommand(program);
  registerCircuitCommands(program);
  registerAttestationCommands(program);
  registerAuditCommand(program);
  return program;
}
