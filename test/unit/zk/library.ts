import { expect } from "chai";
import type { CircuitInput } from "snarkjs";
import { commitNumbers, poseidonChain } from "../../../circuits/src/commitment.ts";
import { FIELD } from "../../../circuits/src/field.ts";
import { argMax, averagePool2d, conv2d, dense, relu, requantise } from "../../../circuits/src/layers.ts";
import type { CompiledCircuit } from "../../../circuits/src/setup.ts";
import { Constraints, compileTemplate, witnessOf } from "../../support/witness.ts";

const RUNS = process.env.OPG_DEEP ? 200 : 3;
/** How many numbers one circuit takes at once. */
const LANES = 32;

const integer = (lowest: number, highest: number) => lowest + Math.floor(Math.random() * (highest - lowest + 1));
const integers = (count: number, lowest: number, highest: number) =>
  Array.from({ length: count }, () => integer(lowest, highest));
/** Random numbers of which none is 0: a factor 0 hides the other one. */
const factors = (count: number, most: number) =>
  Array.from({ length: count }, () => integer(1, most) * (Math.random() < 0.5 ? -1 : 1));
const constant = (count: number, value: number) => new Array<number>(count).fill(value);

/** What the circuit says for an input, as signed numbers: the outputs are the first wires after the 1. */
async function outputs(circuit: CompiledCircuit, input: CircuitInput, count: number): Promise<number[]> {
  const wires = (await witnessOf(circuit, input)).slice(1, 1 + count);
  return wires.map((value) => Number(value > FIELD / 2n ? value - FIELD : value));
}

async function expectRefusal(circuit: CompiledCircuit, input: CircuitInput, what?: string): Promise<void> {
  const error = await witnessOf(circuit, input).catch((reason: unknown) => reason);
  expect(String(error), what).to.contain("Assert Failed");
}

/**
 * The inputs determine every wire, for which no constraint is to spare, and so every wire of a valid witness, changed alone,
 * breaks a constraint. Other inputs may have the same outputs: they are public here.
 */
async function expectNothingFree(circuit: CompiledCircuit, input: CircuitInput): Promise<Constraints> {
  const constraints = await Constraints.read(circuit);
  const witness = await witnessOf(circuit, input);
  const isInput = (wire: string) => Object.keys(input).some((name) => wire === name || wire.startsWith(`${name}[`));
  expect(constraints.open(isInput)).to.deep.equal([]);
  for (let run = 0; run < RUNS; run++) {
    const without = integer(0, constraints.count - 1);
    expect(constraints.open(isInput, without), `without constraint ${without}`).to.not.deep.equal([]);
  }
  expect(constraints.hold(witness)).to.equal(true);
  expect(constraints.free(witness).filter((wire) => !isInput(wire))).to.deep.equal([]);
  return constraints;
}

/** The signals `name[0]`, `name[1]`, … as the bits of a number. */
const bitsOf = (name: string, bits: number, value: number) =>
  Object.fromEntries(Array.from({ length: bits }, (_, i) => [`${name}[${i}]`, BigInt((value >> i) & 1)]));

/**
 * Tries every decomposition of every input of a small circuit, with the outputs that would follow from it, and expects
 * the constraints to take the honest one only.
 */
async function expectOneDecomposition(
  circuit: CompiledCircuit,
  bits: number,
  inputs: readonly number[],
  decomposition: (pattern: number, x: number) => Record<string, bigint>,
  honest: (x: number) => number,
  input: (x: number) => CircuitInput,
): Promise<void> {
  const constraints = await Constraints.read(circuit);
  for (const x of inputs) {
    const witness = await witnessOf(circuit, input(x));
    let unchanged = 0;
    for (let pattern = 0; pattern < 2 ** bits; pattern++) {
      const forged = constraints.changed(witness, decomposition(pattern, x));
      // A pattern may differ in nothing but a bit that has no wire, as it follows from the others.
      const same = forged.every((value, wire) => value === witness[wire]);
      if (same) unchanged++;
      if (pattern === honest(x)) expect(same, `${x} as itself`).to.equal(true);
      expect(constraints.hold(forged), `${x} as ${pattern}`).to.equal(same);
    }
    expect(unchanged, `${x}: forgeries that change something`).to.be.at.most(2);
  }
}

