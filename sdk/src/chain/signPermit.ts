import { Signature, type Signer, TypedDataEncoder } from "ethers";
import { opgAbi } from "../generated/abis.ts";
import type { Permit } from "../types.ts";
import { TypedContract } from "./TypedContract.ts";

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

/** For tokens that say their version by a function of their own, as USDC does. */
const VERSION_ABI = [
  { type: "function", name: "version", inputs: [], outputs: [{ type: "string", name: "" }], stateMutability: "view" },
] as const;

/**
 * Signs an ERC-2612 permit.
 *
 * @param signer The token's holder, connected to a provider.
 * @param permit Token, spender, value in base units, and the last second at which it can be used.
 * @returns The permit; undefined if the token has none, or one whose domain is not known.
 */
export async function signPermit(
  signer: Signer,
  permit: {
    readonly token: string;
    readonly spender: string;
    readonly value: bigint;
    readonly deadline: bigint;
    readonly chainId: number;
  },
): Promise<Permit | undefined> {
  // Any token: OPG's ABI has the functions of ERC-20 and ERC-2612.
  const token = new TypedContract(permit.token, opgAbi, signer);
  const owner = await signer.getAddress();
  const read = await Promise.allSettled([
    token.read("name"),
    new TypedContract(permit.token, VERSION_ABI, signer).read("version"),
    token.read("nonces", owner),
    token.read("DOMAIN_SEPARATOR"),
  ]);
  const [name, version, nonce, separator] = read.map((result) =>
    result.status === "fulfilled" ? result.value : undefined,
  );
  if (typeof name !== "string" || typeof nonce !== "bigint") return undefined;
  const domain = {
    name,
    version: typeof version === "string" ? version : "1",
    chainId: permit.chainId,
    verifyingContract: permit.token,
  };
  if (TypedDataEncoder.hashDomain(domain) !== separator) return undefined;
  const { spender, value, deadline } = permit;
  const signature = Signature.from(
    await signer.signTypedData(domain, PERMIT_TYPES, { owner, spender, value, nonce, deadline }),
  );
  return { value, deadline, v: signature.v, r: signature.r, s: signature.s };
}
