import { fileURLToPath } from "node:url";
import { ContractFactory, type InterfaceAbi, id } from "ethers";
import { commitNumbers, commitParameters } from "../../circuits/src/commitment.ts";
import { FIELD, type Hex, toBytes32 } from "../../circuits/src/field.ts";
import { buildPlonkCircuit, encodePlonkParameters, type PlonkCircuit, provePlonk } from "../../circuits/src/plonk.ts";
import type { Proof } from "../../circuits/src/prove.ts";
import { ethers } from "./fixtures.ts";
import { snarkjsVerifier } from "./snarkjsVerifier.ts";

const SOURCE = fileURLToPath(new URL("./circuits/plonkModel.circom", import.meta.url));
const SHAPE = [
  { name: "weights", length: 8, bits: 4 },
  { name: "bias", length: 2, bits: 4 },
] as const;
const WEIGHTS = { weights: [1, -2, 3, -4, -8, 7, 0, 2], bias: [-1, 5] };
const SALT = 987_654_321n;

/** What the model of test/support/circuits/plonkModel.circom is asked, and answers. */
export interface PlonkQuestion {
  readonly features: readonly number[];
  readonly inputHash: Hex;
  readonly outputHash: Hex;
}

async function make() {
  const circuit = await buildPlonkCircuit(SOURCE, 13, console.error);
  return { circuit, ...(await snarkjsVerifier(circuit.zkey)) };
}

/** What takes long, once for all test files: circuit and contract, and the proof of {@link PlonkModel.proven}. */
let made: ReturnType<typeof make> | undefined;
let proven: Promise<Proof> | undefined;

/** The model, its circuit and the contract that snarkjs generates for it. */
export class PlonkModel {
  readonly weightsCommitment: Hex = commitParameters(SHAPE, WEIGHTS);
  readonly circuit: PlonkCircuit;
  /** The generated contract, and the hash of its code. */
  readonly verifier: string;
  readonly codeHash: string;
  readonly abi: InterfaceAbi;

  private constructor(circuit: PlonkCircuit, verifier: string, codeHash: string, abi: InterfaceAbi) {
    this.circuit = circuit;
    this.verifier = verifier;
    this.codeHash = codeHash;
    this.abi = abi;
  }

  static async deploy(): Promise<PlonkModel> {
    made ??= make();
    const { circuit, abi, bytecode } = await made;
    const [deployer] = await ethers.getSigners();
    const verifier = await (await new ContractFactory(abi, bytecode, deployer).deploy()).getAddress();
    return new PlonkModel(circuit, verifier, ethers.keccak256(await ethers.provider.getCode(verifier)), abi);
  }

  get parameters(): Hex {
    return encodePlonkParameters({ ...this, units: 1n });
  }

  /** The class that fits the features better, and the commitments. */
  question(features: readonly number[]): PlonkQuestion {
    const score = (row: number) =>
      features.reduce((sum, feature, i) => sum + feature * (WEIGHTS.weights[4 * row + i] ?? 0), WEIGHTS.bias[row] ?? 0);
    const outputHash = toBytes32(score(1) > score(0) ? 1n : 0n);
    return { features, inputHash: commitNumbers(4, features, SALT), outputHash };
  }

  /** A real proof of the answer, for a claim. */
  prove({ features, inputHash, outputHash }: PlonkQuestion, claimHash: string): Promise<Proof> {
    return provePlonk(this.circuit, {
      claimHash: BigInt(claimHash) % FIELD,
      weightsCommitment: BigInt(this.weightsCommitment),
      inputHash: BigInt(inputHash),
      outputHash: BigInt(outputHash),
      features,
      salt: SALT,
      ...WEIGHTS,
    });
  }

  /** A claim that stands nowhere, with its proof. */
  async proven() {
    const question = this.question([15, 0, 7, 3]);
    const { inputHash, outputHash } = question;
    const [requestId, modelId, nodeId, claimHash] = ["request", "model", "node", "claim"].map((name) => id(name)) as [
      string,
      string,
      string,
      string,
    ];
    proven ??= this.prove(question, claimHash);
    const claim = { requestId, modelId, nodeId, inputHash, outputHash, units: 1n };
    return { claim, claimHash, ...(await proven) };
  }
}
