import { expect } from "chai";
import { deflation, project, ratio, rolling, WINDOWS } from "../../../indexer/src/mapping/deflation.ts";
import { gapBars } from "../../../indexer/src/mapping/gap.ts";
import { filled, startOf } from "../../../indexer/src/mapping/period.ts";

const HOUR = 3_600n;
const DAY = 86_400n;
/** A full hour. */
const NOON = 20_000n * DAY + 12n * HOUR;
const hour = (start: bigint, burned: bigint, burnedNet = burned, supply = 0n) => ({ start, burned, burnedNet, supply });
const about = (found: number, expected: number) => expect(Math.abs(found / expected - 1)).to.be.lessThan(1e-12);

describe("the histogram of the trust gap", () => {
  it("has every inference in one bar, the last of which has no end", () => {
    const row = (seconds: bigint, count: bigint) => ({ seconds, count, countNet: count - 1n });
    const bars = gapBars([row(0n, 1n), row(1n, 2n), row(4n, 3n), row(5n, 4n), row(10n ** 9n, 5n)]);
    expect(bars.filter(({ count }) => count > 0)).to.deep.equal([
      { from: 0, to: 1, count: 1, countNet: 0 },
      { from: 1, to: 5, count: 5, countNet: 3 },
      { from: 5, to: 15, count: 4, countNet: 3 },
      { from: 86_400, to: null, count: 5, countNet: 4 },
    ]);
    expect(gapBars([]).every(({ count }) => count === 0)).to.equal(true);
  });
});

