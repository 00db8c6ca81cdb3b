import { expect } from "chai";
import { concat, Interface, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { groth16SettlerAbi, settlementAbi } from "../../sdk/src/generated/abis.ts";
import type { Terms } from "../../sdk/src/types.ts";
import { proofsIn } from "../../sdk/src/verify/calls.ts";

/**
 * Whoever settles writes the calldata, and an indexer or an auditor looks for proofs in it whenever somebody asks. Calldata
 * that takes long to look through would stop an indexer for little gas.
 */
describe("Calldata that is made to be costly to look through", () => {
  const settler = new Interface(groth16SettlerAbi);
  const settlement = new Interface(settlementAbi);
  const terms: Terms = {
    requester: ZeroAddress,
    nonce: 1n,
    deadline: 1n,
    maxFee: 1n,
    verificationFee: 1n,
    compensationBps: 1,
    rewardBps: 1,
    proofBlocks: 1,
    inputHash: ZeroHash,
    mode: 0,
    consumer: ZeroAddress,
    offer: {
      nodeId: ZeroHash,
      modelId: ZeroHash,
      route: 0,
      routeVersion: 1,
      token: ZeroAddress,
      pricePerRequest: 1n,
      pricePerUnit: 1n,
      coverage: 1n,
      deliveryWindow: 1,
      proofWindow: 1,
    },
  };
  const row = { terms, outputHash: ZeroHash, units: 1n, proof: `0x${"5a".repeat(4_096)}` };
  const word = (value: number) => toBeHex(value, 32);

  it("rows that are all the same bytes are not read over and over", () => {
    const honest = settler.encodeFunctionData("settleMany", [ZeroHash, [row]]);
    expect(proofsIn(honest)).to.have.lengthOf(1);
    // selector, keyId, offset of the rows, their number, the offset of each, and the row: offsets may repeat.
    const rows = 64;
    const shared = `0x${honest.slice(2 + 8 + 64 * 4)}`;
    const offsets = Array.from({ length: rows }, () => word(32 * rows));
    const bomb = concat([honest.slice(0, 10), ZeroHash, word(64), word(rows), ...offsets, shared]);
    expect(settler.decodeFunctionData("settleMany", bomb)[1]).to.have.lengthOf(rows);
    expect(proofsIn(bomb)).to.deep.equal([]);
    // What ethers allows others is as it was.
    expect(settler.decodeFunctionData("settleMany", bomb)[1]).to.have.lengthOf(rows);
  });

  it("thousands of places that look like calls are not all tried", () => {
    const call = settlement.encodeFunctionData("settle", [terms, ZeroHash, 1n, "0x5a"]);
    const decoys = (number: number) => Array.from({ length: number }, () => call.slice(0, 10));
    expect(proofsIn(concat([...decoys(20), call])).map(({ proof }) => proof)).to.deep.equal(["0x5a"]);
    expect(proofsIn(concat([...decoys(20_000), call]))).to.deep.equal([]);
  });

  it("a call is found wherever it stands, and not across two bytes", () => {
    const call = settlement.encodeFunctionData("settle", [terms, ZeroHash, 1n, "0x5a"]);
    expect(proofsIn(concat(["0x010203", call]))).to.have.lengthOf(1);
    expect(proofsIn(`0x0${call.slice(2)}0`)).to.have.lengthOf(0);
  });
});
