import { getAddress, isAddress } from "ethers";
import { OpgError } from "./errors/OpgError.ts";

/** Where the protocol is on one chain. Made from an Ignition deployment, never typed by hand. */
export interface Deployment {
  readonly chainId: number;
  /** The block of the first deployment transaction: there are no events before it. */
  readonly startBlock: number;
  /** Every deployed contract by its name, such as `Settlement`, `NodeRegistry`, `OPG`. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Contracts that every deployment has. */
const REQUIRED = ["Settlement", "NodeRegistry", "ModelRegistry", "VerifierRegistry", "OPG"] as const;

/**
 * Reads a deployment from its JSON form.
 *
 * @param json The text or the parsed value.
 * @throws OpgError saying what is wrong with it.
 */
export function parseDeployment(json: unknown): Deployment {
  const value: unknown = typeof json === "string" ? JSON.parse(json) : json;
  const { chainId, startBlock, addresses } = object(value, "a deployment");
  const checked = Object.fromEntries(
    Object.entries(object(addresses, "the deployment's addresses")).map(([name, address]) => {
      if (!isAddress(address)) throw new OpgError(`The deployment's address of ${name} is not an address: ${address}.`);
      return [name, getAddress(address)];
    }),
  );
  for (const name of REQUIRED) {
    if (checked[name] === undefined) throw new OpgError(`The deployment has no ${name}.`);
  }
  return {
    chainId: integer(chainId, "chainId"),
    startBlock: integer(startBlock, "startBlock"),
    addresses: checked,
  };
}

/** The address of one contract of a deployment. */
export function addressOf({ addresses, chainId }: Deployment, name: string): string {
  const address = addresses[name];
  if (address === undefined) throw new OpgError(`The deployment on chain ${chainId} has no ${name}.`);
  return address;
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new OpgError(`This is not ${what}: ${JSON.stringify(value)}.`);
  return { ...value };
}

function integer(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new OpgError(`The deployment's ${what} is not a whole number: ${JSON.stringify(value)}.`);
}
