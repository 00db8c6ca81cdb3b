import { fileURLToPath } from "node:url";
import type { ModelCircuit } from "../../scripts/models/ModelModule.ts";
import { OutputCommitment } from "../../sdk/src/types.ts";
import { SCALE } from "./ceremony.ts";

/** The model of circuits/scale.circom. Its file of weights is JSON: {weight, bias}. */
const circuit: ModelCircuit = {
  source: SCALE,
  weights: fileURLToPath(new URL("./circuits/scale.weights.json", import.meta.url)),
  units: 3n,
  output: OutputCommitment.VALUE,
  sample: (file) => {
    const numbers = JSON.parse(new TextDecoder().decode(file)) as { weight: number; bias: number };
    const [weight, bias, x, salt] = [BigInt(numbers.weight), BigInt(numbers.bias), 5n, 7n];
    return {
      claimHash: 1n,
      weightsCommitment: weight ** 3n + bias,
      inputHash: x * salt + x,
      outputHash: weight * x + bias,
      ...{ x, salt, weight, bias },
    };
  },
};

export const model = { circuit };
