import type { Signer } from "ethers";
import { opgAbi } from "../generated/abis.ts";
import type { Permit } from "../types.ts";
import { signPermit } from "./signPermit.ts";
import { TypedContract } from "./TypedContract.ts";

/** How long a permit can be used, in seconds. */
const PERMIT_LIFETIME = 3_600n;

/** A payment that a contract will take from the signer. */
export interface Payment {
  readonly token: string;
  readonly spender: string;
  /** Base units of the token. */
  readonly amount: bigint;
  readonly chainId: number;
}

/**
 * Makes sure that `spender` can take `amount`: by the allowance that is there, else by a permit, else, for a token
 * without permits, by approving exactly the amount.
 *
 * @returns The permit to hand to the contract; undefined if an allowance covers the amount.
 */
export async function payableWith(
  signer: Signer,
  { token, spender, amount, chainId }: Payment,
): Promise<Permit | undefined> {
  const contract = new TypedContract(token, opgAbi, signer);
  if ((await contract.read("allowance", await signer.getAddress(), spender)) >= amount) return undefined;
  const block = await contract.provider.getBlock("latest");
  const now = BigInt(Math.max(block?.timestamp ?? 0, Math.floor(Date.now() / 1000)));
  const permit = await signPermit(signer, { token, spender, value: amount, deadline: now + PERMIT_LIFETIME, chainId });
  if (permit === undefined) await contract.write("approve", spender, amount);
  return permit;
}
