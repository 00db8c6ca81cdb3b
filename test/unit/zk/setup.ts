import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { powersOfTau, zKey } from "snarkjs";
import { withCurve } from "../../../circuits/src/curve.ts";
import { developmentPtau } from "../../../circuits/src/ptau.ts";
import { buildCircuit } from "../../../circuits/src/setup.ts";
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

  it("makes the first phase with the bytes that snarkjs makes it with", async () => {
    const power = 5;
    const prepared = await withCurve(async (curve) => {
      const files = [0, 1, 2].map(() => ({ type: "mem" as const, data: new Uint8Array() }));
      const [fresh = "", contributed = "", prepared = ""] = files;
      await powersOfTau.newAccumulator(curve, power, fresh);
      await powersOfTau.beacon(fresh, contributed, "development", BEACON, 10);
      await powersOfTau.preparePhase2(contributed, prepared);
      return files[2]?.data ?? new Uint8Array();
    });
    expect(Buffer.compare(await developmentPtau(power, BEACON), prepared)).to.equal(0);
  });

  it("makes keys that snarkjs's own verification of a ceremony accepts", async () => {
    const { r1cs, zkey } = await smallCircuit(1);
    const ptau = (await readdir(CACHE)).find((name) => name.startsWith("development-2-")) ?? "no first phase";
    // In memory: snarkjs leaves the files that it verifies open.
    const inMemory = async (file: string) => ({ type: "mem" as const, data: await readFile(file) });
    const files = await Promise.all([r1cs, join(CACHE, ptau), zkey].map(inMemory));
    const [constraints = "", firstPhase = "", key = ""] = files;
    const valid = await withCurve(() => zKey.verifyFromR1cs(constraints, firstPhase, key));
    expect(valid).to.equal(true);
  });

  it("makes the same keys again, and tells what it does", async () => {
    const first = await smallCircuit(1);
    const source = join(directory, "setupTest.circom");
    await copyFile(fileURLToPath(new URL("../../support/circuits/publicSignals1.circom", import.meta.url)), source);
    const lines: string[] = [];
    const second = await buildCircuit(source, (line) => lines.push(line));
    expect(second.vkey).to.deep.equal(first.vkey);
    expect(second.ceremony).to.deep.equal(first.ceremony);
    expect(lines).to.deep.equal([
      "setupTest: compiling",
      "setupTest: 1 constraints; setup, phase 1 for 2^2",
      "setupTest: setup, phase 2",
    ]);

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
