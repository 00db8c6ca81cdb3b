import { expect } from "chai";
import { finalityOf } from "../../../indexer/src/mapping/finality.ts";

describe("finality of a row's block", () => {
  it("is what the chain says: final, safe, or neither yet", () => {
    const heads = { safe: 20n, finalised: 10n };
    expect([10n, 11n, 20n, 21n].map((block) => finalityOf(block, heads))).to.deep.equal([
      "FINALISED",
      "SAFE",
      "SAFE",
      "PENDING",
    ]);
  });

  it("is pending for ever on a chain that does not say, and final at once where every block is", () => {
    expect(finalityOf(0n, { safe: null, finalised: null })).to.equal("PENDING");
    expect(finalityOf(10n ** 9n, "instant")).to.equal("FINALISED");
  });
});
