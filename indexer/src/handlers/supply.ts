import type { Context } from "ponder:registry";
import { opgAbi } from "../../../sdk/src/generated/abis.ts";
import type { Deployment } from "../environment.ts";

/**
 * The supply at the start block of an OPG that is older than the protocol, without what nobody can spend already;
 * nothing for an OPG of our own, whose constructor mints after that block begins. Needs the state of the start block,
 * so an archive node.
 */
export async function readSupply(
  { client }: Context,
  { OPG, BurnSink }: Deployment["addresses"],
): Promise<{ initialSupply?: bigint; supply?: bigint }> {
  if (BurnSink === undefined) return {};
  const token = { abi: opgAbi, address: OPG } as const;
  const total = await client.readContract({ ...token, functionName: "totalSupply" });
  const sunk = await client.readContract({ ...token, functionName: "balanceOf", args: [BurnSink] });
  return { initialSupply: total - sunk, supply: total - sunk };
}
