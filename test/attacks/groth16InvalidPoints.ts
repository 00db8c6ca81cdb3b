import { expect } from "chai";
import { concat, dataSlice, hexlify, toBeHex } from "ethers";
import { network } from "hardhat";
import type { Groth16Verifier } from "../../types/ethers-contracts/index.ts";
import {
  BASE_FIELD,
  G1_OFFSETS,
  G2_OFFSETS,
  OUTSIDE_SUBGROUP,
  patched,
  provenDigit,
  withWord,
} from "../support/groth16.ts";

const { ethers } = await network.create();

/**
 * Points that make the pairing equation say less than it should. With gamma at infinity the public signals drop out of it,
 * with alpha or beta the key does; a point outside the subgroup of order r pairs to values that need not be consistent; and
 * a proof of points at infinity is the first thing that a forger tries.
 */
describe("Attack: Groth16 keys and proofs with invalid points", function () {
  this.timeout(600_000);

  const G1_INFINITY = hexlify(new Uint8Array(64));
  const G2_INFINITY = hexlify(new Uint8Array(128));
  let verifier: Groth16Verifier;
  let made: Awaited<ReturnType<typeof provenDigit>>;
  const accepts = (proof: string) => verifier.verifyProof(made.keyId, [...made.publicSignals], proof);

  before(async () => {
    verifier = await ethers.deployContract("Groth16Verifier");
    made = await provenDigit(verifier);
  });

  it("refuses proofs with any of the three points at infinity", async () => {
    const a = dataSlice(made.proof, 0, 64);
    const b = dataSlice(made.proof, 64, 192);
    const c = dataSlice(made.proof, 192);
    for (const p of [a, G1_INFINITY]) {
      for (const q of [b, G2_INFINITY]) {
        for (const r of [c, G1_INFINITY]) {
          const proof = concat([p, q, r]);
          expect(await accepts(proof)).to.equal(proof === made.proof);
        }
      }
    }
  });

  it("refuses the spellings of infinity that negation could make canonical", async () => {
    for (const y of [0n, BASE_FIELD, 2n * BASE_FIELD, 2n ** 256n - 1n]) {
      expect(await accepts(patched(made.proof, 0, concat([toBeHex(0, 32), toBeHex(y, 32)])))).to.equal(false);
      expect(await accepts(withWord(made.proof, 32, y))).to.equal(false);
    }
  });

  it("refuses a proof whose B is on the twist but not in the subgroup", async () => {
    expect(await accepts(patched(made.proof, 64, OUTSIDE_SUBGROUP))).to.equal(false);
  });

  it("registers no key with a G2 point outside the subgroup", async () => {
    for (const offset of Object.values(G2_OFFSETS)) {
      await expect(verifier.registerKey(patched(made.keyBytes, offset, OUTSIDE_SUBGROUP)))
        .to.be.revertedWithCustomError(verifier, "Groth16_InvalidG2")
        .withArgs(offset);
    }
  });

  it("registers no key with a point at infinity", async () => {
    for (const offset of Object.values(G1_OFFSETS)) {
      await expect(verifier.registerKey(patched(made.keyBytes, offset, G1_INFINITY)))
        .to.be.revertedWithCustomError(verifier, "Groth16_InvalidG1")
        .withArgs(offset);
    }
    for (const offset of Object.values(G2_OFFSETS)) {
      await expect(verifier.registerKey(patched(made.keyBytes, offset, G2_INFINITY)))
        .to.be.revertedWithCustomError(verifier, "Groth16_InvalidG2")
        .withArgs(offset);
    }
  });
});
