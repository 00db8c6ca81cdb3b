import { expect } from "chai";
import { readOutput } from "../../../indexer/dashboard/src/format/output.ts";
import { filterOf, readChoice, writeChoice } from "../../../indexer/dashboard/src/views/inferences/filters.ts";

const NODE = `0x${"ab".repeat(32)}`;
const NOTHING = { status: "", proof: "", dealing: "", since: "", who: "" };

describe("The filters of the list of inferences, in the address", () => {
  it("are read as they are written", () => {
    const choices = [
      NOTHING,
      { ...NOTHING, status: "DEFAULTED" },
      { ...NOTHING, who: NODE },
      { status: "SETTLED", proof: "GATEWAY", dealing: "NET", since: "month", who: `0x${"12".repeat(20)}` },
    ];
    for (const choice of choices) expect(readChoice(writeChoice(choice).slice(1))).to.deep.equal(choice);
    expect(writeChoice(NOTHING)).to.equal("");
    expect(writeChoice({ who: NODE, status: "DEFAULTED" })).to.equal(`?who=${NODE}&status=DEFAULTED`);
  });

  it("are left out where they are not understood, each by itself", () => {
    const hostile = [
      "status=PROVEN&since=toString&proof=__proto__&dealing=constructor&who=0x12",
      "status=settled&since=1&who=javascript:alert(1)",
      `who=${NODE}00`,
      "status&%ff=%&who=%00",
      "&".repeat(1_000),
    ];
    for (const search of hostile) {
      expect(readChoice(search), search).to.deep.equal(NOTHING);
      expect(filterOf(readChoice(search), 100)).to.deep.equal({});
    }
    expect(readChoice(`x=1&status=REFUNDED&since=hasOwnProperty&who=${NODE.toUpperCase()}`)).to.deep.equal({
      ...NOTHING,
      status: "REFUNDED",
      who: NODE,
    });
  });

  it("say of an id that it can be a request's, a node's or a model's, and of an address that it asked", () => {
    expect(filterOf({ ...NOTHING, since: "hour", who: NODE }, 10_000)).to.deep.equal({
      requestedAt_gte: "6400",
      OR: [{ id: NODE }, { nodeId: NODE }, { modelId: NODE }],
    });
    const requester = `0x${"12".repeat(20)}`;
    expect(filterOf({ ...NOTHING, proof: "LOCAL", dealing: "PARTY", who: requester }, 0)).to.deep.equal({
      trust: "LOCAL",
      dealing: "PARTY",
      requester,
    });
  });
});

describe("An output on chain, as the dashboard shows it", () => {
  const hexOf = (bytes: string | Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;

  it("is text where its bytes are text, line by line", () => {
    expect(readOutput(hexOf("Grüße,\nWelt"))).to.deep.equal({
      text: "Grüße,\nWelt",
      isText: true,
      bytes: 13,
      isCut: false,
    });
  });

  it("has no characters that would change how the rest is shown", () => {
    const { text } = readOutput(hexOf("a\u202eb\u001b[31mc\r\nd\u2028e\u200bf"));
    expect(text).to.equal("a b [31mc\nd e f");
  });

  it("is hex where its bytes are none, or are no text", () => {
    for (const bytes of [[], [0xff, 0xfe], [0x61, 0x00], [0xc0, 0xaf]]) {
      const hex = hexOf(Uint8Array.from(bytes));
      expect(readOutput(hex)).to.deep.equal({ text: hex, isText: false, bytes: bytes.length, isCut: false });
    }
  });

  it("is cut where it is long", () => {
    const { text, bytes, isCut } = readOutput(hexOf("x".repeat(100_000)));
    expect({ length: text.length, bytes, isCut }).to.deep.equal({ length: 2_000, bytes: 100_000, isCut: true });
    expect(readOutput(hexOf(new Uint8Array(5_000))).text).to.have.length(2_000);
  });
});
