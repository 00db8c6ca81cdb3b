import { expect } from "chai";
import { lookTwice } from "../../../indexer/src/mapping/alert.ts";

describe("a look at the alerts", () => {
  const of = (kind: string, subject: string) => ({ id: `${kind}-${subject}`, kind });
  const slashed = of("SLASHED", "a");
  const [escrow, bonds, burn] = ["ESCROW", "BONDS", "BURN"].map((law) => of("LAW_BROKEN", law));
  /** Gives one answer after another. @returns What is told, and how often it paused. */
  const told = async (...answers: (typeof slashed | undefined)[][]) => {
    let pauses = 0;
    const look = async () => (answers.shift() ?? []).filter((alert) => alert !== undefined);
    const alerts = await lookTwice(look, async () => ++pauses);
    return { alerts, pauses };
  };

  it("is enough where every law holds", async () => {
    expect(await told([slashed])).to.deep.equal({ alerts: [slashed], pauses: 0 });
  });

  it("calls a law broken that a second look finds broken, too", async () => {
    expect(await told([escrow, slashed], [slashed, escrow])).to.deep.equal({ alerts: [slashed, escrow], pauses: 1 });
  });

  it("does not call a law broken that only one of two looks finds so", async () => {
    expect(await told([escrow, bonds], [burn, bonds, slashed])).to.deep.equal({ alerts: [bonds, slashed], pauses: 1 });
  });
});
