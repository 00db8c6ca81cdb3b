import { defineQuery } from "../data/ask.ts";
import text from "./Contracts.graphql?raw";

/** Which chain and contracts it is all about. */
export const contractsQuery = defineQuery<{
  readonly protocols: {
    readonly items: readonly {
      readonly chainId: string;
      readonly opg: string;
      readonly settlement: string;
      readonly nodeRegistry: string;
    }[];
  };
  /** What may bond and burn for the node registry, the settlement among it. */
  readonly settlementModules: { readonly items: readonly { readonly address: string }[] };
}>(text);
