import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { commitOutput } from "../../circuits/src/Classifier.ts";
import { CLASSIFIERS } from "../../circuits/src/classifiers.ts";
import { CONVNET } from "../../circuits/src/convnet.ts";
import { digitImages, rawDigits } from "../../circuits/src/dataset.ts";
import type { DigitClaim } from "../../circuits/src/provable.ts";
import { loadModel } from "../../circuits/src/provable.ts";
import { readModel } from "../../scripts/cli/models.ts";
import { classifierModel, classifierModule, classifierRuntime } from "../../scripts/models/classifier.ts";

const MODEL_ID = `0x${"ab".repeat(32)}`;
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("Classifiers for the commands", () => {
  it("are found by their names", async () => {
    for (const name of ["digits", "convnet"]) {
      const { modelId, module } = await readModel(`${name}=${MODEL_ID}`);
      expect(modelId).to.equal(MODEL_ID);
      expect(module.requester(MODEL_ID).modelId).to.equal(MODEL_ID);
    }
    const error = await readModel("convnet").catch((reason: unknown) => reason);
    expect(String(error)).to.contain('"convnet" is not a model: write digits=0x…, convnet=0x… or ./module.ts=0x…');
  });

  it("read their own pixels, or MNIST's", () => {
    const { readInput } = classifierModule(CONVNET);
    const [raw] = rawDigits().heldOut;
    const [seen] = digitImages(CONVNET.side).heldOut;
    expect(readInput(bytes(seen?.pixels))).to.deep.equal(seen?.pixels);
    expect(readInput(bytes(raw?.image))).to.deep.equal(seen?.pixels);
    for (const wrong of [{}, [1, 2, 3], new Array<number>(64).fill(0)]) {
      expect(() => readInput(bytes(wrong))).to.throw(TypeError, "a digit is a JSON array of 100 or 784 numbers");
    }
    const { encodeInput } = classifierModel(CONVNET, MODEL_ID);
    expect(() => encodeInput(new Array<number>(100).fill(16))).to.throw(RangeError, "pixel 0 is 16");
  });

  it("read the seven of circuits/digit.json as a seven, whichever of them is asked", async () => {
    const file = readFileSync(join(import.meta.dirname, "../../circuits/digit.json"));
    for (const classifier of CLASSIFIERS) {
      const { weights } = await loadModel(classifier);
      const input = classifierModule(classifier).readInput(file);
      expect(classifier.infer(weights, input).digit, classifier.name).to.equal(7);
    }
  });

  it("answer with the model's digit, and have exactly the claim's image proven", async () => {
    const { weights } = await loadModel(CONVNET);
    const claims: DigitClaim[] = [];
    const runtime = classifierRuntime(CONVNET, MODEL_ID, weights, {
      prove: async (claim) => {
        claims.push(claim);
        return "0x12";
      },
    });
    const requester = classifierModel(CONVNET, MODEL_ID);
    const { pixels = [] } = digitImages(CONVNET.side).heldOut[3] ?? {};
    const input = requester.encodeInput(pixels);
    const { digit } = CONVNET.infer(weights, pixels);
    const { output, units } = await runtime.run(input, { maxUnits: undefined });
    expect(units).to.equal(1n);
    expect(requester.decodeOutput(output)).to.equal(digit);
    const salt = `0x${"00".repeat(31)}07`;
    expect(runtime.commitOutput(output, salt)).to.equal(commitOutput(digit));
    expect(requester.commitInput(input, salt)).to.equal(CONVNET.commitInput(pixels, 7n));

    const claimHash = `0x${"c1".repeat(32)}`;
    const claim = {
      requestId: MODEL_ID,
      modelId: MODEL_ID,
      nodeId: MODEL_ID,
      inputHash: salt,
      outputHash: salt,
      units,
    };
    expect(await runtime.prove({ claim, claimHash, input, salt, output })).to.equal("0x12");
    expect(claims).to.deep.equal([{ claimHash, pixels: [...pixels], salt: 7n }]);
  });
});
