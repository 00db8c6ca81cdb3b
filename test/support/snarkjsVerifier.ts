import { readFile } from "node:fs/promises";
import type { InterfaceAbi } from "ethers";
import { config } from "hardhat";
import { zKey } from "snarkjs";
import solc from "solc";
import { withCurve } from "../../circuits/src/curve.ts";

interface CompiledContract {
  abi: InterfaceAbi;
  evm: { bytecode: { object: string } };
}

/** What solc prints in its JSON mode, as far as it is read here. */
interface CompilerOutput {
  contracts?: Record<string, Record<string, CompiledContract>>;
  errors?: unknown[];
}

/**
 * The contract that snarkjs generates for a proving key of Groth16 or PLONK, compiled as ours are. It is under the GPL, so
 * it is made where it is needed and never committed.
 */
export async function snarkjsVerifier(zkey: string): Promise<{ abi: InterfaceAbi; bytecode: string }> {
  const template = (name: string) =>
    readFile(new URL(`./templates/verifier_${name}.sol.ejs`, import.meta.resolve("snarkjs")), "utf8");
  const templates = { groth16: await template("groth16"), plonk: await template("plonk") };
  const settings = config.solidity.profiles.default?.compilers[0]?.settings;
  const content = await withCurve(() => zKey.exportSolidityVerifier(zkey, templates));
  const output: CompilerOutput = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: { "Verifier.sol": { content } },
        settings: { ...settings, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
      }),
    ),
  );
  const [contract] = Object.values(output.contracts?.["Verifier.sol"] ?? {});
  if (!contract) throw new Error(`snarkjs's contract does not compile: ${JSON.stringify(output.errors)}`);
  return { abi: contract.abi, bytecode: contract.evm.bytecode.object };
}
