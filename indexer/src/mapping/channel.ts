import { type Address, encodeAbiParameters, type Hex, keccak256, parseAbiParameters, size, slice } from "viem";

/** What a node drew on one channel. */
export interface Claim {
  /** The channel's signer. */
  readonly signer: Address;
  /** Base units of the token; may be zero. */
  readonly amount: bigint;
}

const CHANNEL_ID = parseAbiParameters("bytes32, bytes32, uint32, address, address");

/** The SDK's `channelIdOf` by viem, which takes a fifth of the time: it is computed for every row of every batch. */
export const channelIdOf = (nodeId: Hex, modelId: Hex, routeVersion: number, token: Address, signer: Address): Hex =>
  keccak256(encodeAbiParameters(CHANNEL_ID, [nodeId, modelId, routeVersion, token, signer]));

/** The `claims` of `ChannelsClaimed`: 32 bytes each, the signer and what was drawn (uint96). */
export const unpackClaims = (claims: Hex): Claim[] =>
  Array.from({ length: size(claims) / 32 }, (_, index) => ({
    signer: slice(claims, 32 * index, 32 * index + 20),
    amount: BigInt(slice(claims, 32 * index + 20, 32 * index + 32)),
  }));
