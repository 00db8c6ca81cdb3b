import { type Command, Option } from "commander";
import { bytes32, example, wholeNumber } from "../cli/command.ts";
import type { AuditCommandOptions } from "./run.ts";

/** Adds `opg audit`, which exits with 0 if what was settled holds, 1 if it does not, 2 if it cannot be read. */
export function registerAuditCommand(program: Command): void {
  const command = program
    .command("audit")
    .description("verify a settled inference of chain data alone: proof, attestation and money, without the contracts")
    .argument("[request]", "the request", bytes32)
    .addOption(
      new Option("--rpc <url>", "an RPC node; given twice, the two are compared")
        .argParser((url: string, before: readonly string[]) => [...before, url])
        .default([], "none"),
    )
    .option("--deployment <path>", "a deployment's JSON file or Ignition folder; found by the chain's number if absent")
    .option("--root <file>", "the root certificate of attestations, PEM or DER (default: AWS's)")
    .option("--all", "audit every request, from --from to --to")
    .option("--from <block>", "the first block of --all (default: the deployment's first)", wholeNumber)
    .option("--to <block>", "the last block of --all (default: the newest)", wholeNumber)
    .option("--batch <file>", "audit the batch of a leaf set: its leaves, sums, signature and payments")
    .option("--save <file>", "write all that was read to a file")
    .option("--archive <file>", "read what --save has written, instead of an RPC node")
    .option("--trust-headers", "for chains whose block hashes are not Ethereum's: do not recompute headers and roots")
    .option("--json", "print one JSON object")
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action(async (request: string | undefined, options: AuditCommandOptions) => {
      const { runAudit } = await import("./run.ts");
      process.exitCode = await runAudit(request, options);
    });
  command.addHelpText(
    "after",
    `
Asks no contract anything: reads logs, blocks, receipts, calldata and code, and recomputes their hashes. What it proves
and does not is in docs/audit.md.

Exit code: 0 holds; 1 does not hold; 2 cannot be read, or not settled. Of --all: the worst, where what is not settled
counts as nothing.`,
  );
  example(command, "audit --all --rpc http://127.0.0.1:8545");
}
