import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type Groth16Proof, type Groth16VerificationKey, groth16 } from "snarkjs";
import { withCurve } from "../../circuits/src/curve.ts";
import { calculateWitness } from "../../circuits/src/prove.ts";
import { verifyCircuit } from "../../scripts/circuit/verify.ts";
import { InputError } from "../../scripts/cli/InputError.ts";
import { INPUTS, smallCircuit } from "../support/groth16.ts";

/** snarkjs's three files, as JSON. */
interface Files {
  vkey: Groth16VerificationKey;
  proof: Groth16Proof;
  public: string[];
}

describe("opg circuit verify", function () {
  this.timeout(600_000);

  let directory: string;
  let made: Files;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "opg-circuit-"));
    made = await snarkjsFiles(1);
  });
  after(() => rm(directory, { recursive: true }));

  /** A proof of one of the small circuits, by snarkjs alone, which must hold it for valid. */
  async function snarkjsFiles(count: keyof typeof INPUTS): Promise<Files> {
    const circuit = await smallCircuit(count);
    const { proof, publicSignals } = await withCurve(async () => {
      const result = await groth16.prove(circuit.zkey, await calculateWitness(circuit, INPUTS[count]));
      expect(await groth16.verify(circuit.vkey, result.publicSignals, result.proof)).to.equal(true);
      return result;
    });
    return { vkey: circuit.vkey, proof, public: publicSignals };
  }

  let written = 0;
  /** Writes the files; a string is written as it stands. */
  async function write(files: Record<keyof Files, unknown>): Promise<Record<keyof Files, string>> {
    const save = async (content: unknown) => {
      const path = join(directory, `${written++}.json`);
      await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
      return path;
    };
    return { vkey: await save(files.vkey), proof: await save(files.proof), public: await save(files.public) };
  }

  const verify = async (change: Partial<Record<keyof Files, unknown>>) =>
    verifyCircuit(await write({ ...made, ...change }));

  it("agrees with snarkjs on proofs of any number of public signals", async () => {
    for (const count of [0, 1, 400] as const) {
      const files = await snarkjsFiles(count);
      const { valid, gas } = await verify(files);
      expect(valid, `${count} public signals`).to.equal(true);
      expect(gas).to.be.greaterThan(200_000);
    }
  });

  it("calls a proof of anything else invalid", async () => {
    const beyondField = (BigInt(made.public[0] ?? 0) + 2n ** 254n).toString();
    for (const change of [
      { public: ["43"] },
      { public: [beyondField] },
      { public: [] },
      { public: ["42", "42"] },
      { proof: { ...made.proof, pi_c: made.proof.pi_a } },
      { proof: { ...made.proof, pi_a: ["1", "1", "1"] } },
      { proof: { ...made.proof, pi_a: ["0", "1", "0"] } },
    ]) {
      expect((await verify(change)).valid, JSON.stringify(change)).to.equal(false);
    }
  });

  it("registers keys that no transaction of a real chain could", async () => {
    const count = 1_200;
    const vkey = { ...made.vkey, nPublic: count, IC: new Array(count + 1).fill(made.vkey.IC[0]) };
    expect((await verify({ vkey, public: new Array(count).fill("1") })).valid).to.equal(false);
  });

  it("says in one line what is wrong with input that it cannot read", async () => {
    const { vkey, proof } = made;
    const [first = [], second = []] = vkey.IC;
    const unreadable: [Partial<Record<keyof Files, unknown>>, RegExp][] = [
      [{ vkey: "not\nJSON" }, /\.json is not what it should be: .*is not valid JSON/],
      [{ vkey: "null" }, /the verification key is not an object/],
      [{ vkey: { ...vkey, protocol: "plonk" } }, /the verification key is of protocol "plonk", not "groth16"/],
      [{ vkey: { ...vkey, curve: "bls12381" } }, /the verification key is over the curve "bls12381", not "bn128"/],
      [{ vkey: { ...vkey, nPublic: undefined } }, /nPublic is not a number/],
      [{ vkey: { ...vkey, nPublic: "4294967296" } }, /nPublic is 4294967296: more than any key has/],
      [{ vkey: { ...vkey, IC: [first] } }, /IC must have nPublic \+ 1 = 2 points/],
      [{ vkey: { ...vkey, IC: [first, ["1", "1", "1"]] } }, /IC\[1\] is no valid point \(Groth16_InvalidG1\)/],
      [{ vkey: { ...vkey, IC: [["0", "1", "0"], second] } }, /IC\[0\] is no valid point \(Groth16_InvalidG1\)/],
      [{ vkey: { ...vkey, vk_alpha_1: ["1", "2", "3"] } }, /vk_alpha_1 is not in affine form/],
      [
        {
          vkey: {
            ...vkey,
            vk_gamma_2: [
              ["1", "2"],
              ["3", "4"],
              ["1", "0"],
            ],
          },
        },
        /vk_gamma_2 is no valid point \(Groth16_InvalidG2\)/,
      ],
      [{ proof: "[]" }, /the proof is of protocol undefined, not "groth16"/],
      [{ proof: { ...proof, pi_a: ["1", "2"] } }, /pi_a is not a list of 3/],
      [{ proof: { ...proof, pi_b: ["1", "2", "3"] } }, /pi_b is not a list of 2/],
      [{ proof: { ...proof, pi_c: ["-1", "2", "1"] } }, /pi_c is not a number of at most 256 bits: "-1"/],
      [{ public: { signals: [] } }, /the public signals must be an array/],
      [{ public: [1.5] }, /public signal 0 is not a number of at most 256 bits: 1.5/],
      [{ public: [`2${"0".repeat(77)}`] }, /public signal 0 is not a number of at most 256 bits/],
    ];
    for (const [change, message] of unreadable) {
      const error = await verify(change).catch((reason: unknown) => reason);
      expect(error, String(message)).to.be.instanceOf(InputError);
      expect((error as Error).message)
        .to.match(message)
        .and.not.contain("\n");
    }
    const missing = { vkey: join(directory, "nowhere.json"), proof: "", public: "" };
    const error = await verifyCircuit(missing).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("nowhere.json cannot be read: there is no such file");
  });

  it("exits with 0 for a valid proof, 1 for an invalid one and 2 for unreadable input", async () => {
    const valid = await run(await write(made));
    expect(valid).to.deep.include({ status: 0, stderr: "" });
    expect(Object.keys(JSON.parse(valid.stdout))).to.deep.equal(["valid", "gas"]);
    expect(JSON.parse(valid.stdout).valid).to.equal(true);

    const invalid = await run(await write({ ...made, public: ["43"] }));
    expect(invalid).to.deep.include({ status: 1, stderr: "" });
    expect(JSON.parse(invalid.stdout).valid).to.equal(false);

    const unreadable = await run(await write({ ...made, proof: "{" }));
    expect(unreadable).to.deep.include({ status: 2, stdout: "" });
    expect(unreadable.stderr).to.match(/^[^\n]*\.json is not what it should be: [^\n]+\n$/);

    const unused = await run({});
    expect(unused).to.deep.include({ status: 2, stdout: "" });
    expect(unused.stderr).to.equal("opg: name a ceremony, or a proof by all of --vkey, --proof and --public\n");
  });

  /** Runs the command in a process of its own. */
  function run(files: Partial<Record<keyof Files, string>>) {
    const program = fileURLToPath(new URL("../../scripts/opg.ts", import.meta.url));
    const options = Object.entries(files).flatMap(([name, path]) => [`--${name}`, path]);
    return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [program, "circuit", "verify", ...options, "--json"], (error, stdout, stderr) => {
        resolve({ status: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  }
});
