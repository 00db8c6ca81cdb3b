import { fork } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CLASSIFIERS } from "../circuits/src/classifiers.ts";
import { loadModel, loadProvable } from "../circuits/src/provable.ts";
import { readR1cs } from "../circuits/src/r1cs.ts";
import type { ProvingCost } from "./proveOnce.ts";

/** What a model's proofs cost whoever makes them. */
export interface ModelCost extends ProvingCost {
  readonly name: string;
  readonly constraints: number;
  /** Of the proving key's file. */
  readonly keyBytes: number;
  /** The share of the held-out digits that it finds. */
  readonly accuracy: number;
}

/**
 * The size of every model's circuit and proving key, and what one proof takes: each in a process of its own, from its start
 * to its proof, on this machine.
 */
export async function measureModels(): Promise<ModelCost[]> {
  const costs: ModelCost[] = [];
  for (const classifier of CLASSIFIERS) {
    const { circuit } = await loadProvable(classifier, (line) => console.error(line));
    const { accuracy } = await loadModel(classifier);
    costs.push({
      name: classifier.name,
      constraints: readR1cs(await readFile(circuit.r1cs)).constraints.length,
      keyBytes: (await stat(circuit.zkey)).size,
      accuracy,
      ...(await proveOnce(classifier.name)),
    });
  }
  return costs;
}

function proveOnce(name: string): Promise<ProvingCost> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL("./proveOnce.ts", import.meta.url)), [name]);
    child.on("message", resolve);
    child.on("exit", (code) => reject(new Error(`bench: no proof of ${name} (exit code ${code})`)));
  });
}