describe("deflation", () => {
  const day = { start: DAY, burned: 10n, burnedNet: 5n, supply: 990n };
  const LATER = 9n * DAY;

  it("annualises what burned by the supply that there was before", () => {
    expect(deflation(day, "DAY", 1_000n, LATER, 0n)).to.deep.equal({
      start: 86_400,
      burned: "10",
      burnedNet: "5",
      supply: "990",
      annualised: 3.65,
      annualisedNet: 1.825,
    });
    expect(deflation(day, "HOUR", 1_000n, LATER, 0n).annualised).to.equal(87.6);
  });

  it("does not take for the protocol's burn what a holder destroys, or what is minted", () => {
    const million = 10n ** 6n;
    for (const supply of [599n * million, 999n * million, 5_000n * million]) {
      const row = { start: DAY, burned: million, burnedNet: 0n, supply };
      expect(deflation(row, "DAY", 1_000n * million, LATER, 0n).annualised).to.equal(0.365);
      const month = rolling([hour(0n, 0n, 0n, 1_000n * million), row], 0n, 2n * DAY, WINDOWS.day, 0n);
      expect(month.annualised).to.equal(0.365);
      const [projected] = project([row], 1_000n * million, supply, 31n * DAY, DAY);
      about(Number(projected?.supply), Number(supply) * 0.999);
    }
    // More burned than there was before.
    expect(project([hour(DAY, 9n)], 5n, 7n, 31n * DAY, DAY)[0]?.supply).to.equal("0");
  });

  it("rates a period that is not over by what there is of it, by an hour at least", () => {
    const rate = (at: bigint, began = 0n) => deflation(day, "DAY", 1_000n, at, began).annualised;
    about(rate(DAY + 6n * HOUR), 3.65 * 4);
    about(rate(DAY + 1n), 3.65 * 24);
    about(rate(2n * DAY), 3.65);
    about(rate(LATER, DAY + 18n * HOUR), 3.65 * 4);
    about(rate(DAY + 20n * HOUR, DAY + 18n * HOUR), 3.65 * 12);
  });

  it("is 0 without a supply", () => {
    expect(deflation({ ...day, burned: 0n, burnedNet: 0n, supply: 0n }, "DAY", 0n, LATER, 0n).annualised).to.equal(0);
  });

  describe("with gaps filled", () => {
    type Row = ReturnType<typeof row>;
    const quiet = (before: Row) => ({ ...before, burned: 0n });
    const row = (days: bigint, burned: bigint, supply: bigint) => ({
      start: days * DAY,
      burned,
      burnedNet: 0n,
      supply,
    });

    it("has every period up to now, in which nothing burned, with the supply carried on", () => {
      expect(filled([row(2n, 5n, 95n), row(4n, 1n, 94n)], "DAY", 2n * DAY, 6n * DAY - 1n, quiet)).to.deep.equal([
        row(2n, 5n, 95n),
        row(3n, 0n, 95n),
        row(4n, 1n, 94n),
        row(5n, 0n, 94n),
      ]);
    });

    it("begins with the supply of the row before, and where there is none with the first row", () => {
      const rows = [row(2n, 5n, 95n), row(9n, 1n, 94n)];
      expect(filled(rows, "DAY", 8n * DAY, 9n * DAY, quiet)).to.deep.equal([row(8n, 0n, 95n), row(9n, 1n, 94n)]);
      expect(filled(rows, "DAY", 0n, 2n * DAY, quiet)).to.deep.equal([row(2n, 5n, 95n)]);
      expect(filled<Row>([], "DAY", 0n, 9n * DAY, quiet)).to.deep.equal([]);
    });
  });

  describe("over a rolling window", () => {
    const at = NOON + 1_800n;

    it("counts from a full hour, and relates what burned to the window's real length", () => {
      const hours = [hour(NOON - DAY - HOUR, 7n, 7n, 1_000n), hour(NOON - DAY, 2n, 1n), hour(NOON, 3n)];
      const { since, burned, burnedNet, annualised } = rolling(hours, 1_007n, at, WINDOWS.day, 0n);
      expect({ since, burned, burnedNet }).to.deep.equal({ since: Number(NOON - DAY), burned: "5", burnedNet: "4" });
      // 5 of 1,000 in 24.5 hours.
      expect(Math.abs(annualised - (0.005 * 365 * 24) / 24.5)).to.be.lessThan(1e-12);
    });

    it("does not begin before the protocol, which is rated by its age, and by an hour at least", () => {
      const burning = [hour(NOON - 2n * HOUR, 1n), hour(NOON, 1n)];
      const since = (began: bigint) => rolling(burning, 1_000n, at, WINDOWS.month, began).since;
      expect(since(NOON - 2n * HOUR)).to.equal(Number(NOON - 2n * HOUR));
      expect(since(NOON)).to.equal(Number(NOON - HOUR));
      const { annualised } = rolling(burning, 1_000n, at, WINDOWS.month, NOON - 2n * HOUR);
      // 2 of 1,000 in 2.5 hours.
      expect(Math.abs(annualised - (0.002 * 365 * 24) / 2.5)).to.be.lessThan(1e-12);
    });

    it("is nothing where nothing burned", () => {
      expect(rolling([], 0n, at, WINDOWS.week, 0n)).to.include({ burned: "0", annualised: 0, annualisedNet: 0 });
    });
  });

  describe("projected", () => {
    it("loses in each 30 days the share that it lost in the last, never more than there is", () => {
      const supply = 900n * 10n ** 18n;
      const hours = [hour(NOON - DAY, 100n * 10n ** 18n, 0n)];
      const [month, quarter, year] = project(hours, 10n ** 21n, supply, NOON, 0n);
      // A tenth burned in 30 days: 0.9 of it is left after 30 more.
      expect(month).to.deep.equal({ days: 30, supply: String(810n * 10n ** 18n), supplyNet: String(supply) });
      expect(quarter?.supply).to.equal(String(6561n * 10n ** 17n));
      expect(Math.abs(Number(year?.supply) / (900e18 * 0.9 ** (365 / 30)) - 1)).to.be.lessThan(1e-12);
    });

    it("stays where nothing burned, and at 0 where all did", () => {
      expect(project([], 5n, 5n, NOON, 0n).map(({ supply }) => supply)).to.deep.equal(["5", "5", "5"]);
      expect(project([hour(NOON, 9n)], 9n, 0n, NOON, 0n).map(({ supply }) => supply)).to.deep.equal(["0", "0", "0"]);
    });
  });

  it("begins its periods at full hours, days and Mondays, UTC", () => {
    expect(startOf("HOUR", NOON + 3_599n)).to.equal(NOON);
    expect(startOf("DAY", NOON)).to.equal(NOON - 12n * HOUR);
    // A Monday.
    expect(startOf("WEEK", BigInt(Date.UTC(2026, 10, 22, 23) / 1_000))).to.equal(
      BigInt(Date.UTC(2026, 10, 16) / 1_000),
    );
  });

  it("relates amounts beyond a double's whole numbers", () => {
    expect(ratio(10n ** 30n, 4n * 10n ** 30n)).to.equal(0.25);
  });
});
