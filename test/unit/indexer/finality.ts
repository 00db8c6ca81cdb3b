import { expect } from "chai";
import { finalityOf, MAX_BLOCKS, parseBlocks } from "../../../indexer/src/mapping/finality.ts";

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

  it("is asked for by numbers, and anything else is refused in one line", () => {
    expect(parseBlocks(undefined)).to.deep.equal({ blocks: [] });
    expect(parseBlocks("1,22")).to.deep.equal({ blocks: [1n, 22n] });
    for (const text of ["-1", "1,,2", "0x1", "1e3", "latest", "1".repeat(19)]) {
      expect(parseBlocks(text)).to.have.property("error");
    }
    expect(
      parseBlocks(
        Array(MAX_BLOCKS + 1)
          .fill("1")
          .join(","),
      ),
    ).to.have.property("error");
  });
});
