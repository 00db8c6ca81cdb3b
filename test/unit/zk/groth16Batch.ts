import { expect } from "chai";
import { dataSlice, getBytes, hexlify, id } from "ethers";
import { network } from "hardhat";
import { type DigitsModel, loadDigitsModel } from "../../../circuits/src/digits.ts";
import { FIELD, type Hex } from "../../../circuits/src/model.ts";
import type { Groth16Verifier } from "../../../types/ethers-contracts/index.ts";
import { forgeProofs } from "../../support/forge.ts";
import { BASE_FIELD, OUTSIDE_SUBGROUP, patched, withWord, wordAt } from "../../support/groth16.ts";

const { ethers } = await network.create();

const SIZE = 64;

describe("Groth16Verifier: batches", () => {
  let verifier: Groth16Verifier;
  let model: DigitsModel;
  let signals: bigint[][];
  let proofs: Hex[];

  before(async () => {
    verifier = await ethers.deployContract("Groth16Verifier");
    model = await loadDigitsModel();
    await verifier.registerKey(model.keyBytes);
    signals = Array.from({ length: SIZE }, (_, i) => [
      BigInt(id(`claim ${i}`)) % FIELD,
      BigInt(model.weightsCommitment),
      BigInt(id(`input ${i}`)) % FIELD,
      BigInt(i % 10),
    ]);
    proofs = await forgeProofs(model, signals);
  });

  /** The names of the bad proofs among the first `size`, after one change. */
  async function badAmong(size: number, at: number, proof: Hex, statement = signals[at] ?? []): Promise<number[]> {
    const bad = await verifier.badProofs(
      model.keyId,
      signals.slice(0, size).with(at, statement),
      proofs.slice(0, size).with(at, proof),
    );
    return bad.map(Number);
  }

  const proofAt = (index: number): Hex => proofs[index] ?? "0x";

  /** Proofs that are wrong in every way that there is, from a valid one. */
  const spoiled: Record<string, (proof: Hex, index: number) => Hex> = {
    "another statement's proof": (_, index) => proofAt((index + 1) % SIZE),
    "A is negated": (proof) => withWord(proof, 32, BASE_FIELD - wordAt(proof, 32)),
    "A is off the curve": (proof) => withWord(proof, 0, wordAt(proof, 0) ^ 1n),
    "A is not canonical": (proof) => withWord(proof, 0, wordAt(proof, 0) + BASE_FIELD),
    "A is at infinity": (proof) => patched(proof, 0, hexlify(new Uint8Array(64))),
    "B is off the twist": (proof) => withWord(proof, 96, wordAt(proof, 96) ^ 1n),
    "B is outside the subgroup": (proof) => patched(proof, 64, OUTSIDE_SUBGROUP),
    "B is not canonical": (proof) => withWord(proof, 64, wordAt(proof, 64) + BASE_FIELD),
    "B is at infinity": (proof) => patched(proof, 64, hexlify(new Uint8Array(128))),
    "C is off the curve": (proof) => withWord(proof, 224, wordAt(proof, 224) ^ 1n),
    "C is not canonical": (proof) => withWord(proof, 192, wordAt(proof, 192) + BASE_FIELD),
    "C is at infinity": (proof) => patched(proof, 192, hexlify(new Uint8Array(64))),
    "a byte is missing": (proof) => dataSlice(proof, 0, 255) as Hex,
    "there is none": () => "0x",
  };

  it("accepts batches of any size, none included", async () => {
    for (const size of [0, 1, 2, 3, 16, SIZE]) {
      expect(await verifier.badProofs(model.keyId, signals.slice(0, size), proofs.slice(0, size))).to.deep.equal([]);
    }
  });

  it("accepts the same statement twice, by the same proof or by two", async () => {
    const [statement = []] = signals;
    const [first = "0x", second = "0x"] = await forgeProofs(model, [statement, statement]);
    const three = [statement, statement, statement];
    expect(await verifier.badProofs(model.keyId, three, [first, second, first])).to.deep.equal([]);
  });

  for (const size of [1, 2, 16, SIZE]) {
    it(`names a bad proof among ${size}, wherever it stands`, async () => {
      const kinds = Object.values(spoiled);
      // Of 64 every fifth place and the last: a tree that errs at a place errs at others of its depth.
      const step = size === SIZE && !process.env.OPG_DEEP ? 5 : 1;
      const places = Array.from(proofs.slice(0, size).keys()).filter((i) => i % step === 0 || i === size - 1);
      for (const at of places) {
        const spoil = kinds[at % kinds.length];
        if (spoil) expect(await badAmong(size, at, spoil(proofAt(at), at))).to.deep.equal([at]);
      }
    });
  }

  it("names a proof that is bad in any way", async () => {
    for (const [what, spoil] of Object.entries(spoiled)) {
      expect(await badAmong(3, 1, spoil(proofAt(1), 1)), what).to.deep.equal([1]);
    }
  });

  it("names a proof with any byte flipped", async () => {
    const bytes = getBytes(proofAt(0));
    for (const i of bytes.keys()) {
      const flipped = hexlify(bytes.with(i, (bytes[i] ?? 0) ^ (1 << (i % 8)))) as Hex;
      expect(await badAmong(2, 0, flipped), `byte ${i}`).to.deep.equal([0]);
    }
  });

  it("names a statement with any signal changed, missing or too many", async () => {
    const [statement = []] = signals;
    const changes = [1n, -1n, FIELD, 1n << 200n];
    const altered = statement.flatMap((signal, i) => changes.map((change) => statement.with(i, signal + change)));
    for (const other of [...altered, statement.slice(1), [...statement, 0n], []]) {
      if (other.some((signal) => signal < 0n)) continue;
      expect(await badAmong(2, 0, proofAt(0), other), String(other)).to.deep.equal([0]);
    }
  });

  it("names several bad proofs, and all", async () => {
    for (const bad of [[0, 1], [0, 15], [3, 4, 5, 12], [...Array(16).keys()]]) {
      const mixed = proofs.slice(0, 16).map((proof, i) => (bad.includes(i) ? proofAt(i + 16) : proof));
      expect(await verifier.badProofs(model.keyId, signals.slice(0, 16), mixed)).to.deep.equal(bad.map(BigInt));
    }
  });

  it("finds every proof bad under an unknown key", async () => {
    expect(await verifier.badProofs(id("nothing"), signals.slice(0, 2), proofs.slice(0, 2))).to.deep.equal([0n, 1n]);
  });

  it("reverts unless there are as many proofs as statements", async () => {
    for (const call of [verifier.badProofs, verifier.verifyBatch.staticCall]) {
      await expect(call(model.keyId, signals.slice(0, 2), proofs.slice(0, 3)))
        .to.be.revertedWithCustomError(verifier, "Groth16_LengthMismatch")
        .withArgs(2, 3);
    }
  });
});
