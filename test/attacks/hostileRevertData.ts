import { expect } from "chai";
import { id } from "ethers";
import { ContractError } from "../../sdk/src/errors/ContractError.ts";
import { decodeError } from "../../sdk/src/errors/decodeError.ts";

// A token or a verifier that somebody else wrote can revert with any bytes: with the selector of one of our errors, or
// of Solidity's, and arguments that are not there or point nowhere.
describe("Attack: revert data made to break its reader", () => {
  for (const selector of [
    "Error(string)",
    "Panic(uint256)",
    "Settlement_Paused()",
    "AccessManagedUnauthorized(address)",
  ]) {
    for (const tail of ["", "ff", "00".repeat(31), "ff".repeat(32), `${"00".repeat(31)}20${"ff".repeat(32)}`]) {
      const data = id(selector).slice(0, 10) + tail;
      it(`is an error like any other: ${data.slice(0, 40)}… (${selector})`, () => {
        expect(() => decodeError(data)).not.to.throw();
        expect(ContractError.from({ code: "CALL_EXCEPTION", shortMessage: "reverted", data }).message).to.be.a(
          "string",
        );
      });
    }
  }

  it("is not taken for what it begins like", () => {
    expect(decodeError(`${id("Error(string)").slice(0, 10)}${"ff".repeat(32)}`)).to.equal(undefined);
  });
});
