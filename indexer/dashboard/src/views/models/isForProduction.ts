import { keyWeaknesses } from "../../../../../sdk/src/client/keyWeaknesses.ts";
import type { VerifyingKey } from "../../queries/models.ts";

/** Whether a verifying key is one for production, by what it declares of its ceremony. */
export const isForProduction = ({ development, contributions, beacon }: VerifyingKey): boolean =>
  keyWeaknesses({ development, contributions: Number(contributions), beacon: beacon ?? "0x0" }).length === 0;
