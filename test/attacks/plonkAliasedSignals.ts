import { expect } from "chai";
import { Contract, dataSlice, toBeHex } from "ethers";
import { FIELD } from "../../circuits/src/field.ts";
import { encodePlonkParameters } from "../../circuits/src/plonk.ts";
import { ethers } from "../support/fixtures.ts";
import { wordAt } from "../support/groth16.ts";
import { PlonkModel } from "../support/plonk.ts";

/**
 * The contract that snarkjs generates for PLONK hashes the public signals as they are given and computes with them modulo
 * the field's order, without a comparison. A verifier that passed on what it is told would leave it to Fiat-Shamir alone
 * that a statement has one form.
 */
describe("Attack: public signals of PLONK plus a multiple of the field's order", function () {
  this.timeout(600_000);

  it("is refused for every signal that is taken as it stands", async () => {
    const model = await PlonkModel.deploy();
    const adapter = await ethers.deployContract("PlonkAdapter");
    const { claim, claimHash, proof, publicSignals } = await model.proven();
    expect(await adapter.verify(claim, claimHash, 0, model.parameters, proof)).to.equal(true);

    const generated = new Contract(model.verifier, model.abi, ethers.provider);
    const words = Array.from({ length: 24 }, (_, i) => dataSlice(proof, 32 * i, 32 * i + 32));
    expect(await generated.getFunction("verifyProof").staticCall(words, publicSignals)).to.equal(true);

    const aliased = (word: string) => toBeHex(wordAt(word, 0) + FIELD, 32) as `0x${string}`;
    const parameters = encodePlonkParameters({
      ...model,
      weightsCommitment: aliased(model.weightsCommitment),
      units: 1n,
    });
    expect(await adapter.verify(claim, claimHash, 0, parameters, proof)).to.equal(false);
    for (const change of [{ inputHash: aliased(claim.inputHash) }, { outputHash: aliased(claim.outputHash) }]) {
      expect(await adapter.verify({ ...claim, ...change }, claimHash, 0, model.parameters, proof)).to.equal(false);
    }
  });
});
