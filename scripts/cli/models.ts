import { pathToFileURL } from "node:url";
import type { ModelCircuit, ModelModule } from "../models/ModelModule.ts";
import { InputError } from "./InputError.ts";

/** A model that a command was told of: which code runs it, and its number on chain. */
export interface NamedModel {
  readonly modelId: string;
  readonly module: ModelModule;
}

/** Splits `NAME=MODEL_ID`. @throws InputError if it is not of that form. */
export function splitModel(text: string): { readonly name: string; readonly modelId: string } {
  const at = text.lastIndexOf("=");
  const [name, modelId] = [text.slice(0, at), text.slice(at + 1).toLowerCase()];
  if (at < 1 || !/^0x[0-9a-f]{64}$/.test(modelId)) {
    throw new InputError(
      `"${text}" is not a model: write digits=0x…, convnet=0x… or ./module.ts=0x… with the model's 32 bytes`,
    );
  }
  return { name, modelId };
}

/**
 * Reads `NAME=MODEL_ID`: `digits` or `convnet`, or a TypeScript or JavaScript module that exports `model`, a {@link ModelModule}.
 *
 * @throws InputError if there is no such module, or if it is none of that shape.
 */
export async function readModel(text: string): Promise<NamedModel> {
  const { name, modelId } = splitModel(text);
  return { modelId, module: await loadModule(name) };
}

/** @throws InputError if there is no such module, or if it does not say how a model is requested and run. */
async function loadModule(name: string): Promise<ModelModule> {
  const model = await loadModel(name);
  if (typeof model?.requester === "function" && typeof model.runtime === "function") return model as ModelModule;
  throw new InputError(`${name} does not export \`model\` with requester, runtime and readInput`);
}

/**
 * By which circuit a model is proven: `digits`, `convnet`, or a module that exports `model`.
 *
 * @throws InputError if there is no such module, or if it names no circuit.
 */
export async function loadCircuit(name: string): Promise<ModelCircuit> {
  const circuit = (await loadModel(name))?.circuit;
  if (typeof circuit?.sample === "function" && typeof circuit.source === "string") return circuit;
  throw new InputError(`${name} does not export \`model\` with a circuit by which it is proven`);
}

async function loadModel(name: string): Promise<Partial<ModelModule> | undefined> {
  const { CLASSIFIERS } = await import("../../circuits/src/classifiers.ts");
  const classifier = CLASSIFIERS.find((known) => known.name === name);
  if (classifier) return (await import("../models/classifier.ts")).classifierModule(classifier);
  try {
    return (await import(pathToFileURL(name).href)).model;
  } catch (error) {
    throw new InputError(`${name} cannot be loaded: ${error instanceof Error ? error.message : error}`);
  }
}
