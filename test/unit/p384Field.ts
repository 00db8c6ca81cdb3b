import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { hexlify } from "ethers";
import { network } from "hardhat";
import {
  add,
  chord,
  G,
  invert,
  mod,
  montgomery,
  n,
  type Point,
  p,
  sum,
  tangent,
} from "../../sdk/src/attestation/p384Curve.ts";

// The verifier's arithmetic consists of Yul functions, which nothing but its own code can call. So its own code, as it
// stands in the file, gets another entry here: an operation, and the records to apply it to.
const FMUL = 0;
const FSQR = 1;
const NMUL = 2;
const REDUCE = 3;
const DIVIDE = 4;
const IS_ZERO = 5;
const DOUBLE = 6;
const ADD = 7;

const { ethers } = await network.create();
const arithmetic = await deployArithmetic();

async function deployArithmetic(): Promise<string> {
  const source = readFileSync("contracts/attestation/P384Verifier.sol", "utf8");
  const functions = source.slice(source.indexOf("assembly {") + 10, source.indexOf("{\n                // r and s in"));
  const constants = source.match(/uint256 private constant \w+ =\s*\w+;/g) ?? [];
  const word = (i: number) => `calldataload(add(at, ${32 * i}))`;
  const words = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => word(from + i)).join(", ");
  /** Applies `call` to every record of so many words. */
  const operation = (id: number, length: number, call: string) =>
    `case ${id} { for { let at := 32 } lt(at, calldatasize()) { at := add(at, ${32 * length}) } { ${call} } }`;
  const pair = (call: string) => `let r1, r0 := ${call} mstore(out, r1) mstore(add(out, 32), r0) out := add(out, 64)`;
  const step = (slopesAt: number, call: string) =>
    `calldatacopy(X1, at, 128) mstore(SLOPES, add(at, ${32 * slopesAt})) ${call} mcopy(out, X1, 128) out := add(out, 128)`;
  const content = `pragma solidity ^0.8.28; contract Arithmetic { ${constants.join(" ")}
    fallback() external { assembly { ${functions}
      let out := 0x2000
      switch calldataload(0)
      ${operation(FMUL, 4, pair(`fmul(${words(0, 4)})`))}
      ${operation(FSQR, 2, pair(`fsqr(${words(0, 2)})`))}
      ${operation(NMUL, 4, pair(`nmul(${words(0, 4)})`))}
      ${operation(REDUCE, 3, pair(`reduce(${words(0, 3)})`))}
      ${operation(DIVIDE, 4, pair(`divide(${words(0, 4)})`))}
      ${operation(IS_ZERO, 2, `mstore(out, isZero(${words(0, 2)})) out := add(out, 32)`)}
      ${operation(DOUBLE, 6, step(4, "doubleBySlope()"))}
      ${operation(ADD, 12, step(9, `addBySlope(${word(8)}, ${words(4, 8)})`))}
      return(0x2000, sub(out, 0x2000)) } } }`;
  const solc: { compile(input: string): string } = createRequire(import.meta.url)("solc");
  const { contracts, errors } = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: { "A.sol": { content } },
        settings: {
          evmVersion: "cancun",
          optimizer: { enabled: true, runs: 1_000_000 },
          outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
        },
      }),
    ),
  );
  if (contracts?.["A.sol"] === undefined)
    throw new Error(`the verifier's functions do not compile: ${JSON.stringify(errors)}`);
  const [signer] = await ethers.getSigners();
  const code: string = contracts["A.sol"].Arithmetic.evm.bytecode.object;
  return (await new ethers.ContractFactory([], code, signer).deploy()).getAddress();
}

const encode = (words: readonly bigint[]) => `0x${words.map((word) => word.toString(16).padStart(64, "0")).join("")}`;
const decode = (data: string) => (data.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));

/** The results of `operation` on `records` of words, each `length` words. */
async function apply(operation: number, records: readonly (readonly bigint[])[], length: number): Promise<bigint[][]> {
  const results: bigint[][] = [];
  for (let from = 0; from < records.length; from += 1000) {
    const batch = records.slice(from, from + 1000);
    const data = encode([BigInt(operation), ...batch.flat()]);
    const words = decode(await ethers.provider.call({ to: arithmetic, data }));
    expect(words.length).to.equal(length * batch.length);
    for (let i = 0; i < batch.length; i++) results.push(words.slice(length * i, length * (i + 1)));
  }
  return results;
}

