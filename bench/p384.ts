import { network } from "hardhat";

/**
 * Gas of the P-384 group of the benchmark table.
 *
 * - `sha384.block`: what one more 128-byte block adds to `Sha384.hash`, measured with `gasleft()` inside one contract as
 *   the difference between hashing 8 and 7 blocks.
 */
export async function measureP384(): Promise<Record<string, number>> {
  const { ethers } = await network.create();
  const sha = await ethers.deployContract("Sha384Harness");
  const gasOfBlocks = async (count: number) => Number(await sha.gasOf(new Uint8Array(128 * count - 17)));
  return {
    "sha384.block": (await gasOfBlocks(8)) - (await gasOfBlocks(7)),
  };
}
