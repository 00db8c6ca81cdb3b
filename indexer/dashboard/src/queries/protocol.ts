import { defineQuery } from "../data/ask.ts";
import text from "./Protocol.graphql?raw";

/** Where the protocol stands now. Amounts are base units. */
export interface Protocol {
  readonly chainId: string;
  readonly opg: string;
  readonly initialSupply: string;
  readonly minted: string;
  readonly supply: string;
  readonly destroyed: string;
  readonly burned: string;
  readonly nodes: string;
  readonly models: string;
  readonly free: string;
  readonly bonded: string;
  readonly unbonding: string;
  readonly coverageAtRisk: string;
  readonly requested: string;
  readonly delivered: string;
  readonly settled: string;
  readonly refunded: string;
  readonly defaulted: string;
  readonly voided: string;
  readonly batched: string;
  readonly batches: string;
  readonly channels: string;
  readonly open: boolean;
  readonly paused: boolean;
  readonly parameters: {
    readonly zkVerificationFee: string;
    readonly teeVerificationFee: string;
    readonly compensationBps: number;
    readonly rewardBps: number;
  } | null;
}

export const protocolQuery = defineQuery<{ readonly protocols: { readonly items: readonly Protocol[] } }>(text);
