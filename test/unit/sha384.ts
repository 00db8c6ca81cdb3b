import { createHash } from "node:crypto";
import { expect } from "chai";
import { concat, dataSlice, hexlify, keccak256, toBeHex } from "ethers";
import { network } from "hardhat";

const { ethers } = await network.create();

const sha384 = (data: Uint8Array) => hexlify(createHash("sha384").update(data).digest());
const digest = (hi: bigint, lo: bigint) => concat([toBeHex(hi, 16), toBeHex(lo, 32)]);
/** Bytes without a pattern that a lane or a padding mistake could hide in. */
const sample = (length: number) =>
  Uint8Array.from({ length }, (_, i) => createHash("sha256").update(String(i)).digest()[0] ?? 0);

describe("Sha384", () => {
  const deploy = () => ethers.deployContract("Sha384Harness");

  it("agrees with node:crypto at every length from 0 to 600 bytes, over dirty memory", async () => {
    const harness = await deploy();
    const data = sample(600);
    for (let from = 0; from <= 600; from += 60) {
      const to = Math.min(from + 60, 601);
      const digests = await harness.hashPrefixes(data, from, to);
      for (let length = from; length < to; length++) {
        expect(dataSlice(digests, 48 * (length - from), 48 * (length - from + 1)), `${length} bytes`).to.equal(
          sha384(data.subarray(0, length)),
        );
      }
    }
  });

  it("hashes a slice in place and leaves the data as it was", async () => {
    const harness = await deploy();
    const data = sample(700);
    for (const [offset, length] of [
      [0, 700],
      [1, 300],
      [33, 111],
      [57, 112],
      [572, 128],
      [700, 0],
    ] as const) {
      const [hi, lo, after] = await harness.hashDirty(data, offset, length);
      expect(digest(hi, lo)).to.equal(sha384(data.subarray(offset, offset + length)));
      expect(after).to.equal(keccak256(data));
    }
  });

  it("refuses a slice that does not lie inside the data", async () => {
    const harness = await deploy();
    for (const [offset, length] of [
      [0n, 11n],
      [10n, 1n],
      [11n, 0n],
      [1n, 2n ** 256n - 1n],
      [2n ** 256n - 1n, 2n],
    ] as const) {
      await expect(harness.hashDirty(sample(10), offset, length))
        .to.be.revertedWithCustomError(harness, "Sha384_OutOfBounds")
        .withArgs(offset, length, 10);
    }
  });
});
