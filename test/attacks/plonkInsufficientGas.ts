import { expect } from "chai";
import { ethers } from "../support/fixtures.ts";
import { PlonkModel } from "../support/plonk.ts";

/** A generated contract answers false when a precompile runs out of gas, and so would whoever believes it: see Groth16. */
describe("Attack: a valid PLONK proof verified with too little gas", function () {
  this.timeout(600_000);

  it("never calls the proof false: it accepts it or reverts", async () => {
    const model = await PlonkModel.deploy();
    const adapter = await ethers.deployContract("PlonkAdapter");
    const { claim, claimHash, proof } = await model.proven();
    const step = process.env.OPG_DEEP ? 997n : 9_973n;
    const seen = new Set<string>();
    for (let gasLimit = 80_000n; gasLimit < 720_000n; gasLimit += step) {
      try {
        const valid = await adapter.verify(claim, claimHash, 0, model.parameters, proof, { gasLimit });
        expect(valid, `with ${gasLimit} gas`).to.equal(true);
        seen.add("accepted");
      } catch (error) {
        const [why] = /Plonk_InsufficientGas|out of gas/.exec(String(error)) ?? [];
        if (why === undefined) throw error;
        seen.add(why);
      }
    }
    expect(seen).to.include.keys("accepted", "Plonk_InsufficientGas");
  });
});
