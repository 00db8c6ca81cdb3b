import { createHash } from "node:crypto";
import { dataSlice, hexlify } from "ethers";
import { network } from "hardhat";
import { G, hex48, invert, mod, n, sum } from "../sdk/src/attestation/p384Curve.ts";
import { p384Hint } from "../sdk/src/attestation/p384Hint.ts";
import { p384Table } from "../sdk/src/attestation/p384Table.ts";

/** The same signatures in every run: node:crypto cannot be told its nonce. */
function signature(index: number) {
  const digest = (label: string) => hexlify(createHash("sha384").update(`${label} ${index}`).digest());
  const [hash, key, nonce] = [digest("hash"), mod(BigInt(digest("key")), n), mod(BigInt(digest("nonce")), n)];
  const [Q, R] = [sum([key, G]), sum([nonce, G])];
  if (Q === undefined || R === undefined) throw new Error("bench: a key or a nonce is a multiple of n");
  const r = mod(R.x, n);
  const s = mod(invert(nonce, n) * (BigInt(hash) + r * key), n);
  return { hash, signature: `0x${hex48(r)}${hex48(s)}`, publicKey: `0x${hex48(Q.x)}${hex48(Q.y)}` };
}

/**
 * Gas of the P-384 group of the benchmark table, by `gasleft()` inside a contract: neither the transaction's 21,000 nor
 * its calldata is in it.
 *
 * - `sha384.block`: what one more 128-byte block adds to `Sha384.hash` (the difference of 8 and 7 blocks).
 * - `p384.verify`: `P384.verify` with a hint in the calldata, the verifier's and its table's accounts cold,
 *   the mean of 16 fixed signatures (the number of additions depends on the scalars).
 * - `p384.verifyPlain`: the same without a hint.
 */
export async function measureP384(): Promise<Record<string, number>> {
  const { ethers } = await network.create();
  const sha = await ethers.deployContract("Sha384Harness");
  const gasOfBlocks = async (count: number) => Number(await sha.gasOf(new Uint8Array(128 * count - 17)));

  const table = await ethers.deployContract("P384Table", [p384Table()]);
  const verifier = await ethers.deployContract("P384Verifier", [await table.getAddress()]);
  const harness = await ethers.deployContract("P384Harness");
  const signatures = Array.from({ length: 16 }, (_, i) => signature(i));
  const mean = async (withHint: boolean) => {
    let total = 0;
    for (const { hash, signature, publicKey } of signatures) {
      const hint = withHint ? p384Hint({ hash, signature, publicKey }) : "0x";
      const [hi, lo] = [dataSlice(hash, 0, 16), dataSlice(hash, 16)];
      total += Number(await harness.gasOf(await verifier.getAddress(), hi, lo, signature, publicKey, hint));
    }
    return Math.round(total / signatures.length);
  };
  return {
    "sha384.block": (await gasOfBlocks(8)) - (await gasOfBlocks(7)),
    "p384.verify": await mean(true),
    "p384.verifyPlain": await mean(false),
  };
}