const B = 2n ** 224n;
const value = ([a1 = 0n, a0 = 0n]: readonly bigint[]) => a1 * B + a0;
const limbs = (a: bigint) => [a / B, a % B];
const random = (bits: bigint) =>
  BigInt(hexlify(crypto.getRandomValues(new Uint8Array(Number(bits + 7n) / 8)))) & (2n ** bits - 1n);
const samples = process.env.OPG_DEEP ? 40_000 : 1_000;

// Low limbs below 2^238 and high limbs below 2^207, and numbers about 0, p and 2^384, as limbs that fit and lazily added.
const lows = [0n, 1n, B - 1n, B, 2n ** 238n - 1n];
const highs = [0n, 1n, 2n ** 160n - 1n, 2n ** 160n, 2n ** 207n - 1n];
const edges = [
  ...lows.flatMap((a0) => highs.map((a1) => [a1, a0])),
  ...[p - 1n, p, p + 1n, 2n * p, 64n * p - 1n, 2n ** 384n - 1n, n, n - 1n].map(limbs),
  ...[1n, 2n, 3n, 8n, 64n, 128n].map((k) => [k * 2n ** 160n - k, k * B - k * (2n ** 384n - p)]),
];
const operand = () => (random(1n) ? [random(160n), random(224n)] : [random(207n), random(238n)]);
const pairs = [
  ...edges.flatMap((a) => edges.map((b) => [...a, ...b])),
  ...Array.from({ length: samples }, () => [...operand(), ...operand()]),
  // Squares whose Montgomery product is just above 0 or below p: where an exact reduction would carry.
  ...Array.from({ length: 64 }, (_, i) => {
    const a = [random(160n) | 1n, random(224n)];
    return [...a, ...limbs(mod(invert(value(a), p) * mod(BigInt(i - 32) * B, p), p))];
  }),
];

describe("P384Verifier's arithmetic, against bigint", () => {
  const inverseB = { [FMUL]: invert(B, p), [NMUL]: invert(B, n) };

  for (const [name, operation, modulus] of [
    ["fmul", FMUL, p],
    ["nmul", NMUL, n],
  ] as const) {
    it(`${name} is a · b / 2^224, its low limb below 2^224 and its value within the bound stated`, async () => {
      const results = await apply(operation, pairs, 2);
      for (const [i, [r1 = 0n, r0 = 0n]] of results.entries()) {
        const [a1 = 0n, a0 = 0n, b1 = 0n, b0 = 0n] = pairs[i] ?? [];
        const [result, cross] = [value([r1, r0]), a0 * b1 + a1 * b0];
        const congruent = mod(result - value([a1, a0]) * value([b1, b0]) * inverseB[operation], modulus) === 0n;
        const bounded = r0 < B && result >= 2n ** 384n && result <= cross + 4n * 2n ** 384n + 2n ** 450n;
        if (!congruent || !bounded) expect.fail(`${name}(${pairs[i]}) gave ${r1}, ${r0}`);
      }
    });
  }

  it("fsqr is fmul of equals", async () => {
    const results = await apply(
      FSQR,
      pairs.map((pair) => pair.slice(0, 2)),
      2,
    );
    const expected = await apply(
      FMUL,
      pairs.map(([a1 = 0n, a0 = 0n]) => [a1, a0, a1, a0]),
      2,
    );
    expect(results).to.deep.equal(expected);
  });

  it("reduce gives the canonical limbs, and isZero says whether they are zero", async () => {
    const numbers = pairs.map((pair) => pair.slice(0, 2));
    for (const m of [p, n]) {
      const results = await apply(
        REDUCE,
        numbers.map((number) => [...number, 2n ** 384n - m]),
        2,
      );
      expect(results).to.deep.equal(numbers.map((number) => limbs(mod(value(number), m))));
    }
    const zeros = await apply(IS_ZERO, numbers, 1);
    expect(zeros).to.deep.equal(numbers.map((number) => [value(number) % p === 0n ? 1n : 0n]));
  });

  it("divide is a / b in Montgomery's form", async () => {
    const divisions = pairs.slice(-80).filter(([, , b1 = 0n, b0 = 0n]) => value([b1, b0]) % p !== 0n);
    const results = await apply(DIVIDE, divisions, 2);
    for (const [i, result] of results.entries()) {
      const [a1 = 0n, a0 = 0n, b1 = 0n, b0 = 0n] = divisions[i] ?? [];
      expect(result).to.deep.equal(limbs(mod(value([a1, a0]) * invert(value([b1, b0]), p) * B, p)));
    }
  });
});

