import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import type { SettlementDomain } from "../../sdk/src/hash/typedData.ts";
import type { Chain, Located } from "./chain.ts";

/** What is audited, and against what. */
export interface Subject {
  readonly chain: Chain;
  /** Where the protocol is: what the audit takes as given. */
  readonly deployment: Deployment;
  /** The root certificate (DER) under which enclaves are attested. */
  readonly root: Uint8Array;
}

/** One request of it. */
export interface RequestSubject extends Subject {
  readonly requestId: string;
}

/** What an audit step says of what it compared, and what the reader should mind. */
export interface Notes {
  say(line: string): void;
  mind(caveat: string): void;
}

/** The domain of the settlement's EIP-712 hashes. */
export const domainOf = ({ deployment }: Subject): SettlementDomain => ({
  chainId: deployment.chainId,
  settlement: addressOf(deployment, "Settlement"),
});

/** Where something is on chain, for people. */
export const place = ({ block, transaction }: Located): string =>
  `block ${block.number}, transaction ${transaction.hash}`;
