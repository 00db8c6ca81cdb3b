import type { Command } from "commander";
import { InputError } from "../cli/InputError.ts";
import type { CircuitFiles } from "./verify.ts";

/** Adds `circuit verify`, which exits with 0 for a valid proof, 1 for an invalid one and 2 for unreadable input. */
export function registerCircuitCommands(program: Command): void {
  program
    .command("circuit")
    .description("work with snarkjs's circuits")
    .command("verify")
    .description("verify any snarkjs Groth16 proof with the Groth16Verifier contract, on a chain in this process")
    .requiredOption("--vkey <file>", "verification key, as snarkjs exports it")
    .requiredOption("--proof <file>", "proof")
    .requiredOption("--public <file>", "public signals")
    .option("--json", "print one JSON object: {valid, gas}")
    .addHelpText(
      "after",
      `
Exit code: 0 valid, 1 invalid, 2 unreadable input.

Example:
  npm run --silent opg -- circuit verify --vkey verification_key.json --proof proof.json --public public.json --json`,
    )
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action(async ({ json, ...files }: CircuitFiles & { json?: true }) => {
      try {
        const { verifyCircuit } = await import("./verify.ts"); // starts Hardhat, which help does not need
        const result = await verifyCircuit(files);
        const text = `${result.valid ? "valid" : "INVALID"}: ${result.gas.toLocaleString("en")} gas`;
        console.log(json ? JSON.stringify(result) : text);
        process.exitCode = result.valid ? 0 : 1;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        console.error(error.message);
        process.exitCode = 2;
      }
    });
}
