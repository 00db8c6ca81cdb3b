import { type Address, isAddressEqual } from "viem";
import { DEALINGS, type FUNDING_KINDS } from "./enums.ts";

/** How close a payer is to the node that it pays. */
export type Dealing = (typeof DEALINGS)[number];

/** Money that goes from one account to another. */
export interface Payment {
  readonly funder: Address;
  readonly account: Address;
  readonly how: (typeof FUNDING_KINDS)[number];
  readonly token: Address;
  readonly amount: bigint;
}

/**
 * Most parties of a node that are kept. Whoever pays a node is looked up under each of them, so an owner who rotates
 * addresses without end would make its traffic ever dearer to index.
 */
export const MAX_PARTIES = 256;

/** The closest of some dealings. */
export function closest(...dealings: readonly Dealing[]): Dealing {
  return DEALINGS[Math.max(0, ...dealings.map((dealing) => DEALINGS.indexOf(dealing)))] ?? "ARMS_LENGTH";
}

/** What a request's price says of the dealing: by its terms, or by its units once they are known. */
export function dealingByPrice(terms: {
  readonly maxFee: bigint;
  readonly pricePerRequest: bigint;
  readonly pricePerUnit: bigint;
  readonly units?: bigint | null;
}): Dealing {
  const { maxFee, pricePerRequest, pricePerUnit, units } = terms;
  const isFree = maxFee === 0n || (pricePerRequest === 0n && (pricePerUnit === 0n || units === 0n));
  return isFree ? "UNPAID" : "ARMS_LENGTH";
}

/** The accounts that a node's parties do not have yet, each once, in lower case. */
export function newParties(parties: readonly Address[], accounts: readonly Address[]): Address[] {
  const others = new Set(accounts.map((account) => account.toLowerCase() as Address));
  return [...others].filter((account) => !parties.includes(account)).slice(0, MAX_PARTIES - parties.length);
}

/**
 * Whether one of those who pay counts as one of a node's parties. At a node that has had too many to keep, everybody does,
 * and who is not known at all: nobody can be told from them, and only the node's owners can bring that about.
 */
export function isParty(parties: readonly Address[], ...payers: readonly Address[]): boolean {
  return parties.length >= MAX_PARTIES || payers.some((payer) => parties.includes(payer.toLowerCase() as Address));
}

/**
 * Whether a payment can be funding. Nothing to oneself is, nor to the protocol's own contracts. A transfer of nothing is
 * none: anybody can make a token say that somebody sent zero to somebody.
 *
 * @param contracts The protocol's contracts.
 */
export function isFunding({ funder, account, amount }: Payment, contracts: readonly Address[]): boolean {
  return amount !== 0n && ![funder, ...contracts].some((address) => isAddressEqual(address, account));
}