describe("Circuit library", function () {
  this.timeout(600_000);

  describe("the plain layers", () => {
    it("compute what one can compute by hand", () => {
      expect(dense([1, 2, 3, 4, 5, 6], [10, -100], [1, -1, 2])).to.deep.equal([15, -89]);
      const sizes = { channels: 1, height: 3, width: 3, filters: 2, kernel: 2, stride: 1 };
      const image = [1, 2, 3, 4, 5, 6, 7, 8, 9];
      expect(conv2d(sizes, [1, 0, 0, 0, 0, 0, 0, -1], [0, 100], image)).to.deep.equal([1, 2, 4, 5, 95, 94, 92, 91]);
      const channels = { channels: 2, height: 2, width: 2, filters: 1, kernel: 2, stride: 2 };
      expect(conv2d(channels, [1, 1, 1, 1, 0, 0, 0, 2], [0], [1, 2, 3, 4, 5, 6, 7, 8])).to.deep.equal([26]);
      expect(relu([-3, 0, 3])).to.deep.equal([0, 0, 3]);
      expect(requantise(2, [-5, -4, -1, 0, 3, 4])).to.deep.equal([-2, -1, -1, 0, 0, 1]);
      expect(
        averagePool2d({ channels: 1, height: 2, width: 5, size: 2 }, [1, 2, 0, 3, 9, 3, 5, 0, 0, 9]),
      ).to.deep.equal([2, 0]);
      expect(argMax([3, 7, 7, -1])).to.equal(1);
    });

    it("refuse values that do not fit the sizes", () => {
      expect(() => dense([1], [0], [1, 2])).to.throw(RangeError, "there is no value 1 among 1");
      const sizes = { channels: 1, height: 2, width: 2, filters: 1, kernel: 2, stride: 1 };
      expect(() => conv2d(sizes, [1, 1, 1, 1], [0], [1, 2, 3])).to.throw(RangeError);
    });
  });

  describe("dense", () => {
    const most = 2 ** 20;
    let circuit: CompiledCircuit;
    before(async () => {
      circuit = await compileTemplate("dense.circom", "Dense(3, 4)", ["in", "weights", "bias"]);
    });

    it("agrees with the plain layer, and no wire is free", async () => {
      for (let run = 0; run < RUNS; run++) {
        const input = { in: factors(4, most), weights: factors(12, most), bias: integers(3, -most, most) };
        expect(await outputs(circuit, input, 3)).to.deep.equal(dense(input.weights, input.bias, input.in));
        if (run === 0) expect((await expectNothingFree(circuit, input)).count).to.equal(12);
      }
      for (const [x, w, b] of [
        [most, most, most],
        [-most, most, -most],
        [0, most, 0],
      ] as const) {
        const input = { in: constant(4, x), weights: constant(12, w), bias: constant(3, b) };
        expect(await outputs(circuit, input, 3)).to.deep.equal(dense(input.weights, input.bias, input.in));
      }
    });

    it("refuses products that are wrong in a way that leaves their sum", async () => {
      const constraints = await Constraints.read(circuit);
      const input = { in: constant(4, 3), weights: constant(12, 5), bias: constant(3, 0) };
      const witness = await witnessOf(circuit, input);
      const forged = constraints.changed(witness, { "products[0]": 14n, "products[1]": 16n });
      expect(forged).to.not.deep.equal(witness);
      expect(constraints.hold(forged)).to.equal(false);
    });
  });

  describe("conv2d", () => {
    for (const sizes of [
      { channels: 1, height: 5, width: 4, filters: 2, kernel: 3, stride: 1 },
      { channels: 2, height: 4, width: 5, filters: 3, kernel: 2, stride: 2 },
      { channels: 1, height: 1, width: 1, filters: 1, kernel: 1, stride: 1 },
    ]) {
      const { channels, height, width, filters, kernel, stride } = sizes;
      const windows = (side: number) => Math.floor((side - kernel) / stride) + 1;
      const count = filters * windows(height) * windows(width);
      const name = `Conv2d(${[channels, height, width, filters, kernel, stride].join(", ")})`;

      it(`agrees with the plain layer, and no wire is free: ${name}`, async () => {
        const circuit = await compileTemplate("conv2d.circom", name, ["in", "weights", "bias"]);
        const taps = channels * kernel * kernel;
        for (let run = 0; run < RUNS; run++) {
          const most = run % 2 === 0 ? 2 ** 20 : 1;
          const input = {
            in: factors(channels * height * width, most),
            weights: factors(filters * taps, most),
            bias: factors(filters, most),
          };
          const expected = conv2d(sizes, input.weights, input.bias, input.in);
          expect(expected).to.have.length(count);
          expect(await outputs(circuit, input, count)).to.deep.equal(expected);
          if (run !== 0) continue;
          const constraints = await expectNothingFree(circuit, input);
          expect(constraints.count).to.equal(count * taps);
        }
      });
    }
  });

  describe("range checks", () => {
    it("take every number of the range and its bits, and no other", async () => {
      for (const [template, offset] of [
        ["UnsignedBits(1, 3)", 0],
        ["SignedBits(1, 3)", 4],
      ] as const) {
        const circuit = await compileTemplate("range.circom", template, ["in"]);
        for (const x of [-1n, 8n, 9n, FIELD >> 1n, 1n << 252n]) {
          await expectRefusal(circuit, { in: [x - BigInt(offset)] }, `${x}`);
        }
        await expectNothingFree(circuit, { in: [5 - offset] });
        const range = Array.from({ length: 8 }, (_, code) => code - offset);
        const decomposition = (pattern: number) => bitsOf("out", 3, pattern);
        await expectOneDecomposition(
          circuit,
          3,
          range,
          decomposition,
          (x) => x + offset,
          (x) => ({ in: [x] }),
        );
      }
    });

    it("take the widest numbers that have one decomposition, and cannot be compiled for wider ones", async () => {
      const circuit = await compileTemplate("range.circom", "UnsignedBits(1, 252)", ["in"]);
      const greatest = (1n << 252n) - 1n;
      expect(await outputs(circuit, { in: [greatest] }, 252)).to.deep.equal(constant(252, 1));
      await expectRefusal(circuit, { in: [greatest + 1n] });
      for (const template of ["UnsignedBits(1, 253)", "SignedBits(1, 253)", "SignedBits(1, 0)"]) {
        const error = await compileTemplate("range.circom", template, ["in"]).catch((reason: unknown) => reason);
        expect(String(error), template).to.contain("circom cannot compile");
      }
    });

    it("would have two decompositions of one number with 254 bits, which the constraints here show", async () => {
      const circuit = await compileTemplate("range.circom", "Num2Bits(254)", ["in"]);
      const constraints = await Constraints.read(circuit);
      const witness = await witnessOf(circuit, { in: 5n });
      const alias = Object.fromEntries(
        Array.from({ length: 254 }, (_, i) => [`out[${i}]`, ((5n + FIELD) >> BigInt(i)) & 1n]),
      );
      const forged = constraints.changed(witness, alias);
      expect(forged).to.not.deep.equal(witness);
      expect(constraints.hold(forged)).to.equal(true);
      expect(constraints.open((wire) => wire === "in")).to.not.deep.equal([]);
    });
  });

  describe("ReLU and requantisation", () => {
    const templates = [
      ["relu.circom", "Relu", relu, 18, 0],
      ["requantise.circom", "Requantise", (x: number[]) => requantise(7, x), 18, 7],
      ["requantise.circom", "RequantiseRelu", (x: number[]) => relu(requantise(7, x)), 18, 7],
    ] as const;
    const more = [
      ["relu.circom", "Relu", relu, 4, 0],
      ["requantise.circom", "Requantise", (x: number[]) => requantise(2, x), 4, 2],
      ["requantise.circom", "Requantise", (x: number[]) => requantise(0, x), 4, 0],
      ["requantise.circom", "RequantiseRelu", (x: number[]) => requantise(2, relu(x)), 4, 2],
      ["requantise.circom", "RequantiseRelu", (x: number[]) => relu(requantise(3, x)), 4, 3],
    ] as const;
    for (const [file, template, plain, bits, shift] of [...templates, ...(process.env.OPG_DEEP ? more : [])]) {
      const parameters = template === "Relu" ? `${LANES}, ${bits}` : `${LANES}, ${bits}, ${shift}`;
      const bound = 2 ** (bits - 1);

      it(`agree with the plain layer, refuse what is out of range, and leave no wire free: ${template}(${parameters})`, async () => {
        const circuit = await compileTemplate(file, `${template}(${parameters})`, ["in"]);
        const edges = [-bound, 1 - bound, -(2 ** shift), -1, 0, 1, 2 ** shift, bound - 2, bound - 1];
        const inputs = Array.from({ length: RUNS }, () => integers(LANES, -bound, bound - 1));
        inputs.push(Array.from({ length: LANES }, (_, i) => Math.min(edges[i % edges.length] ?? 0, bound - 1)));
        for (const x of inputs) expect(await outputs(circuit, { in: x }, LANES)).to.deep.equal(plain(x));
        for (const x of [bound, -bound - 1, 2 * bound, 2 ** 40]) {
          await expectRefusal(circuit, { in: constant(LANES, 0).with(1, x) }, `${x}`);
        }
        await expectNothingFree(circuit, { in: inputs.at(-1) ?? [] });
      });
    }

    it("have one decomposition: no other sign, no other quotient", async () => {
      const range = Array.from({ length: 8 }, (_, i) => i - 4);
      for (const [file, template, out] of [
        ["relu.circom", "Relu(1, 3)", (pattern: number, x: number) => (pattern >> 2) * x],
        ["requantise.circom", "Requantise(1, 3, 1)", (pattern: number) => (pattern >> 1) - 2],
        ["requantise.circom", "RequantiseRelu(1, 3, 1)", (pattern: number) => (pattern >> 2) * ((pattern >> 1) & 1)],
      ] as const) {
        const circuit = await compileTemplate(file, template, ["in"]);
        const decomposition = (pattern: number, x: number) => ({
          ...bitsOf("inBits", 3, pattern),
          "out[0]": BigInt(out(pattern, x)),
        });
        await expectOneDecomposition(
          circuit,
          3,
          range,
          decomposition,
          (x) => x + 4,
          (x) => ({ in: [x] }),
        );
      }
    });

    it("refuse a bit that is none: a quotient one less with a remainder one divisor more, a sign that takes from the rest", async () => {
      const requantised = await compileTemplate("requantise.circom", "Requantise(1, 8, 3)", ["in"]);
      const constraints = await Constraints.read(requantised);
      const witness = await witnessOf(requantised, { in: [37] }); // 165 = 0b10100101: quotient 20 - 16, remainder 5
      const lessQuotient = { ...bitsOf("inBits", 8, 0b10011101), "inBits[0]": 9n, "out[0]": 3n };
      expect(constraints.hold(constraints.changed(witness, lessQuotient))).to.equal(false);
      const sameRemainder = { ...bitsOf("inBits", 8, 0b10011101), "out[0]": 3n };
      expect(constraints.hold(constraints.changed(witness, sameRemainder))).to.equal(false);

      const rectified = await compileTemplate("relu.circom", "Relu(1, 8)", ["in"]);
      const signs = await Constraints.read(rectified);
      const negative = await witnessOf(rectified, { in: [-5] }); // 123
      for (const low of [-5n, 123n - 128n - 2n]) {
        const flipped = {
          ...bitsOf("inBits", 8, 0b10000000),
          "inBits[0]": low,
          "inBits[1]": low === -5n ? 0n : 1n,
          "out[0]": -5n,
        };
        expect(signs.hold(signs.changed(negative, flipped))).to.equal(false);
      }
    });
  });

  describe("average pooling", () => {
    for (const [sizes, bits] of [
      [{ channels: 1, height: 2, width: 2, size: 2 }, 8],
      [{ channels: 2, height: 5, width: 7, size: 2 }, 4],
      [{ channels: 1, height: 4, width: 8, size: 4 }, 7],
      [{ channels: 3, height: 2, width: 1, size: 1 }, 5],
    ] as const) {
      const { channels, height, width, size } = sizes;
      const name = `AveragePool2d(${[channels, height, width, size, bits].join(", ")})`;
      const count = channels * Math.floor(height / size) * Math.floor(width / size);

      it(`agrees with the plain layer: ${name}`, async () => {
        const circuit = await compileTemplate("pool.circom", name, ["in"]);
        const length = channels * height * width;
        const most = 2 ** bits - 1;
        const inputs = Array.from({ length: RUNS }, () => integers(length, 0, most));
        for (const x of [...inputs, constant(length, most), constant(length, 0)]) {
          expect(await outputs(circuit, { in: x }, count)).to.deep.equal(averagePool2d(sizes, x));
        }
        // A window whose sum no inputs of these bits have.
        await expectRefusal(circuit, { in: constant(length, 0).with(0, -1) });
        await expectRefusal(circuit, { in: constant(length, 0).with(0, 2 ** bits * size * size) });
        await expectNothingFree(circuit, { in: inputs[0] ?? [] });
      });
    }

    it("has one decomposition of every window, and one mean", async () => {
      const circuit = await compileTemplate("pool.circom", "AveragePool2d(1, 2, 2, 2, 2)", ["in"]);
      const sums = Array.from({ length: 13 }, (_, i) => i);
      const input = (sum: number) => ({ in: [3, 6, 9, 12].map((upTo) => Math.max(0, Math.min(3, sum - upTo + 3))) });
      const decomposition = (pattern: number) => ({
        ...bitsOf("sum[0].out", 4, pattern),
        ...bitsOf("sum[0].decomposed[0].out", 4, pattern),
        "out[0]": BigInt(pattern >> 2),
      });
      await expectOneDecomposition(circuit, 4, sums, decomposition, (sum) => sum, input);
    });

    it("cannot be compiled for windows whose size is no power of two", async () => {
      const error = await compileTemplate("pool.circom", "AveragePool2d(1, 3, 3, 3, 4)", ["in"]).catch(String);
      expect(error).to.contain("circom cannot compile");
    });
  });

  describe("argmax", () => {
    const BITS = 6;
    const COUNT = 4;
    let circuit: CompiledCircuit;
    before(async () => {
      circuit = await compileTemplate("argmax.circom", `ArgMax(${COUNT}, ${BITS})`, ["in"]);
    });

    it("finds the greatest, of equal ones the lowest, and leaves no wire free", async () => {
      const inputs = Array.from({ length: 10 * RUNS }, (_, run) => integers(COUNT, 0, run % 2 === 0 ? 63 : 2));
      for (const x of [
        ...inputs,
        [5, 5, 5, 5],
        [-32, 31, 31, -32],
        [-63, -63, -64, 0],
        [2 ** 50, 2 ** 50 + 63, 2 ** 50 + 63, 2 ** 50],
      ]) {
        expect(await outputs(circuit, { in: x }, 1)).to.deep.equal([argMax(x)]);
      }
      await expectNothingFree(circuit, { in: [7, -20, 13, 13] });
      expect((await Constraints.read(circuit)).count).to.be.at.most((COUNT - 1) * (BITS + 4));
    });

    it("refuses values that are further apart than it compares", async () => {
      await expectRefusal(circuit, { in: [0, 65, 0, 0] });
      await expectRefusal(circuit, { in: [65, 0, 0, 0] });
    });

    it("takes no other index, whatever leads are claimed on the way to it", async () => {
      const constraints = await Constraints.read(circuit);
      for (const values of [
        ...Array.from({ length: 3 * RUNS }, () => integers(COUNT, -3, 3)),
        [1, 1, 1, 1],
        [0, 1, 2, 3],
      ]) {
        const witness = await witnessOf(circuit, { in: values });
        const accepted = new Set<string>();
        for (let leads = 0; leads < 2 ** (COUNT - 1); leads++) {
          let [best, index] = [values[0] ?? 0, 0];
          const forged: Record<string, bigint> = {};
          for (let i = 1; i < COUNT; i++) {
            const lead = (leads >> (i - 1)) & 1;
            const value = values[i] ?? 0;
            // The bits that say so, with a rest that is as near as bits can be to the difference.
            const rest = (value - best - 1 + 2 ** BITS) % 2 ** BITS;
            Object.assign(forged, bitsOf(`ahead[${i}].out`, BITS + 1, rest + lead * 2 ** BITS));
            Object.assign(forged, bitsOf(`ahead[${i}].decomposed[0].out`, BITS + 1, rest + lead * 2 ** BITS));
            if (lead === 1) [best, index] = [value, i];
            forged[`best[${i}]`] = BigInt(best);
            forged[`index[${i}]`] = BigInt(index);
          }
          forged.out = BigInt(index);
          if (constraints.hold(constraints.changed(witness, forged))) accepted.add(forged.out.toString());
        }
        expect([...accepted], values.join()).to.deep.equal([argMax(values).toString()]);
      }
    });
  });

  describe("commitments", () => {
    // Compiling them takes seconds each; the models' circuits chain 20 words and more.
    it("chain Poseidon over any number of words as the plain one does", async () => {
      for (const words of process.env.OPG_DEEP ? [1, 2, 15, 16, 17, 31, 32, 46, 47] : [2]) {
        const circuit = await compileTemplate("commitment.circom", `PoseidonChain(${words})`, ["in"]);
        const values = Array.from({ length: words }, (_, i) => (BigInt(i) ** 90n + FIELD - 1n) % FIELD);
        const witness = await witnessOf(circuit, { in: values });
        expect(witness[1]).to.equal(poseidonChain(values));
      }
    });

    it("pack bits into words so that one bit changes the commitment, and rely on their being bits", async () => {
      const circuit = await compileTemplate("commitment.circom", "BitsCommitment(300)", ["in"]);
      const bits = integers(300, 0, 1);
      const word = (from: number, to: number) =>
        bits.slice(from, to).reduce((sum, bit, i) => sum + (BigInt(bit) << BigInt(i)), 0n);
      const commit = async (values: readonly number[]) => (await witnessOf(circuit, { in: values }))[1];
      expect(await commit(bits)).to.equal(poseidonChain([word(0, 252), word(252, 300)]));
      for (const i of [0, 251, 252, 299]) {
        expect(await commit(bits.with(i, 1 - (bits[i] ?? 0)))).to.not.equal(await commit(bits));
      }
      // Why every input has to come from a range check.
      expect(await commit(bits.with(0, 2).with(1, 0))).to.equal(await commit(bits.with(0, 0).with(1, 1)));
    });

    for (const [count, bits] of [
      [70, 4],
      [3, 100],
    ] as const) {
      it(`commit to an input as the plain one does, and to no two inputs alike: InputCommitment(${count}, ${bits})`, async () => {
        const circuit = await compileTemplate("commitment.circom", `InputCommitment(${count}, ${bits})`, [
          "in",
          "salt",
        ]);
        const input = integers(count, 0, 15);
        const salt = FIELD - 5n;
        const witness = await witnessOf(circuit, { in: input, salt });
        expect(witness[1]).to.equal(BigInt(commitNumbers(bits, input, salt)));
        await expectRefusal(circuit, { in: input.map(BigInt).with(1, 1n << BigInt(bits)), salt });
        await expectRefusal(circuit, { in: input.map(BigInt).with(0, -1n), salt });
        const constraints = await Constraints.read(circuit);
        // The same words from other numbers: more than fits in the first, one less in the second.
        const [first = 0, second = 0] = input;
        const moved = { "in[0]": BigInt(first) + (1n << BigInt(bits)), "in[1]": BigInt(second) - 1n };
        expect(constraints.hold(constraints.changed(witness, moved))).to.equal(false);
        await expectNothingFree(circuit, { in: input, salt });
      });
    }
  });
});
