import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Deployment, parseDeployment } from "../deployment.ts";
import { OpgError } from "../errors/OpgError.ts";

/**
 * Reads a deployment from Hardhat Ignition's own files: the addresses from `deployed_addresses.json`, the chain and the
 * first block from `journal.jsonl`.
 *
 * @param directory `ignition/deployments/chain-<id>`.
 * @throws OpgError if there is no complete deployment in it.
 */
export function readIgnitionDeployment(directory: string): Deployment {
  const addresses: Readonly<Record<string, string>> = JSON.parse(read(directory, "deployed_addresses.json"));
  const journal = read(directory, "journal.jsonl")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): JournalEntry => JSON.parse(line));
  const blocks = journal.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt.blockNumber]));
  if (blocks.length === 0) throw new OpgError(`No transaction of the deployment in ${directory} was confirmed yet.`);
  return parseDeployment({
    chainId: journal.find((entry) => entry.type === "DEPLOYMENT_INITIALIZE")?.chainId,
    startBlock: Math.min(...blocks),
    addresses: byContract(addresses),
  });
}

/**
 * "Protocol#Settlement" becomes "Settlement". What a later module deploys under a name that is taken keeps its module:
 * "DevelopmentEnclaves#TeeVerifier".
 */
function byContract(addresses: Readonly<Record<string, string>>): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [future, address] of Object.entries(addresses)) {
    const contract = future.slice(future.indexOf("#") + 1);
    named[contract in named ? future : contract] = address;
  }
  return named;
}

/** The entries of Ignition's journal that matter here: one starts it, and one per mined transaction has its receipt. */
interface JournalEntry {
  readonly type: string;
  readonly chainId?: number;
  readonly receipt?: { readonly blockNumber: number };
}

function read(directory: string, file: string): string {
  try {
    return readFileSync(join(directory, file), "utf8");
  } catch {
    throw new OpgError(
      `There is no deployment in ${directory}: deploy with \`hardhat ignition deploy\`, or name another deployment.`,
    );
  }
}
