import { expect } from "chai";
import { headOf } from "../../../indexer/dashboard/src/data/checkpoint.ts";
import { formatExact, formatShort } from "../../../indexer/dashboard/src/format/amount.ts";
import { zkParametersOf } from "../../../indexer/dashboard/src/format/parameters.ts";
import { fill, gapBins } from "../../../indexer/dashboard/src/format/series.ts";
import { count, formatShare, printable, shorten } from "../../../indexer/dashboard/src/format/text.ts";
import {
  formatAbsolute,
  formatDuration,
  formatPeriod,
  formatRelative,
} from "../../../indexer/dashboard/src/format/time.ts";

const OPG = 10n ** 18n;

describe("What the dashboard writes", () => {
  it("writes a whole amount without losing a digit", () => {
    expect(formatExact(0n, 18)).to.equal("0");
    expect(formatExact(1n, 18)).to.equal("0.000000000000000001");
    expect(formatExact(-1_234_567n * OPG - OPG / 2n, 18)).to.equal("−1,234,567.5");
    expect(formatExact(2n ** 256n - 1n, 0)).to.match(/^115,792,089,/);
    expect(formatExact(1_000n, 0)).to.equal("1,000");
    expect(formatExact(1_230_000n, 6)).to.equal("1.23");
  });

  it("shortens an amount to four digits, rounded to the nearest", () => {
    expect(formatShort(0n, 18)).to.equal("0");
    expect(formatShort(OPG / 3n, 18)).to.equal("0.3333");
    expect(formatShort((2n * OPG) / 3n, 18)).to.equal("0.6667");
    expect(formatShort(12_345n * (OPG / 1_000n), 18)).to.equal("12.35");
    expect(formatShort(1_044n * OPG, 18)).to.equal("1,044");
    expect(formatShort(999_998_956n * OPG, 18)).to.equal("1,000M");
    expect(formatShort(1_000_000_000n * OPG, 18)).to.equal("1B");
    expect(formatShort(1_234_000_000n * OPG, 18)).to.equal("1.234B");
    expect(formatShort(12_345_678n * OPG, 18)).to.equal("12.35M");
    expect(formatShort(99_999n * (OPG / 10_000n), 18)).to.equal("10");
  });

  it("never calls nothing what is something", () => {
    expect(formatShort(1n, 18)).to.equal("< 0.0001");
    expect(formatShort(-1n, 18)).to.equal("> −0.0001");
    expect(formatShare(1e-9)).to.equal("< 0.000001 %");
    expect(formatShare(0.0000134567)).to.equal("0.0013 %");
    expect(formatShare(1 - 1e-9)).to.equal("> 99.99 %");
    expect(formatShare(0)).to.equal("0 %");
    expect(formatShare(1)).to.equal("100 %");
    expect(formatShare(0.1234)).to.equal("12.3 %");
  });

  it("writes lengths of time in their two largest units", () => {
    expect(formatDuration(0)).to.equal("0 s");
    expect(formatDuration(59.4)).to.equal("59 s");
    expect(formatDuration(60)).to.equal("1 min");
    expect(formatDuration(3_601)).to.equal("1 h");
    expect(formatDuration(2 * 86_400 + 4 * 3_600 + 59)).to.equal("2 d 4 h");
  });

  it("writes times as distances, and exactly", () => {
    expect(formatRelative(100, 100)).to.equal("now");
    expect(formatRelative(88, 100)).to.equal("12 s ago");
    expect(formatRelative(100 + 7_300, 100)).to.equal("in 2 h");
    expect(formatAbsolute(1_795_245_480)).to.equal("21 Nov 2026, 07:18:00 UTC");
    expect(formatPeriod(1_795_219_200, "day")).to.equal("21 Nov");
    expect(formatPeriod(1_795_244_400, "hour")).to.equal("21 Nov 07:00");
  });

  it("shows what a stranger wrote as one short line that reads in one direction", () => {
    expect(printable("https://node.example")).to.equal("https://node.example");
    expect(printable("two\nlines\u2028\u202e\u0000.")).to.equal("twolines.");
    expect(printable("x".repeat(60), 4)).to.equal("xxxx…");
  });

  it("shortens ids, and counts in words", () => {
    expect(shorten("0x4c1661df620c6d31")).to.equal("0x4c16…6d31");
    expect(shorten("0x4c16")).to.equal("0x4c16");
    expect(count(1n, "node")).to.equal("1 node");
    expect(count(1_204, "batch", "batches")).to.equal("1,204 batches");
  });

  it("fills the periods in which nothing happened, up to now, and keeps the latest", () => {
    const rows = [
      { start: 0, burned: 5, supply: 95 },
      { start: 7_200, burned: 1, supply: 94 },
    ];
    const idle = ({ supply }: { supply: number }, start: number) => ({ start, burned: 0, supply });
    expect(fill(rows, { bucket: "hour", now: 10_800, limit: 10 }, idle)).to.deep.equal([
      { start: 0, burned: 5, supply: 95 },
      { start: 3_600, burned: 0, supply: 95 },
      { start: 7_200, burned: 1, supply: 94 },
      { start: 10_800, burned: 0, supply: 94 },
    ]);
    expect(fill(rows, { bucket: "hour", now: 10_800, limit: 2 }, idle).map(({ start }) => start)).to.deep.equal([
      7_200, 10_800,
    ]);
    expect(fill([], { bucket: "hour", now: 10_800, limit: 2 }, idle)).to.deep.equal([]);
  });

  it("puts gaps into bars, and loses none", () => {
    const histogram = [0, 1, 2, 3, 5, 200, 10 ** 9].map((seconds) => ({ seconds, count: 2 }));
    const bins = gapBins(histogram);
    expect(bins.slice(0, 4)).to.deep.equal([
      { from: 0, to: 1, count: 2 },
      { from: 1, to: 2, count: 2 },
      { from: 2, to: 5, count: 4 },
      { from: 5, to: 10, count: 2 },
    ]);
    expect(bins.at(-1)).to.deep.equal({ from: 2_592_000, to: Number.POSITIVE_INFINITY, count: 2 });
    expect(bins.reduce((sum, { count }) => sum + count, 0)).to.equal(14);
    expect(gapBins([{ seconds: 70, count: 1 }])).to.deep.equal([{ from: 60, to: 120, count: 1 }]);
    expect(gapBins([{ seconds: 70, count: 0 }])).to.deep.equal([]);
    expect(gapBins([])).to.deep.equal([]);
  });

  it("reads the parameters of a zero-knowledge route, and nothing else as such", () => {
    const parameters = `0x${"11".repeat(32)}${"22".repeat(32)}${"00".repeat(31)}05`;
    expect(zkParametersOf(parameters)).to.deep.equal({
      keyId: `0x${"11".repeat(32)}`,
      weightsCommitment: `0x${"22".repeat(32)}`,
      units: 5n,
    });
    expect(zkParametersOf("0x")).to.equal(null);
    expect(zkParametersOf(`${parameters}00`)).to.equal(null);
  });

  it("reads the newest block out of Ponder's checkpoint", () => {
    const checkpoint = "179524548000000000000313370000000000000144999999999999999999999999999999999";
    expect(headOf(checkpoint)).to.deep.equal({ timestamp: 1_795_245_480, number: 144 });
  });
});
