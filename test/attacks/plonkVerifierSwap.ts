import { expect } from "chai";
import { concat, keccak256 } from "ethers";
import { encodePlonkParameters } from "../../circuits/src/plonk.ts";
import { ethers, networkHelpers } from "../support/fixtures.ts";
import { PlonkModel } from "../support/plonk.ts";

/**
 * A model's route names a contract. If that contract could become another one, its owner could accept what it likes once
 * requests are pending, or nothing, and have every node default: a version of a route must not change its mind.
 */
describe("Attack: the contract behind a PLONK route is exchanged", function () {
  this.timeout(600_000);

  it("refuses all proofs where the code is not the one that the route names, or belongs to another account", async () => {
    const model = await PlonkModel.deploy();
    const adapter = await ethers.deployContract("PlonkAdapter");
    const { claim, claimHash, proof } = await model.proven();
    const verify = (parameters: string) => adapter.verify(claim, claimHash, 0, parameters, proof);

    // An account that delegates to the generated contract (EIP-7702) can delegate elsewhere tomorrow.
    const account = "0x00000000000000000000000000000000000acc70";
    const designator = concat(["0xef0100", model.verifier]);
    await networkHelpers.setCode(account, designator);
    const delegated = { ...model, verifier: account, codeHash: keccak256(designator), units: 1n };
    expect(await verify(encodePlonkParameters(delegated))).to.equal(false);
    expect(await verify(encodePlonkParameters({ ...delegated, codeHash: model.codeHash }))).to.equal(false);

    expect(await verify(model.parameters)).to.equal(true);
    const ACCEPTS_ALL = "0x60015f5260205ff3";
    await networkHelpers.setCode(model.verifier, ACCEPTS_ALL);
    expect(await verify(model.parameters)).to.equal(false);
  });
});
