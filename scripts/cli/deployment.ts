import type { Command } from "commander";
import { onNetwork, table } from "./command.ts";

/** `opg deployment`: what was deployed where. */
export function registerDeploymentCommand(program: Command): void {
  onNetwork<{ out?: string }>(
    program
      .command("deployment")
      .description("show a deployment: chain, first block and addresses, from Ignition's own files")
      .option("--out <file>", "also write it as JSON, for the indexer and for applications"),
    "deployment --network localhost --out deployment.json",
    async ({ deployment }, { out }) => {
      if (out !== undefined) {
        const [{ writeFileSync }, { toJson }] = await Promise.all([import("node:fs"), import("../../sdk/src/wire.ts")]);
        writeFileSync(out, `${toJson(deployment, 2)}\n`);
      }
      const { chainId, startBlock, addresses } = deployment;
      return {
        json: { chainId, startBlock, addresses },
        text: table({ chain: chainId, "start block": startBlock, ...addresses }),
      };
    },
  );
}
