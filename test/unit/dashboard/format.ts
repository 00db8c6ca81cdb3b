import { expect } from "chai";
import { headOf } from "../../../indexer/dashboard/src/data/checkpoint.ts";
import { formatExact, formatNumber, formatShort } from "../../../indexer/dashboard/src/format/amount.ts";
import { zkParametersOf } from "../../../indexer/dashboard/src/format/parameters.ts";
import { priceOrder } from "../../../indexer/dashboard/src/format/price.ts";
import { fill, trimmed } from "../../../indexer/dashboard/src/format/series.ts";
import { count, formatShare, shorten, shortLine } from "../../../indexer/dashboard/src/format/text.ts";
import {
  formatAbsolute,
  formatDuration,
  formatPeriod,
  formatRange,
  formatRelative,
} from "../../../indexer/dashboard/src/format/time.ts";
import { nameOf } from "../../../indexer/dashboard/src/format/token.ts";

const OPG = 10n ** 18n;

import { trustOf } from "../../../indexer/dashboard/src/format/trust.ts";
import type { MeasurementSet } from "../../../indexer/dashboard/src/queries/enclaves.ts";

describe("What the dashboard writes", () => {
  it("writes a whole amount without losing a digit", () => {
    expect(formatExact(0n, 18)).to.equal("0");
    expect(formatExact(1n, 18)).to.equal("0.000000000000000001");
    expect(formatExact(-1_234_567n * OPG - OPG / 2n, 18)).to.equal("−1,234,567.5");
    expect(formatExact(2n ** 256n - 1n, 0)).to.match(/^115,792,089,/);
    expect(formatExact(1_000n, 0)).to.equal("1,000");
    expect(formatExact(1_230_000n, 6)).to.equal("1.23");
  });

  it("calls a token what it calls itself if governance lists it, and otherwise by its address", () => {
    const address = `0x${"ab".repeat(20)}`;
    const token = { address, listed: true, symbol: "USDC", decimals: 6 };
    expect(nameOf(address, [token])).to.deep.equal({ symbol: "USDC", decimals: 6 });
    for (const stranger of [
      { ...token, listed: false },
      { ...token, symbol: null },
      { ...token, symbol: "" },
    ]) {
      expect(nameOf(address, [stranger])).to.deep.equal({ symbol: shorten(address), decimals: 6 });
    }
    const unknown = { symbol: `base units of ${shorten(address)}`, decimals: 0 };
    for (const tokens of [[{ ...token, decimals: null }], [], null, undefined]) {
      expect(nameOf(address, tokens)).to.deep.equal(unknown);
    }
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
    expect(formatShare(0)).to.equal("0 %");
    expect(formatNumber(0.00004)).to.equal("0.00004");
    expect(formatNumber(1e-18)).to.equal("0.000000000000000001");
    expect(formatNumber(0)).to.equal("0");
  });

  it("never calls all what is not", () => {
    for (const share of [0.9995, 0.9999, 1 - 1e-9, 1 - 2 ** -53]) {
      expect(formatShare(share), String(share)).to.match(/^99\.9\d %$/);
    }
    expect(formatShare(0.99956)).to.equal("99.95 %");
    expect(formatShare(1)).to.equal("100 %");
  });

  it("writes shares to three digits or a tenth, small ones too", () => {
    expect(formatShare(0.0001297)).to.equal("0.013 %");
    expect(formatShare(0.0000594)).to.equal("0.00594 %");
    expect(formatShare(0.0000134567)).to.equal("0.00135 %");
    expect(formatShare(0.09876)).to.equal("9.88 %");
    expect(formatShare(0.1234)).to.equal("12.3 %");
    expect(formatShare(12.3456)).to.equal("1,234.6 %");
  });

  it("writes a chart's values to four places or four digits, whichever says more", () => {
    expect(formatNumber(1_234.567891)).to.equal("1,234.5679");
    expect(formatNumber(0.1 + 0.2)).to.equal("0.3");
    expect(formatNumber(0.0000123456)).to.equal("0.00001235");
  });

  it("writes lengths of time in their two largest units", () => {
    expect(formatDuration(0)).to.equal("0 s");
    expect(formatDuration(59.4)).to.equal("59 s");
    expect(formatDuration(60)).to.equal("1 min");
    expect(formatDuration(3_601)).to.equal("1 h");
    expect(formatDuration(2 * 86_400 + 4 * 3_600 + 59)).to.equal("2 d 4 h");
  });

  it("writes a range of times in the unit of its beginning", () => {
    expect(formatRange(0, 1)).to.equal("0–1 s");
    expect(formatRange(15, 60)).to.equal("15–60 s");
    expect(formatRange(60, 300)).to.equal("1–5 min");
    expect(formatRange(900, 3_600)).to.equal("15–60 min");
    expect(formatRange(14_400, 86_400)).to.equal("4–24 h");
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
    expect(shortLine("https://node.example")).to.equal("https://node.example");
    expect(shortLine("two\nlines\u2028\u202e\u0000.")).to.equal("two lines .");
    expect(shortLine("x".repeat(60), 4)).to.equal("xxxx…");
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

  it("draws the bars of gaps from the first that has something to the last", () => {
    const bar = (from: number, to: number | null, count: number, countNet = 0) => ({ from, to, count, countNet });
    const bars = [bar(0, 1, 0), bar(1, 5, 3), bar(5, 15, 0), bar(15, 60, 2, 2), bar(60, null, 0)];
    expect(trimmed(bars, "count")).to.deep.equal(bars.slice(1, 4));
    expect(trimmed(bars, "countNet")).to.deep.equal([bars[3]]);
    expect(trimmed(bars.slice(4), "count")).to.deep.equal([]);
    expect(trimmed([], "count")).to.deep.equal([]);
    const tail = [bar(0, 1, 5), bar(86_400, null, 1)];
    expect(trimmed(tail, "count")).to.deep.equal(tail);
  });

  it("calls no relay LOCAL because somebody registered a model that does", () => {
    const set = (id: string, trust: "LOCAL" | "GATEWAY", backend = "") => ({ id, trust, backend, measurements: ["M"] });
    const relay = set("relay", "GATEWAY", "api.example");
    const all = (...items: MeasurementSet[]) => ({ totalCount: items.length, items });
    expect(trustOf("M", all(relay))).to.equal(relay);
    expect(trustOf("M", all(relay, { ...relay, id: "more", measurements: ["N", "M"] }))).to.equal(relay);
    for (const other of [set("lie", "LOCAL"), set("elsewhere", "GATEWAY", "other.example")]) {
      expect(trustOf("M", all(relay, other))).to.equal("DIFFER");
      expect(trustOf("M", all(other, relay))).to.equal("DIFFER");
    }
    expect(trustOf("M", { totalCount: 201, items: [set("lie", "LOCAL")] })).to.equal("UNKNOWN");
    expect(trustOf("N", { totalCount: 201, items: [] })).to.equal("UNKNOWN");
    expect(trustOf("N", all(relay))).to.equal(undefined);
  });

  it("ranks prices within a token, by the request and then by the unit", () => {
    const price = (token: string, pricePerRequest: string, pricePerUnit = "0") => ({
      token,
      pricePerRequest,
      pricePerUnit,
    });
    const ranked = [price("0xa", "9"), price("0xa", "10"), price("0xa", "10", "2"), price("0xb", "1")];
    expect(ranked.map(priceOrder)).to.deep.equal(ranked.map(priceOrder).toSorted());
    expect(new Set(ranked.map(priceOrder)).size).to.equal(ranked.length);
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
