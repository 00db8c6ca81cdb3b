import { AbiCoder, concat, keccak256, type SigningKey, toBeHex } from "ethers";

/** What a set's images are trusted for; see `Trust` in IMeasurementSets.sol. */
export const Trust = { NONE: 0, LOCAL: 1, GATEWAY: 2 } as const;

/**
 * The measurement of an image: keccak256(PCR0 ‖ PCR1 ‖ PCR2).
 *
 * @param pcrs PCR0, PCR1 and PCR2, 48 bytes each.
 * @throws RangeError when a register has another length.
 */
export function measurementOf(pcrs: readonly [Uint8Array, Uint8Array, Uint8Array]): string {
  for (const pcr of pcrs) if (pcr.length !== 48) throw new RangeError(`a register has 48 bytes, not ${pcr.length}`);
  return keccak256(concat(pcrs));
}

/**
 * The identifier of a measurement set, which is also a model's parameters for the TEE route.
 *
 * @param trust What the images are trusted for.
 * @param backend Where a gateway relays to; empty for LOCAL.
 * @param measurements The images' measurements, strictly ascending.
 */
export const measurementSetId = (
  trust: (typeof Trust)[keyof typeof Trust],
  backend: string,
  measurements: readonly string[],
): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["uint8", "string", "bytes32[]"], [trust, backend, measurements]));

/**
 * A proof for the TEE route, as `TeeVerifier` takes it: the signature r ‖ s ‖ v over the claim hash, then the number
 * of the attestation that the key is valid by.
 *
 * @param key The enclave's key; in production it never leaves the enclave, which makes the signature itself.
 * @param claimHash The EIP-712 hash of the claim, signed as it is.
 * @param index The attestation's number in the node's history.
 * @returns 69 bytes as 0x-hex.
 */
export const teeProof = (key: SigningKey, claimHash: string, index: number): string =>
  concat([key.sign(claimHash).serialized, toBeHex(index, 4)]);
