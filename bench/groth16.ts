import { type BaseContract, ContractFactory, id } from "ethers";
import { network } from "hardhat";
import { digitImages } from "../circuits/src/dataset.ts";
import { type Digits, loadDigits, proveDigit } from "../circuits/src/digits.ts";
import { FIELD, infer } from "../circuits/src/model.ts";
import { forgeProofs } from "../test/support/forge.ts";
import { snarkjsVerifier } from "../test/support/snarkjsVerifier.ts";
import type { Groth16Verifier } from "../types/ethers-contracts/index.ts";
import { withFixedBlinding } from "./fixedBlinding.ts";

/**
 * Gas of a transaction that verifies one proof of the digit circuit (four public signals; base fee and calldata included).
 *
 * - `groth16.verify`: our contract, the key registered.
 * - `groth16.snarkjs`: the contract that snarkjs generates for this circuit, compiled with the same settings.
 * - `groth16.batchMarginal`: one more proof in a batch, calldata included: an eighth of what 16 cost more than 8.
 *
 * The proof is of a 7: among the digits it costs our contract the most.
 */
export async function measureGroth16(): Promise<Record<string, number>> {
  const digits = await loadDigits((line) => console.error(line));
  const pixels = digitImages().heldOut.find((image) => infer(digits.weights, image.pixels).digit === 7)?.pixels ?? [];
  const { proof, publicSignals } = await withFixedBlinding(() =>
    proveDigit(digits, { claimHash: id("claim") as `0x${string}`, pixels, salt: 1n }),
  );

  const { ethers } = await network.create();
  const ours = await ethers.deployContract("Groth16Verifier");
  await ours.registerKey(digits.keyBytes);
  const { abi, bytecode } = await snarkjsVerifier(digits.circuit.zkey);
  const [deployer] = await ethers.getSigners();
  const theirs = await new ContractFactory(abi, bytecode, deployer).deploy();

  const [ax, ay, bx1, bx0, by1, by0, cx, cy] =
    proof
      .slice(2)
      .match(/.{64}/g)
      ?.map((word) => BigInt(`0x${word}`)) ?? [];
  const points = [
    [ax, ay],
    [
      [bx1, bx0],
      [by1, by0],
    ],
    [cx, cy],
  ];
  return {
    "groth16.verify": await gasOf(ours, [digits.keyId, publicSignals, proof]),
    "groth16.snarkjs": await gasOf(theirs, [...points, publicSignals]),
    "groth16.batchMarginal": Math.round(
      ((await gasOfBatch(ours, digits, 16)) - (await gasOfBatch(ours, digits, 8))) / 8,
    ),
  };
}

/** Gas of a transaction to `verifyBatch`, of forged proofs: they cost what others cost, and take no time to make. */
async function gasOfBatch(verifier: Groth16Verifier, digits: Digits, size: number): Promise<number> {
  const signals = Array.from({ length: size }, (_, i) => [
    BigInt(id(`claim ${i}`)) % FIELD,
    BigInt(digits.weightsCommitment),
    BigInt(id(`input ${i}`)) % FIELD,
    BigInt(i % 10),
  ]);
  const values = [digits.keyId, signals, await forgeProofs(digits, signals)] as const;
  if ((await verifier.verifyBatch.staticCall(...values)).length > 0) throw new Error("bench: a valid proof is refused");
  return Number((await (await verifier.verifyBatch(...values)).wait())?.gasUsed);
}

/** Gas of a transaction to `verifyProof`, which must return true. */
async function gasOf(verifier: BaseContract, values: unknown[]): Promise<number> {
  const verify = verifier.getFunction("verifyProof");
  if (!(await verify.staticCall(...values))) throw new Error("bench: a valid proof is refused");
  return Number((await (await verify.send(...values)).wait())?.gasUsed);
}
