import type { Classifier } from "../../circuits/src/Classifier.ts";
import type { ParameterShape, Parameters } from "../../circuits/src/commitment.ts";
import { toBytes32 } from "../../circuits/src/field.ts";
import { circuitInput, filesOf } from "../../circuits/src/provable.ts";
import { OutputCommitment } from "../../sdk/src/types.ts";
import type { ModelCircuit } from "./ModelModule.ts";

/** How a classifier of this repository is proven. Its file of weights is JSON: an array of integers by each parameter's name. */
export function classifierCircuit<const Shape extends readonly ParameterShape[]>(
  classifier: Classifier<Shape>,
  units: bigint,
): ModelCircuit {
  const { source, weights } = filesOf(classifier);
  const blank = new Array<number>(classifier.pixels).fill(0);
  return {
    source,
    weights,
    units,
    output: OutputCommitment.VALUE,
    sample: (file) =>
      circuitInput(classifier, readWeights(classifier.shape, file), {
        claimHash: toBytes32(1n),
        pixels: blank,
        salt: 1n,
      }),
  };
}

function readWeights<const Shape extends readonly ParameterShape[]>(shape: Shape, file: Uint8Array): Parameters<Shape> {
  const numbers: unknown = JSON.parse(new TextDecoder().decode(file));
  const entries = shape.map(({ name }) => {
    const values: unknown = Object(numbers)[name];
    if (!Array.isArray(values)) throw new TypeError(`it has no array "${name}"`);
    return [name, values];
  });
  return Object.fromEntries(entries) as Parameters<Shape>;
}
