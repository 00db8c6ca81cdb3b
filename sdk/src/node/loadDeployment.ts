import { readFileSync, statSync } from "node:fs";
import { type Deployment, parseDeployment } from "../deployment.ts";
import { OpgError } from "../errors/OpgError.ts";
import { readIgnitionDeployment } from "./readIgnitionDeployment.ts";

/**
 * Loads a deployment from a path: a JSON file as `opg deployment --out` writes it, or an Ignition deployment's folder.
 *
 * @throws OpgError saying what is missing or wrong.
 */
export function loadDeployment(path: string): Deployment {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return readIgnitionDeployment(path);
  try {
    return parseDeployment(readFileSync(path, "utf8"));
  } catch (error) {
    throw new OpgError(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
