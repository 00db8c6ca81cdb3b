import {
  poseidon1,
  poseidon2,
  poseidon3,
  poseidon4,
  poseidon5,
  poseidon6,
  poseidon7,
  poseidon8,
  poseidon9,
  poseidon10,
  poseidon11,
  poseidon12,
  poseidon13,
  poseidon14,
  poseidon15,
  poseidon16,
} from "poseidon-lite";
import { checkSalt, type Hex, toBytes32 } from "./field.ts";

/** The commitments of `circuits/lib/commitment.circom`, computed without it. */

/** The most bits in a word: whatever they are, they are a number below the field's order. */
const WORD_BITS = 252;

/** A kind of parameters: how many there are, and of how many bits, in two's complement, each is. */
export interface ParameterShape<Name extends string = string> {
  readonly name: Name;
  readonly length: number;
  readonly bits: number;
}

/** Parameters by their name. */
export type Parameters<Shape extends readonly ParameterShape[]> = {
  readonly [Name in Shape[number]["name"]]: readonly number[];
};

/** @throws RangeError naming the parameter that a circuit would refuse. */
export function checkParameters<Shape extends readonly ParameterShape[]>(
  shape: Shape,
  parameters: Parameters<Shape>,
): void {
  for (const { name, length, bits } of shape) {
    const values = parameters[name as Shape[number]["name"]];
    const bound = 2 ** (bits - 1);
    if (values.length !== length) throw new RangeError(`${name}: ${length} numbers are needed, not ${values.length}`);
    for (const [i, value] of values.entries()) {
      if (!Number.isInteger(value) || value < -bound || value >= bound) {
        throw new RangeError(`${name}[${i}] is ${value}: it must be an integer in [${-bound}, ${bound - 1}]`);
      }
    }
  }
}

/**
 * `BitsCommitment` of parameters in offset binary, in the order of their shape, as 32 bytes. Not salted: whoever guesses
 * all parameters can check the guess.
 *
 * @throws RangeError naming the parameter that a circuit would refuse.
 */
export function commitParameters<Shape extends readonly ParameterShape[]>(
  shape: Shape,
  parameters: Parameters<Shape>,
): Hex {
  checkParameters(shape, parameters);
  let packed = 0n;
  let position = 0;
  for (const { name, bits } of shape) {
    for (const value of parameters[name as Shape[number]["name"]]) {
      packed |= BigInt(value + 2 ** (bits - 1)) << BigInt(position);
      position += bits;
    }
  }
  const words = Array.from({ length: Math.ceil(position / WORD_BITS) }, (_, i) =>
    BigInt.asUintN(WORD_BITS, packed >> BigInt(i * WORD_BITS)),
  );
  return toBytes32(poseidonChain(words));
}

/**
 * `InputCommitment` of numbers below 2^bits, as 32 bytes: Poseidon of them, spread evenly over as few words as hold them,
 * and of the salt.
 *
 * @param salt Random and below the field's order: without it, an input could be found by trying.
 * @throws RangeError unless the salt is in the field.
 */
export function commitNumbers(bits: number, numbers: readonly number[], salt: bigint): Hex {
  checkSalt(salt);
  const count = Math.ceil(numbers.length / Math.floor(WORD_BITS / bits));
  const each = Math.ceil(numbers.length / count);
  const words = Array.from({ length: count }, (_, word) =>
    numbers
      .slice(word * each, (word + 1) * each)
      .reduce((sum, number, i) => sum | (BigInt(number) << BigInt(bits * i)), 0n),
  );
  return toBytes32(poseidon([...words, salt]));
}

/** `PoseidonChain`: Poseidon of the first 16 words, then again and again of the hash so far and the next 15. */
export function poseidonChain(words: readonly bigint[]): bigint {
  let hash = poseidon(words.slice(0, 16));
  for (let at = 16; at < words.length; at += 15) hash = poseidon([hash, ...words.slice(at, at + 15)]);
  return hash;
}

/** Poseidon by the number of its words, less one. */
const POSEIDON = [
  poseidon1,
  poseidon2,
  poseidon3,
  poseidon4,
  poseidon5,
  poseidon6,
  poseidon7,
  poseidon8,
  poseidon9,
  poseidon10,
  poseidon11,
  poseidon12,
  poseidon13,
  poseidon14,
  poseidon15,
  poseidon16,
];

/** Poseidon of 1 to 16 words. */
function poseidon(words: readonly bigint[]): bigint {
  const hash = POSEIDON[words.length - 1];
  if (hash === undefined) throw new RangeError(`Poseidon takes 1 to 16 words, not ${words.length}`);
  return hash([...words]);
}
