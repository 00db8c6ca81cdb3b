import type { Command } from "commander";
import { bytes32, onNetwork, table, wholeNumber } from "./command.ts";
import { aboutNode } from "./node.ts";

interface GateOptions {
  readonly node?: string;
  readonly salt?: string;
  readonly model: string;
  readonly routeVersion?: number;
  readonly make?: true;
}

/** `opg x402 …`: what x402 clients pay. */
export function registerX402Commands(program: Command): void {
  const x402 = program.command("x402").description("nodes that x402 clients pay by the call");
  onNetwork<GateOptions>(
    aboutNode(
      x402
        .command("gate")
        .description(
          "show whom x402 clients pay for a node's model: receiver and receiverAuthorizer of their channels",
        ),
    )
      .requiredOption("--model <id>", "the model", bytes32)
      .option(
        "--route-version <number>",
        "the version of the model's TEE route; the current one if absent",
        wholeNumber,
      )
      .option("--make", "make it, if it is not on chain yet"),
    `x402 gate --model 0x${"5e".repeat(32)}`,
    async (context, options) => {
      const { x402GateOf } = await import("../../sdk/src/node/x402/x402GateOf.ts");
      const { model: modelId, routeVersion, make = false } = options;
      const nodeId = await context.nodeId(options);
      const runner = make ? await context.signer() : context.provider;
      const found = await x402GateOf(context.deployment, runner, { nodeId, modelId, routeVersion }, make);
      const json = { nodeId, modelId, ...found };
      return { json, text: table({ gate: found.gate, "on chain": found.made ? "yes" : "no, make it with --make" }) };
    },
  );
}
