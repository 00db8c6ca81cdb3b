import { expect } from "chai";
import { concat, id, keccak256, toBeHex } from "ethers";
import { network } from "hardhat";
import { withCurve } from "../../circuits/src/curve.ts";
import { rngOfBeacon } from "../../circuits/src/developmentKey.ts";
import { loadDigitsModel } from "../../circuits/src/digits.ts";
import { FIELD, toBytes32 } from "../../circuits/src/field.ts";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import { patched } from "../support/groth16.ts";

const { ethers } = await network.create();

/**
 * A development key's secrets are public: delta follows from its beacon. Whoever knows it needs no witness, for
 * A = alpha, B = beta and C = -IC(s)/delta satisfy the equation for any public signals s. No verifier can tell; that is why
 * a key declares its ceremony, and why the declaration is a part of its name.
 */
describe("Attack: a forged proof under a development key", () => {
  it("proves that a digit is 11, and the key says that it is a development key", async () => {
    const { keyBytes, keyId, ceremony, vkey, weightsCommitment } = await loadDigitsModel();
    const verifier = await ethers.deployContract("Groth16Verifier");
    await verifier.registerKey(keyBytes);
    const claim = {
      requestId: id("request"),
      modelId: id("model"),
      nodeId: id("node"),
      inputHash: toBytes32(5n),
      outputHash: toBytes32(11n),
      units: 1n,
    };
    const claimHash = id("forged");
    const signals = [BigInt(claimHash) % FIELD, BigInt(weightsCommitment), 5n, 11n];

    const c = await withCurve(async ({ Fr, G1 }) => {
      const point = ([x, y]: string[]) => G1.fromObject([BigInt(x ?? 0), BigInt(y ?? 0)]);
      const delta = Fr.fromRng(rngOfBeacon(ceremony.beacon.slice(2)));
      const [first = [], ...rest] = vkey.IC;
      const sum = rest.reduce(
        (partial, ic, i) => G1.add(partial, G1.timesFr(point(ic), Fr.e(signals[i] ?? 0n))),
        point(first),
      );
      return G1.toObject(G1.toAffine(G1.neg(G1.timesFr(sum, Fr.inv(delta)))));
    });
    const alpha = vkey.vk_alpha_1.slice(0, 2);
    const beta = vkey.vk_beta_2.slice(0, 2).flatMap(([real = "", imaginary = ""]) => [imaginary, real]);
    const proof = concat([...alpha, ...beta, ...c.slice(0, 2)].map((coordinate) => toBeHex(BigInt(coordinate), 32)));

    const parameters = encodeZkParameters({ keyId, weightsCommitment, units: 1n });
    expect(await verifier.verify(claim, claimHash, 0, parameters, proof)).to.equal(true);
    expect((await verifier.keyInfo(keyId)).ceremony.development).to.equal(true);
  });

  it("gives the same points another name when they are declared to come from a ceremony", async () => {
    const { keyBytes, keyId } = await loadDigitsModel();
    const verifier = await ethers.deployContract("Groth16Verifier");
    await verifier.registerKey(keyBytes);
    const disguised = patched(keyBytes, 20, concat(["0x00000000", toBeHex(3, 4)]));
    await verifier.registerKey(disguised);
    expect(keccak256(disguised)).not.to.equal(keyId);
    expect((await verifier.keyInfo(keyId)).ceremony.development).to.equal(true);
  });
});
