import { dataLength, dataSlice, recoverAddress, toBeHex, toBigInt } from "ethers";
import { Refuted, requireThat } from "./refuted.ts";

/** r ‖ s ‖ v, then the attestation's number. */
const SIGNATURE_LENGTH = 65;
const PROOF_LENGTH = 69;
/** The order of secp256k1 (SEC 2, section 2.4.1). */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** What a proof of the TEE route says. */
export interface EnclaveSignature {
  /** The address of the key that signed. */
  readonly signer: string;
  /** The number of the attestation, in its node's history, that the key is said to be valid by. */
  readonly index: number;
}

/**
 * Reads a proof of the TEE route (see `ITeeVerifier`): who signed a hash, and by which attestation.
 *
 * @throws Refuted if it is not a signature, or not of 69 bytes.
 */
export function readEnclaveSignature(hash: string, proof: string): EnclaveSignature {
  requireThat(
    dataLength(proof) === PROOF_LENGTH,
    `an enclave's proof has ${PROOF_LENGTH} bytes, and this has ${dataLength(proof)}`,
  );
  const signer = recover(hash, dataSlice(proof, 0, SIGNATURE_LENGTH));
  return { signer, index: Number(toBigInt(dataSlice(proof, SIGNATURE_LENGTH))) };
}

/** Who signed a hash by r ‖ s ‖ v; high and low s alike, as the contract takes them. */
function recover(hash: string, signature: string): string {
  const s = toBigInt(dataSlice(signature, 32, 64));
  const v = Number(dataSlice(signature, 64));
  const isHigh = s > N / 2n;
  requireThat(v === 27 || v === 28, "the enclave's signature is none");
  try {
    return recoverAddress(hash, {
      r: dataSlice(signature, 0, 32),
      s: toBeHex(isHigh ? N - s : s, 32),
      v: isHigh ? 55 - v : v,
    });
  } catch {
    throw new Refuted("the enclave's signature is none");
  }
}
