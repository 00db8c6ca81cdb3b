import { expect } from "chai";
import { AbiCoder, id } from "ethers";
import { loadDigitsModel } from "../../../circuits/src/digits.ts";
import { FIELD, type Hex, toBytes32 } from "../../../circuits/src/field.ts";
import { encodeZkParameters, keyBytes, proofBytes, publicSignalsOf, UNDECLARED } from "../../../circuits/src/key.ts";

/** What is refused, and in which words, is tested through `opg circuit verify`. */
describe("Groth16 encodings", () => {
  const point = ["1", "2", "1"];
  const proof = {
    protocol: "groth16",
    curve: "bn128",
    pi_a: point,
    pi_b: [
      ["3", "4"],
      ["5", "6"],
      ["1", "0"],
    ],
    pi_c: point,
  };

  it("puts the imaginary part of a G2 coordinate first, as EIP-197 does", () => {
    expect(proofBytes(proof)).to.equal(
      `0x${[1, 2, 4, 3, 6, 5, 1, 2].map((word) => toBytes32(BigInt(word)).slice(2)).join("")}`,
    );
  });

  it("takes numbers, hexadecimal, proofs that name no curve, and every name of BN254", () => {
    for (const same of [
      { ...proof, pi_a: [1, "0x2", 1] },
      { ...proof, curve: undefined },
      { ...proof, curve: "BN254" },
      { ...proof, curve: "alt_bn128" },
    ]) {
      expect(proofBytes(same)).to.equal(proofBytes(proof));
    }
    expect(publicSignalsOf(["7", 8, "0x09"])).to.deep.equal([7n, 8n, 9n]);
  });

  it("binds the ceremony into the key", async () => {
    const { vkey, ceremony } = await loadDigitsModel();
    const zkeyHash: Hex = `0x${"12".repeat(32)}`;
    const variants = [
      ceremony,
      UNDECLARED,
      { ...ceremony, development: false },
      { ...ceremony, contributions: 1 },
      { ...ceremony, zkeyHash },
    ];
    expect(new Set(variants.map((variant) => keyBytes(vkey, variant))).size).to.equal(variants.length);
  });

  it("encodes a model's parameters as the contract decodes them, and refuses what it would not take", () => {
    const parameters = { keyId: id("key") as Hex, weightsCommitment: toBytes32(FIELD - 1n), units: 2n ** 64n - 1n };
    expect([
      ...AbiCoder.defaultAbiCoder().decode(["bytes32", "bytes32", "uint64"], encodeZkParameters(parameters)),
    ]).to.deep.equal(Object.values(parameters));
    const refused: [Partial<typeof parameters>, string][] = [
      [{ keyId: "0x12" }, "keyId 0x12 is not 32 bytes"],
      [{ weightsCommitment: toBytes32(FIELD) }, "is not 32 bytes below the field's order"],
      [{ units: 2n ** 64n }, "units 18446744073709551616 do not fit 64 bits"],
      [{ units: -1n }, "units -1 do not fit 64 bits"],
    ];
    for (const [change, message] of refused) {
      expect(() => encodeZkParameters({ ...parameters, ...change })).to.throw(RangeError, message);
    }
  });
});
