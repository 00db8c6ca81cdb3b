import { concat, getBytes, hexlify, isHexString, keccak256, type SigningKey, toBeHex, toUtf8Bytes } from "ethers";
import { Trust } from "../types.ts";

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

/** A model's parameters for the TEE route: the measurements that it trusts, and what for. */
export interface TeeParameters {
  readonly trust: typeof Trust.LOCAL | typeof Trust.GATEWAY;
  /** Where a gateway relays to, such as a host name; empty for LOCAL. */
  readonly backend: string;
  /** The measurements of the images, as `measurementOf` gives them. */
  readonly measurements: readonly string[];
}

/**
 * Encodes a model's parameters for the TEE route, as `ITeeVerifier` documents them.
 *
 * @returns 0x-hex.
 * @throws RangeError when the parameters say nothing or contradict themselves.
 */
export function encodeTeeParameters({ trust, backend, measurements }: TeeParameters): string {
  const name = toUtf8Bytes(backend);
  if ((trust === Trust.GATEWAY) !== name.length > 0) throw new RangeError("a gateway, and only it, names its backend");
  if (name.length > 255) throw new RangeError(`the backend's name has ${name.length} bytes; 255 are possible`);
  if (measurements.length === 0) throw new RangeError("there is no measurement");
  for (const measurement of measurements) {
    if (!isHexString(measurement, 32)) throw new RangeError(`${measurement} is not a measurement of 32 bytes`);
  }
  return concat([toBeHex(trust, 1), toBeHex(name.length, 1), name, ...measurements]);
}

/** Decodes a model's parameters for the TEE route; null when they are malformed, and so prove nothing. */
export function decodeTeeParameters(parameters: string): TeeParameters | null {
  const bytes = getBytes(parameters);
  const [trust, nameLength] = bytes;
  if (nameLength === undefined || (trust !== Trust.LOCAL && trust !== Trust.GATEWAY)) return null;
  const list = bytes.subarray(2 + nameLength);
  if ((trust === Trust.GATEWAY) !== nameLength > 0 || list.length === 0 || list.length % 32 !== 0) return null;
  const measurements = Array.from({ length: list.length / 32 }, (_, i) => hexlify(list.subarray(32 * i, 32 * i + 32)));
  return { trust, backend: new TextDecoder().decode(bytes.subarray(2, 2 + nameLength)), measurements };
}

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