describe("P384Verifier's steps by slopes", () => {
  const point = (k: bigint): Point => {
    const result = sum([k, G]);
    if (result === undefined) throw new Error("a multiple of n");
    return result;
  };
  const form = (a: bigint) => BigInt(`0x${montgomery(a)}`);
  /** A point as the verifier may hold it: with multiples of p added, up to the bounds of its limbs. */
  const held = ({ x, y }: Point) => [...limbs(form(x) + random(2n) * p), ...limbs(form(y) + random(4n) * p)];
  const slopes = (...values: bigint[]) =>
    decode(
      `0x${values
        .map((slope) => slope.toString(16).padStart(96, "0"))
        .join("")
        .padEnd(192, "0")}`,
    );
  /** The point after the step, or undefined if the verifier answered false. */
  const step = async (operation: number, record: readonly bigint[]) => {
    const returned = decode(
      await ethers.provider.call({ to: arithmetic, data: encode([BigInt(operation), ...record]) }),
    );
    if (returned.length === 1) {
      expect(returned).to.deep.equal([0n]);
      return undefined;
    }
    const [x1, x0, y1, y0] = returned;
    const back = (limb1 = 0n, limb0 = 0n) => mod(value([limb1, limb0]) * invert(B, p), p);
    expect((x1 ?? 0n) < 8n * 2n ** 160n && (x0 ?? 0n) < B, "the bound on x").to.equal(true);
    expect((y1 ?? 0n) < 30n * 2n ** 160n && (y0 ?? 0n) < B, "the bound on y").to.equal(true);
    return { x: back(x1, x0), y: back(y1, y0) };
  };
  const [DOUBLED, TO_DOUBLE, EMPTY] = [1n, 0n, 2n];

  it("doubleBySlope doubles by the tangent and refuses every other slope", async () => {
    for (let i = 0; i < 20; i++) {
      const P = point(random(380n));
      const double = (slope: bigint) => step(DOUBLE, [...held(P), ...slopes(slope).slice(0, 2)]);
      expect(await double(form(tangent(P)))).to.deep.equal(add(P, P));
      for (const wrong of [0n, 1n, form(tangent(P)) ^ 1n, p - form(tangent(P)), random(384n)]) {
        expect(await double(wrong)).to.equal(undefined);
      }
    }
  });

  it("addBySlope adds by the chord and refuses every other slope", async () => {
    for (let i = 0; i < 20; i++) {
      const [P, U] = [point(random(380n)), point(random(380n))];
      const record = (slope: bigint) => [...held(P), ...held(U), DOUBLED, ...slopes(slope)];
      expect(await step(ADD, record(form(chord(P, U))))).to.deep.equal(add(P, U));
      for (const wrong of [0n, form(chord(P, U)) ^ 1n, p - form(chord(P, U)), random(384n)]) {
        expect(await step(ADD, record(wrong))).to.equal(undefined);
      }
      expect(await step(ADD, [...held(P), ...held(U), EMPTY, ...slopes(0n)])).to.deep.equal(U);
    }
  });

  it("addBySlope, before a doubling, makes 2 P + U by two slopes and refuses every other two", async () => {
    for (let i = 0; i < 20; i++) {
      const [P, U] = [point(random(380n)), point(random(380n))];
      const middle = add(P, U);
      if (middle === undefined) throw new Error("opposite points");
      const record = (...given: bigint[]) => [...held(P), ...held(U), TO_DOUBLE, ...slopes(...given)];
      const [first, second] = [form(chord(P, U)), form(chord(P, middle))];
      expect(await step(ADD, record(first, second))).to.deep.equal(add(P, middle));
      for (const [one, two] of [
        [first, second ^ 1n],
        [first ^ 1n, second],
        [second, first],
        [first, first],
        [first, mod(-second, p)],
      ] as const) {
        expect(await step(ADD, record(one, two))).to.equal(undefined);
      }
    }
  });

  it("addBySlope refuses P + P and P - P, whatever the slope and the multiples of p in the limbs", async () => {
    for (let i = 0; i < 20; i++) {
      const P = point(random(380n));
      const opposite = { x: P.x, y: p - P.y };
      for (const state of [DOUBLED, TO_DOUBLE]) {
        for (const slope of [0n, form(tangent(P)), random(384n)]) {
          for (const U of [P, opposite]) {
            expect(await step(ADD, [...held(P), ...held(U), state, ...slopes(slope, slope)])).to.equal(undefined);
          }
        }
      }
    }
  });
});
