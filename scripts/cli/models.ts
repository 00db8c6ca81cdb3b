import { pathToFileURL } from "node:url";
import type { ModelModule } from "../models/ModelModule.ts";
import { InputError } from "./InputError.ts";

/** A model that a command was told of: which code runs it, and its number on chain. */
export interface NamedModel {
  readonly modelId: string;
  readonly module: ModelModule;
}

/**
 * Reads `NAME=MODEL_ID`: `digits` or `convnet`, or a TypeScript or JavaScript module that exports `model`, a {@link ModelModule}.
 *
 * @throws InputError if there is no such module, or if it is none of that shape.
 */
export async function readModel(text: string): Promise<NamedModel> {
  const at = text.lastIndexOf("=");
  const [name, modelId] = [text.slice(0, at), text.slice(at + 1).toLowerCase()];
  if (at < 1 || !/^0x[0-9a-f]{64}$/.test(modelId)) {
    throw new InputError(
      `"${text}" is not a model: write digits=0x…, convnet=0x… or ./module.ts=0x… with the model's 32 bytes`,
    );
  }
  const { CLASSIFIERS } = await import("../../circuits/src/classifiers.ts");
  const classifier = CLASSIFIERS.find((known) => known.name === name);
  if (classifier) return { modelId, module: (await import("../models/classifier.ts")).classifierModule(classifier) };
  try {
    const { model } = await import(pathToFileURL(name).href);
    if (typeof model?.requester === "function" && typeof model.runtime === "function")
      return { modelId, module: model };
  } catch (error) {
    throw new InputError(`${name} cannot be loaded: ${error instanceof Error ? error.message : error}`);
  }
  throw new InputError(`${name} does not export \`model\` with requester, runtime and readInput`);
}
