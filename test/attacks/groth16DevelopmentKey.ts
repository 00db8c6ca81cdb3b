import { expect } from "chai";
import { concat, id, keccak256, toBeHex } from "ethers";
import { network } from "hardhat";
import { loadDigitsModel } from "../../circuits/src/digits.ts";
import { FIELD, toBytes32 } from "../../circuits/src/field.ts";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import { forgeProofs } from "../support/forge.ts";
import { patched } from "../support/groth16.ts";

const { ethers } = await network.create();

/**
 * A development key's secrets are public, and whoever knows them needs no witness. No verifier can tell; that is why a key
 * declares its ceremony, and why the declaration is a part of its name.
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

    const [proof = "0x"] = await forgeProofs({ ceremony, vkey }, [signals]);

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
