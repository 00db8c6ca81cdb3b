import type { Command } from "commander";
import type { Hex } from "../../circuits/src/field.ts";
import { bytes32, example, type Report, wholeNumber } from "../cli/command.ts";
import { InputError } from "../cli/InputError.ts";
import type { CeremonyOptions } from "./ceremony.ts";
import type { CircuitFiles } from "./verify.ts";

/** The commands of circuits: `opg circuit …`. None needs a network. */
export function registerCircuitCommands(program: Command): void {
  const circuit = program.command("circuit").description("set up circuits by ceremonies, and verify those, and proofs");

  offline<{ out?: string; ptau?: string }>(
    circuit
      .command("setup")
      .description("compile a circuit and begin its ceremony in a folder, or go on where that stopped")
      .argument("<circuit>", "a .circom file")
      .option("--ptau <file>", "prepared powers of tau; if absent they are made, with public secrets: for development")
      .option("--out <folder>", "the ceremony's folder; NAME.ceremony if absent"),
    "circuit setup test/support/circuits/publicSignals1.circom --out build/example.ceremony",
    async (options, source) => (await import("./ceremony.ts")).setup(source, options),
  );

  offline<{ name: string; entropyFrom?: string }>(
    circuit
      .command("contribute")
      .description("add a secret contribution to a ceremony's latest key; writes the next one beside it")
      .argument("<zkey>", "a .zkey file, or a ceremony's folder")
      .requiredOption("--name <name>", "who contributes; it becomes part of the key")
      .option("--entropy-from <file>", "mix this file's first 64 KiB into the system's randomness"),
    "circuit contribute build/example.ceremony --name Alice",
    async (options, from) => (await import("./ceremony.ts")).addContribution(from, options),
  );

  offline<{ hash: Hex; iterations: number }>(
    circuit
      .command("beacon")
      .description("close a ceremony with public randomness; writes NAME_final.zkey")
      .argument("<zkey>", "a .zkey file, or a ceremony's folder")
      .requiredOption("--hash <hash>", "the beacon: 32 bytes that nobody could know before the last contribution", hash)
      .option("--iterations <exponent>", "hash the beacon 2^exponent times, from 10 to 26", wholeNumber, 10),
    `circuit beacon build/example.ceremony --hash 0x${"5e".repeat(32)} --iterations 10`,
    async (options, from) => (await import("./ceremony.ts")).addBeacon(from, options),
  );

  offline<VerifyOptions>(
    circuit
      .command("verify")
      .description("verify a ceremony; or any snarkjs Groth16 proof, by the contract on a chain in this process")
      .argument("[ceremony]", "the ceremony's folder, or its .zkey")
      .option("--circuit <file>", "of a ceremony: compile this source, instead of trusting the folder's .r1cs")
      .option("--ptau <file>", "of a ceremony: powers of tau that you trust, instead of the folder's")
      .option("--write-key <file>", "of a ceremony: where to write its verifying key, for `opg model key`")
      .option("--vkey <file>", "of a proof: the verification key, as snarkjs exports it")
      .option("--proof <file>", "of a proof: the proof")
      .option("--public <file>", "of a proof: the public signals")
      .addHelpText(
        "after",
        "\nExit code: 0 it holds, 1 it does not, 2 unreadable input.\n\nA ceremony holds if every link of its chain does; the verdict says whether its key is one for production.",
      ),
    "circuit verify build/example.ceremony --circuit test/support/circuits/publicSignals1.circom",
    verify,
    (reason) => ({ json: { holds: false, reason }, text: `DOES NOT HOLD: ${reason}` }),
  ).exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

type VerifyOptions = Omit<CeremonyOptions, "progress"> & { writeKey?: string } & Partial<CircuitFiles>;

async function verify(options: VerifyOptions, ceremony: string): Promise<Report> {
  if (ceremony !== "") return (await import("./ceremony.ts")).verify(ceremony, options);
  const { vkey, proof, public: signals } = options;
  if (vkey === undefined || proof === undefined || signals === undefined) {
    throw new InputError("name a ceremony, or a proof by all of --vkey, --proof and --public");
  }
  const { verifyCircuit } = await import("./verify.ts"); // starts Hardhat, which ceremonies do not need
  const { valid, gas } = await verifyCircuit({ vkey, proof, public: signals });
  return {
    json: { valid, gas },
    text: `${valid ? "valid" : "INVALID"}: ${gas.toLocaleString("en")} gas`,
    exitCode: valid ? 0 : 1,
  };
}

/** A beacon's value, with or without 0x. */
const hash = (text: string): string => bytes32(/^0x/i.test(text) ? text : `0x${text}`);

/** Makes a command one that needs no network: adds its example and `--json`, and runs `task` with its options and argument. */
function offline<Options>(
  command: Command,
  line: string,
  task: (options: Options, argument: string) => Promise<Report>,
  failed?: (reason: string) => Report,
): Command {
  return example(command, line)
    .option("--json", "print one JSON object")
    .action(async () => {
      const options: Options & { json?: true } = command.opts();
      const { runOffline } = await import("./run.ts");
      process.exitCode = await runOffline(options.json === true, () => task(options, command.args[0] ?? ""), failed);
    });
}
