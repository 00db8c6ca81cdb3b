import { expect } from "chai";
import { network } from "hardhat";
import type { Groth16Verifier } from "../../types/ethers-contracts/index.ts";
import { provenDigit } from "../support/groth16.ts";

const { ethers } = await network.create();

/**
 * A precompile that runs out of gas fails just as on an invalid point, and its caller goes on with the 1/64 that EIP-150
 * keeps back. A verifier that takes the one for the other calls a valid proof false for whoever submits it with chosen gas.
 */
describe("Attack: a valid Groth16 proof verified with too little gas", function () {
  this.timeout(600_000);

  let verifier: Groth16Verifier;
  let made: Awaited<ReturnType<typeof provenDigit>>;

  before(async () => {
    verifier = await ethers.deployContract("Groth16Verifier");
    made = await provenDigit(verifier);
  });

  it("never calls the proof false: it accepts it or reverts", async () => {
    const step = process.env.OPG_DEEP ? 97n : 1_999n;
    const seen = { accepted: 0, insufficient: 0, exhausted: 0 };
    for (let gasLimit = 40_000n; gasLimit < 260_000n; gasLimit += step) {
      try {
        const valid = await verifier.verifyProof(made.keyId, [...made.publicSignals], made.proof, { gasLimit });
        expect(valid, `with ${gasLimit} gas`).to.equal(true);
        seen.accepted++;
      } catch (error) {
        if (String(error).includes("Groth16_InsufficientGas")) seen.insufficient++;
        else if (/ran out of gas|out of gas/i.test(String(error))) seen.exhausted++;
        else throw error;
      }
    }
    expect(seen.accepted).to.be.greaterThan(0);
    expect(seen.insufficient).to.be.greaterThan(0);
  });
});
