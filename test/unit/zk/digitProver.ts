import { expect } from "chai";
import { groth16 } from "snarkjs";
import { withCurve } from "../../../circuits/src/curve.ts";
import { DigitProver } from "../../../circuits/src/DigitProver.ts";
import { loadDigits } from "../../../circuits/src/digits.ts";
import { proofBytes } from "../../../circuits/src/key.ts";
import { commitInput, commitOutput, FIELD, infer } from "../../../circuits/src/model.ts";

describe("DigitProver", () => {
  const pixels = Array.from({ length: 64 }, (_, i) => i % 16);
  const claimHash = `0x${"ab".repeat(32)}` as const;
  let prover: DigitProver;

  before(async function () {
    this.timeout(240_000);
    await loadDigits();
  });
  beforeEach(() => {
    prover = new DigitProver();
  });
  afterEach(() => prover.close());

  it("proves in another process what snarkjs accepts here", async () => {
    const { vkey, weights, weightsCommitment } = await loadDigits();
    const bytes = await prover.prove({ claimHash, pixels, salt: 5n });
    const word = (i: number) => BigInt(`0x${bytes.slice(2 + 64 * i, 66 + 64 * i)}`).toString();
    const proof = {
      pi_a: [word(0), word(1), "1"],
      pi_b: [
        [word(3), word(2)],
        [word(5), word(4)],
        ["1", "0"],
      ],
      pi_c: [word(6), word(7), "1"],
      protocol: "groth16",
      curve: "bn128",
    };
    expect(proofBytes(proof)).to.equal(bytes);
    const signals = [
      BigInt(claimHash) % FIELD,
      BigInt(weightsCommitment),
      BigInt(commitInput(pixels, 5n)),
      BigInt(commitOutput(infer(weights, pixels).digit)),
    ];
    const verify = (publicSignals: bigint[]) => withCurve(() => groth16.verify(vkey, publicSignals.map(String), proof));
    expect(await verify(signals)).to.equal(true);
    expect(await verify(signals.with(0, 1n))).to.equal(false);
  });

  it("says why there is no proof, and goes on proving", async () => {
    const [refused, proven] = await Promise.allSettled([
      prover.prove({ claimHash, pixels: pixels.with(3, 16), salt: 5n }),
      prover.prove({ claimHash, pixels, salt: 6n }),
    ]);
    expect(refused)
      .to.have.property("reason")
      .with.property("message", "pixel 3 is 16: it must be an integer from 0 to 15");
    expect(proven.status).to.equal("fulfilled");
  });

  it("tells whoever waits that it was closed, and starts again when it is asked again", async () => {
    const waiting = prover.prove({ claimHash, pixels, salt: 5n });
    prover.close();
    expect(await waiting.catch((error: Error) => error.message)).to.equal("the prover ended (SIGTERM)");
    expect(await prover.prove({ claimHash, pixels, salt: 5n })).to.have.length(514);
  });
});
