import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { plonk, powersOfTau, zKey } from "snarkjs";
import { withCurve } from "../../../circuits/src/curve.ts";
import { developmentPtau, developmentZkey } from "../../../circuits/src/developmentKey.ts";
import { buildCircuit, type CompiledCircuit, compileCircuit } from "../../../circuits/src/setup.ts";
import { smallCircuit } from "../../support/groth16.ts";

const BEACON = "0123456789abcdef".repeat(4);
const CACHE = fileURLToPath(new URL("../../../build/circuits/", import.meta.url));

describe("Development setup", function () {
  this.timeout(600_000);

  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "opg-setup-"));
  });
  after(async () => {
    await rm(directory, { recursive: true });
    for (const name of await readdir(CACHE)) {
      if (name.startsWith("setupTest")) await rm(join(CACHE, name), { recursive: true });
    }
  });

  const inMemory = (data: Uint8Array = new Uint8Array()) => ({ type: "mem" as const, data });

  /** Compares with snarkjs, whose powers of tau go up to 2^power, on a circuit. */
  async function expectSnarkjsBytes(circuit: CompiledCircuit, power: number): Promise<void> {
    const r1cs = inMemory(await readFile(circuit.r1cs));
    await withCurve(async (curve) => {
      const [fresh, contributed, prepared] = [inMemory(), inMemory(), inMemory()];
      await powersOfTau.newAccumulator(curve, power, fresh);
      await powersOfTau.beacon(fresh, contributed, "development", BEACON, 10);
      await powersOfTau.preparePhase2(contributed, prepared);
      const [expected, final] = [inMemory(), inMemory()];
      await zKey.newZKey(r1cs, prepared, expected);

      const made = await developmentZkey(r1cs.data, BEACON);
      expect(Buffer.compare(made, expected.data)).to.equal(0);
      await zKey.beacon(inMemory(made), final, "development", BEACON, 10);
      expect(await zKey.verifyFromR1cs(r1cs, prepared, final)).to.equal(true);
    });
  }

  const deep = process.env.OPG_DEEP !== undefined;
  for (const [count, power] of [[0, 1] as const, [1, 2] as const, ...(deep ? [[400, 10] as const] : [])]) {
    it(`makes the bytes that snarkjs makes, and that it verifies, for ${count} public signals`, async () => {
      await expectSnarkjsBytes(await smallCircuit(count), power);
    });
  }

  // Of so many powers of tau snarkjs takes a quarter of an hour and more.
  (deep ? it : it.skip)("makes them for more rows than snarkjs hashes at once, too", async function () {
    this.timeout(3_600_000);
    const source = join(directory, "setupTestSquares.circom");
    await writeFile(
      source,
      `pragma circom 2.1.6;

template Squares(n) {
    signal input in;
    signal output out[n];
    out[0] <== in * in;
    for (var i = 1; i < n; i++) {
        out[i] <== out[i - 1] * out[i - 1];
    }
}

component main = Squares(9000);
`,
    );
    // 9,000 constraints and as many rows for the public signals, of 2^15.
    await expectSnarkjsBytes(await compileCircuit(source), 16);
  });

  it("makes powers of tau from which snarkjs makes the PLONK key that it makes from its own", async () => {
    const { r1cs } = await smallCircuit(1);
    await withCurve(async (curve) => {
      const [fresh, contributed, prepared] = [inMemory(), inMemory(), inMemory()];
      await powersOfTau.newAccumulator(curve, 4, fresh);
      await powersOfTau.beacon(fresh, contributed, "development", BEACON, 10);
      await powersOfTau.preparePhase2(contributed, prepared);
      const [expected, made] = [inMemory(), inMemory()];
      await plonk.setup(r1cs, prepared, expected);
      await plonk.setup(r1cs, inMemory(await developmentPtau(4, BEACON)), made);
      expect(expected.data.length).to.be.greaterThan(10_000);
      expect(Buffer.compare(made.data, expected.data)).to.equal(0);
    });
  });

  it("refuses more constraints than it can set up as snarkjs does", async () => {
    const error = await developmentZkey(emptyConstraints(2 ** 15), BEACON).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RangeError);
    expect(String(error)).to.contain("2^16 constraints are too many for this setup: at most 2^15");
  });

  it("makes the same keys again, and tells what it does", async () => {
    const first = await smallCircuit(1);
    const source = join(directory, "setupTest.circom");
    await copyFile(fileURLToPath(new URL("../../support/circuits/publicSignals1.circom", import.meta.url)), source);
    const lines: string[] = [];
    const second = await buildCircuit(source, (line) => lines.push(line));
    expect(second.vkey).to.deep.equal(first.vkey);
    expect(second.ceremony).to.deep.equal(first.ceremony);
    expect(lines).to.deep.equal(["setupTest: compiling", "setupTest: setup, phase 1", "setupTest: setup, phase 2"]);

    const again: string[] = [];
    await buildCircuit(source, (line) => again.push(line));
    expect(again).to.deep.equal([]);
  });

  it("throws the compiler's words on a circuit that does not compile, and leaves nothing behind", async () => {
    const source = join(directory, "setupTestBroken.circom");
    await writeFile(source, "pragma circom 2.1.6;\n\ntemplate Broken() { signal input x; x === ; }\n");
    const error = await buildCircuit(source).catch((reason: unknown) => reason);
    expect(String(error)).to.contain(`circom cannot compile ${source}`).and.to.contain("error");
    expect((await readdir(CACHE)).filter((name) => name.includes("setupTestBroken"))).to.deep.equal([]);
  });
});

/** An .r1cs file of constraints 0 · 0 = 0. */
function emptyConstraints(count: number): Uint8Array {
  const header = Buffer.alloc(64); // field size, prime, wires, outputs, public and private inputs, labels, constraints
  header.writeUInt32LE(count, header.length - 4);
  const section = (type: number, content: Uint8Array) => {
    const prefix = Buffer.alloc(12);
    prefix.writeUInt32LE(type);
    prefix.writeBigUInt64LE(BigInt(content.length), 4);
    return Buffer.concat([prefix, content]);
  };
  const start = Buffer.from("r1cs\x01\0\0\0\x02\0\0\0", "latin1");
  return Buffer.concat([start, section(1, header), section(2, new Uint8Array(12 * count))]);
}
