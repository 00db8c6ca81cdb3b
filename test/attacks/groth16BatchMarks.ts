import { expect } from "chai";
import { keccak256 } from "ethers";
import { encodeZkParameters } from "../../circuits/src/key.ts";
import { toBytes32 } from "../../circuits/src/model.ts";
import { loadProtocol } from "../support/fixtures.ts";
import { patched } from "../support/groth16.ts";
import { refused } from "../support/refused.ts";
import { ZkBatch } from "../support/zkBatch.ts";

/**
 * A batch remembers what it has proven, so that the settlement needs no proof of it. Were that memory to outlive the
 * transaction, or to speak of anything but the very statement under the very key, it would be a way to settle without
 * proof.
 */
describe("Attack: settling by what a batch of another transaction, statement or key has proven", () => {
  it("is remembered by no later transaction", async () => {
    const protocol = await loadProtocol();
    const batch = await ZkBatch.open(protocol);
    const { settlement } = protocol.contracts;
    const [row] = await batch.delivered(1);
    if (!row) throw new Error("no row");
    const signals = await batch.signals(row);
    expect(await batch.verifier.verifyBatch.staticCall(batch.keyId, [signals], [row.proof])).to.deep.equal([]);
    await batch.verifier.verifyBatch(batch.keyId, [signals], [row.proof]);
    const attempt = () => settlement.settle(row.terms, row.outputHash, row.units, "0x");
    const values = [await protocol.requestIdOf(row.terms), await batch.claimHash(row)];
    await refused(protocol, attempt, settlement, "Settlement_InvalidProof", values);
  });

  it("says nothing of another statement: a proof for one row settles no other", async () => {
    const protocol = await loadProtocol();
    const batch = await ZkBatch.open(protocol);
    const [row, other] = await batch.delivered(2);
    if (!row || !other) throw new Error("no rows");
    const rows = [row, { ...other, proof: row.proof }, { ...other, proof: "0x" }];
    expect(await batch.settler.settleMany.staticCall(batch.keyId, rows)).to.deep.equal([true, false, false]);
  });

  it("says nothing under another key, though its points are the same", async () => {
    const protocol = await loadProtocol();
    const batch = await ZkBatch.open(protocol);
    const [row] = await batch.delivered(1);
    if (!row) throw new Error("no row");
    const { digits } = batch.route;
    const disguised = patched(digits.keyBytes, 32, toBytes32(1n));
    await batch.verifier.registerKey(disguised);
    const keyId = keccak256(disguised);
    // The proof is good under the attacker's key, and the model names the other.
    const signals = await batch.signals(row);
    expect(await batch.verifier.badProofs(keyId, [signals], [row.proof])).to.deep.equal([]);
    expect(await batch.settler.settleMany.staticCall(keyId, [row])).to.deep.equal([false]);
    const claim = await protocol.claim(row.terms, row);
    const parameters = encodeZkParameters({ ...digits, keyId: keyId as `0x${string}`, units: 1n });
    expect(await batch.verifier.verify(claim, await batch.claimHash(row), 0, parameters, row.proof)).to.equal(true);
  });
});
