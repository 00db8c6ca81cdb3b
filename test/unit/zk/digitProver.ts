import { join } from "node:path";
import { expect } from "chai";
import { type Groth16VerificationKey, groth16, zKey } from "snarkjs";
import { withCurve } from "../../../circuits/src/curve.ts";
import { DigitProver } from "../../../circuits/src/DigitProver.ts";
import { loadDigits } from "../../../circuits/src/digits.ts";
import { proofBytes } from "../../../circuits/src/key.ts";
import { commitInput, commitOutput, FIELD, infer } from "../../../circuits/src/model.ts";
import { verifyingKeyOf } from "../../../circuits/src/provable.ts";
import { temporaryDirectory } from "../../support/sdk.ts";

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

  /** Whether snarkjs takes a proof of {@link pixels}, salted with 5, under a key: of the claim, and of another. */
  const verified = async (bytes: string, vkey: Groth16VerificationKey) => {
    const { weights, weightsCommitment } = await loadDigits();
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
    return [await verify(signals), await verify(signals.with(0, 1n))];
  };

  it("proves in another process what snarkjs accepts here", async () => {
    const bytes = await prover.prove({ claimHash, pixels, salt: 5n });
    expect(await verified(bytes, (await loadDigits()).vkey)).to.deep.equal([true, false]);
  });

  it("proves under a ceremony's key where one is named, and not under the development setup's", async function () {
    this.timeout(240_000);
    const { circuit, vkey } = await loadDigits();
    const directory = temporaryDirectory();
    try {
      const zkey = join(directory.path, "other.zkey");
      await withCurve(() => zKey.contribute(circuit.zkey, zkey, "somebody", "some entropy"));
      const other = new DigitProver("digits", zkey);
      const bytes = await other.prove({ claimHash, pixels, salt: 5n });
      other.close();
      expect(await verified(bytes, await verifyingKeyOf(zkey))).to.deep.equal([true, false]);
      expect(await verified(bytes, vkey)).to.deep.equal([false, false]);
    } finally {
      directory.remove();
    }
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
