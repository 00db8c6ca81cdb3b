import { expect } from "chai";
import { AbiCoder, concat, dataSlice, getBytes, hexlify, id, keccak256, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";
import { FIELD } from "../../../circuits/src/field.ts";
import { encodeZkParameters } from "../../../circuits/src/key.ts";
import type { Groth16Verifier } from "../../../types/ethers-contracts/index.ts";
import {
  BASE_FIELD,
  CLAIM_HASH,
  G1_OFFSETS,
  G2_OFFSETS,
  OUTSIDE_SUBGROUP,
  type Proven,
  patched,
  provenByAnother,
  provenDigit,
  withWord,
  wordAt,
} from "../../support/groth16.ts";

const { ethers } = await network.create();

describe("Groth16Verifier", function () {
  this.timeout(600_000);

  let verifier: Groth16Verifier;
  let digit: Awaited<ReturnType<typeof provenDigit>>;
  let proven: Map<number, Proven>;

  before(async () => {
    verifier = await ethers.deployContract("Groth16Verifier");
    digit = await provenDigit(verifier);
    proven = new Map<number, Proven>([[4, digit]]);
    for (const count of [0, 1, 400] as const) proven.set(count, await provenByAnother(verifier, count));
  });

  const accepts = ({ keyId, publicSignals, proof }: Proven) => verifier.verifyProof(keyId, [...publicSignals], proof);

  /** A key of 400 signals takes two contracts: what would name the second, were it a key's first. */
  const secondContract = () => toBeHex(BigInt(proven.get(400)?.keyId ?? 0) + 1n, 32) as `0x${string}`;

  describe("registerKey", () => {
    /** A header of the documented form; the rest of the key is that of the digit circuit. */
    const header = (development: number, contributions: number, count: number) =>
      concat([
        ethers.toUtf8Bytes("opg.groth16.bn254.v1"),
        toBeHex(development, 1),
        toBeHex(0, 3),
        toBeHex(contributions, 4),
        toBeHex(count, 4),
      ]);

    it("keeps the key as contract code, under its Keccak-256, and tells", async () => {
      const fresh = await ethers.deployContract("Groth16Verifier");
      const { ceremony } = digit.digits;
      const keyId = keccak256(digit.keyBytes);
      await expect(fresh.registerKey(digit.keyBytes))
        .to.emit(fresh, "KeyRegistered")
        .withArgs(keyId, (pointer: string) => ethers.isAddress(pointer), 4, [
          true,
          0,
          ceremony.beacon,
          ceremony.zkeyHash,
        ]);
      const info = await fresh.keyInfo(keyId);
      expect(await ethers.provider.getCode(info.pointer)).to.equal(concat(["0x00", digit.keyBytes]));
    });

    it("leaves a registered key as it is, whoever registers it again", async () => {
      const [, stranger] = await ethers.getSigners();
      expect(await verifier.registerKey.staticCall(digit.keyBytes)).to.equal(digit.keyId);
      await expect(verifier.connect(stranger).registerKey(digit.keyBytes)).not.to.emit(verifier, "KeyRegistered");
      expect(await accepts(digit)).to.equal(true);
    });

    it("spreads a key over as many contracts as it needs", async () => {
      const many = proven.get(400);
      if (!many) throw new Error("no key of 400 signals");
      const { pointer, numPublic } = await verifier.keyInfo(many.keyId);
      expect(numPublic).to.equal(400n);
      expect(await ethers.provider.getCode(pointer)).to.equal(concat(["0x00", dataSlice(many.keyBytes, 0, 24_544)]));
      expect(await accepts(many)).to.equal(true);
    });

    it("reverts on a key of another form", async () => {
      const key = digit.keyBytes;
      const malformed = {
        "nothing at all": "0x",
        "a header alone": dataSlice(key, 0, 32),
        "a byte too few": dataSlice(key, 0, getBytes(key).length - 1),
        "a byte too many": concat([key, "0x00"]),
        "a point too few": dataSlice(key, 0, getBytes(key).length - 64),
        "another magic": patched(key, 0, "0x4f"),
        "another number of signals": patched(key, 0, header(1, 0, 5)),
        "a number of signals beyond memory": patched(key, 0, header(1, 0, 2 ** 32 - 1)),
        "a development byte that is neither 0 nor 1": patched(key, 0, header(3, 0, 4)),
        "a reserved bit": patched(key, 22, "0x80"),
      };
      for (const [what, bytes] of Object.entries(malformed)) {
        const length = getBytes(bytes).length;
        const first = length < 32 ? concat([bytes, ZeroHash]).slice(0, 66) : dataSlice(bytes, 0, 32);
        await expect(verifier.registerKey(bytes), what)
          .to.be.revertedWithCustomError(verifier, "Groth16_MalformedKey")
          .withArgs(length, first);
      }
    });

    it("reverts on a key that is no development key and names no ceremony", async () => {
      const unnamed = patched(digit.keyBytes, 0, header(0, 0, 4));
      const noFile = withWord(patched(digit.keyBytes, 0, header(0, 3, 4)), 0x40, 0n);
      const { zkeyHash } = digit.digits.ceremony;
      for (const [bytes, values] of [
        [unnamed, [0, zkeyHash]],
        [noFile, [3, ZeroHash]],
      ] as const) {
        await expect(verifier.registerKey(bytes))
          .to.be.revertedWithCustomError(verifier, "Groth16_UndeclaredCeremony")
          .withArgs(...values);
      }
    });

    it("reverts on a G1 point that is off the curve, not canonical or at infinity, wherever it stands", async () => {
      for (const offset of [...Object.values(G1_OFFSETS), G1_OFFSETS.ic1 + 3 * 64]) {
        const x = wordAt(digit.keyBytes, offset);
        const y = wordAt(digit.keyBytes, offset + 32);
        for (const bytes of [
          withWord(digit.keyBytes, offset, x ^ 1n),
          withWord(digit.keyBytes, offset + 32, y ^ 1n),
          withWord(digit.keyBytes, offset, x + BASE_FIELD),
          withWord(digit.keyBytes, offset + 32, y + BASE_FIELD),
          patched(digit.keyBytes, offset, hexlify(new Uint8Array(64))),
        ]) {
          await expect(verifier.registerKey(bytes))
            .to.be.revertedWithCustomError(verifier, "Groth16_InvalidG1")
            .withArgs(offset);
        }
      }
    });

    it("reverts on a G2 point that is off the twist or subgroup, not canonical or at infinity", async () => {
      for (const offset of Object.values(G2_OFFSETS)) {
        for (const bytes of [
          ...[0, 32, 64, 96].flatMap((at) => [
            withWord(digit.keyBytes, offset + at, wordAt(digit.keyBytes, offset + at) ^ 1n),
            withWord(digit.keyBytes, offset + at, wordAt(digit.keyBytes, offset + at) + BASE_FIELD),
          ]),
          patched(digit.keyBytes, offset, OUTSIDE_SUBGROUP),
          patched(digit.keyBytes, offset, hexlify(new Uint8Array(128))),
        ]) {
          await expect(verifier.registerKey(bytes, { gasLimit: 16_000_000 }))
            .to.be.revertedWithCustomError(verifier, "Groth16_InvalidG2")
            .withArgs(offset);
        }
      }
    });
  });

  describe("keyInfo", () => {
    it("gives the ceremony that the key declares, and its number of signals", async () => {
      const key = concat([
        dataSlice(digit.keyBytes, 0, 20),
        "0x00000000",
        toBeHex(7, 4),
        toBeHex(4, 4),
        id("beacon"),
        id("zkey"),
        dataSlice(digit.keyBytes, 96),
      ]);
      await verifier.registerKey(key);
      const { numPublic, ceremony } = await verifier.keyInfo(keccak256(key));
      expect(numPublic).to.equal(4n);
      expect([...ceremony]).to.deep.equal([false, 7n, id("beacon"), id("zkey")]);
    });

    it("reverts on an unknown key, and on what names the second of a key's contracts", async () => {
      for (const keyId of [id("nothing"), secondContract()]) {
        await expect(verifier.keyInfo(keyId))
          .to.be.revertedWithCustomError(verifier, "Groth16_UnknownKey")
          .withArgs(keyId);
      }
    });
  });

  describe("verifyProof", () => {
    for (const count of [0, 1, 4, 400]) {
      it(`accepts a proof of ${count} public signals, and no other number of them`, async () => {
        const made = proven.get(count);
        if (!made) throw new Error(`no proof of ${count} signals`);
        expect(made.publicSignals).to.have.length(count);
        expect(await accepts(made)).to.equal(true);
        const { publicSignals } = made;
        expect(await accepts({ ...made, publicSignals: [...publicSignals, 0n] })).to.equal(false);
        if (count > 0) expect(await accepts({ ...made, publicSignals: publicSignals.slice(1) })).to.equal(false);
        expect(await accepts({ ...made, publicSignals: [] })).to.equal(count === 0);
      });
    }

    it("refuses a proof with any public signal changed", async () => {
      for (const made of proven.values()) {
        for (const i of made.publicSignals.keys()) {
          if (i > 3 && ![373, 374, 399].includes(i)) continue; // of 400, those around the seam of the key's two contracts
          for (const change of [1n, -1n, FIELD, -FIELD, 1n << 200n]) {
            const changed = (made.publicSignals[i] ?? 0n) + change;
            if (changed < 0n) continue;
            const publicSignals = made.publicSignals.with(i, changed);
            expect(await accepts({ ...made, publicSignals }), `signal ${i} of ${made.publicSignals.length}`).to.equal(
              false,
            );
          }
        }
      }
    });

    it("refuses a proof with any byte flipped", async () => {
      const bytes = getBytes(digit.proof);
      for (const i of bytes.keys()) {
        for (const bit of process.env.OPG_DEEP ? [1, 2, 4, 8, 16, 32, 64, 128] : [1 << (i % 8)]) {
          const proof = hexlify(bytes.with(i, (bytes[i] ?? 0) ^ bit)) as `0x${string}`;
          expect(await accepts({ ...digit, proof }), `byte ${i}`).to.equal(false);
        }
      }
    });

    it("refuses a proof of any other length", async () => {
      for (const proof of [
        "0x",
        dataSlice(digit.proof, 0, 255),
        concat([digit.proof, "0x00"]),
        digit.proof + digit.proof.slice(2),
      ]) {
        expect(await accepts({ ...digit, proof: proof as `0x${string}` })).to.equal(false);
      }
    });

    it("refuses a proof under an unknown key, and under another circuit's", async () => {
      expect(await accepts({ ...digit, keyId: id("nothing") as `0x${string}` })).to.equal(false);
      const [none, one] = [proven.get(0), proven.get(1)];
      if (!none || !one) throw new Error("no other circuits");
      expect(await accepts({ ...none, keyId: ZeroHash as `0x${string}` })).to.equal(false);
      for (const made of proven.values()) expect(await accepts({ ...made, keyId: secondContract() })).to.equal(false);
      expect(await accepts({ ...one, keyId: none.keyId })).to.equal(false);
      expect(await accepts({ ...one, proof: digit.proof })).to.equal(false);
    });
  });

  describe("verify", () => {
    const parameters = () =>
      encodeZkParameters({ keyId: digit.keyId, weightsCommitment: digit.digits.weightsCommitment, units: 1n });

    const claim = () => {
      const [, , inputHash = 0n, outputHash = 0n] = digit.publicSignals;
      return {
        requestId: id("request"),
        modelId: id("model"),
        nodeId: id("node"),
        inputHash: toBeHex(inputHash, 32),
        outputHash: toBeHex(outputHash, 32),
        units: 1n,
      };
    };

    it("rebuilds the public signals from claim and parameters", async () => {
      expect(await verifier.verify(claim(), CLAIM_HASH, 0, parameters(), digit.proof)).to.equal(true);
    });

    it("refuses another claim hash, input, output, weights, key or units", async () => {
      const of = (change: Partial<ReturnType<typeof claim>>, hash: string = CLAIM_HASH, with_: string = parameters()) =>
        verifier.verify({ ...claim(), ...change }, hash, 0, with_, digit.proof);
      const { keyId } = digit;
      const { weightsCommitment } = digit.digits;
      const other = toBeHex(5, 32) as `0x${string}`;
      expect(await of({}, id("another claim"))).to.equal(false);
      expect(await of({ inputHash: other })).to.equal(false);
      expect(await of({ outputHash: toBeHex(BigInt(claim().outputHash) + 1n, 32) })).to.equal(false);
      expect(await of({ units: 2n })).to.equal(false);
      expect(await of({ units: 2n }, CLAIM_HASH, encodeZkParameters({ keyId, weightsCommitment, units: 2n }))).to.equal(
        true,
      );
      expect(await of({}, CLAIM_HASH, encodeZkParameters({ keyId, weightsCommitment: other, units: 1n }))).to.equal(
        false,
      );
      expect(await of({}, CLAIM_HASH, encodeZkParameters({ keyId: other, weightsCommitment, units: 1n }))).to.equal(
        false,
      );
    });

    it("refuses parameters of another form without reverting", async () => {
      const dirtyUnits = withWord(parameters(), 64, (1n << 64n) | 1n);
      for (const malformed of ["0x", dataSlice(parameters(), 0, 95), concat([parameters(), "0x00"]), dirtyUnits]) {
        expect(await verifier.verify(claim(), CLAIM_HASH, 0, malformed, digit.proof)).to.equal(false);
      }
    });

    it("refuses a key of another number of public signals", async () => {
      const { weightsCommitment } = digit.digits;
      for (const { keyId } of [...proven.values()].filter(({ publicSignals }) => publicSignals.length !== 4)) {
        const others = AbiCoder.defaultAbiCoder().encode(
          ["bytes32", "bytes32", "uint64"],
          [keyId, weightsCommitment, 1n],
        );
        expect(await verifier.verify(claim(), CLAIM_HASH, 0, others, digit.proof)).to.equal(false);
      }
    });
  });
});
