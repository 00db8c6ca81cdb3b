import { createHash } from "node:crypto";
import { expect } from "chai";
import { dataLength, hexlify } from "ethers";
import { network } from "hardhat";
import { p384Hint } from "../../sdk/src/attestation/p384Hint.ts";
import { p384Table } from "../../sdk/src/attestation/p384Table.ts";
import { deployP384, randomSignature } from "../support/p384.ts";
import { hasVectors, readVector, VECTORS_ABSENT } from "../support/vectors.ts";

const { ethers } = await network.create();
const verifier = await deployP384(ethers);

type WycheproofGroup = {
  /** 04 ‖ x ‖ y. */
  readonly publicKey: { readonly uncompressed: string };
  readonly tests: readonly { tcId: number; comment: string; msg: string; sig: string; result: string }[];
};

describe("P384Verifier", () => {
  const samples = process.env.OPG_DEEP ? 10_000 : 100;

  it(`accepts ${samples} random signatures of node:crypto with their hints, and every tenth without`, async () => {
    for (let i = 0; i < samples; i++) {
      const { hash, signature, publicKey } = randomSignature();
      const hint = p384Hint({ hash, signature, publicKey });
      expect(dataLength(hint)).to.be.greaterThan(915);
      expect(await verifier.verify(hash, signature, publicKey, hint), `${hash} ${signature} ${publicKey}`).to.equal(
        true,
      );
      if (i % 10 === 0) {
        expect(await verifier.verify(hash, signature, publicKey, "0x"), `${hash} ${signature} ${publicKey}`).to.equal(
          true,
        );
      }
    }
  }).timeout(3_600_000);

  it("refuses a random signature for another hash, signature or key, whatever the hint", async () => {
    const one = randomSignature();
    const other = randomSignature();
    for (const changed of [
      { ...one, hash: other.hash },
      { ...one, signature: other.signature },
      { ...one, publicKey: other.publicKey },
    ]) {
      expect(p384Hint(changed)).to.equal("0x");
      for (const hint of ["0x", p384Hint(one), p384Hint(other)]) {
        expect(await verifier.verify(changed.hash, changed.signature, changed.publicKey, hint)).to.equal(false);
      }
    }
  });

  it("refuses inputs of a wrong length without reverting", async () => {
    const { hash, signature, publicKey } = randomSignature();
    const hint = p384Hint({ hash, signature, publicKey });
    const shorter = (hex: string) => hex.slice(0, -2);
    for (const args of [
      [shorter(hash), signature, publicKey, hint],
      [`${hash}00`, signature, publicKey, "0x"],
      [hash, shorter(signature), publicKey, hint],
      [hash, `${signature}00`, publicKey, "0x"],
      [hash, signature, shorter(publicKey), hint],
      [hash, signature, `${publicKey}00`, "0x"],
      [hash, signature, publicKey, shorter(hint)],
      [hash, signature, publicKey, `${hint}00`],
      ["0x", "0x", "0x", "0x"],
    ] as const) {
      expect(await verifier.verify(...args)).to.equal(false);
    }
    expect(p384Hint({ hash, signature: shorter(signature), publicKey })).to.equal("0x");
  });

  if (!hasVectors()) {
    it(VECTORS_ABSENT);
  } else {
    it("agrees with Wycheproof on every P-384 test, with and without hint", async () => {
      const { testGroups } = JSON.parse(
        new TextDecoder().decode(readVector("ecdsa_secp384r1_sha384_p1363_test.json")),
      ) as { testGroups: readonly WycheproofGroup[] };
      let count = 0;
      for (const { publicKey, tests } of testGroups) {
        const key = `0x${publicKey.uncompressed.slice(2)}`;
        for (const { tcId, comment, msg, sig, result } of tests) {
          const hash = hexlify(createHash("sha384").update(Buffer.from(msg, "hex")).digest());
          const hint = p384Hint({ hash, signature: `0x${sig}`, publicKey: key });
          const valid = result === "valid";
          expect(hint !== "0x", `${tcId} hint ${comment}`).to.equal(valid);
          for (const given of new Set([hint, "0x"])) {
            expect(await verifier.verify(hash, `0x${sig}`, key, given), `${tcId} ${comment}`).to.equal(valid);
          }
          count++;
        }
      }
      expect(count).to.equal(280);
    });
  }
});

describe("P384Table", () => {
  it("is pinned by the verifier, which refuses any other code", async () => {
    const bytes = p384Table();
    expect(ethers.keccak256(bytes)).to.equal(await verifier.TABLE_HASH());
    expect(await ethers.provider.getCode(await verifier.TABLE())).to.equal(bytes);
    const wrong = await ethers.deployContract("P384Table", [`${bytes.slice(0, -2)}00`]);
    const address = await wrong.getAddress();
    await expect(ethers.deployContract("P384Verifier", [address]))
      .to.be.revertedWithCustomError(verifier, "P384Verifier_BadTable")
      .withArgs(address, ethers.keccak256(await ethers.provider.getCode(address)));
  });

  it("has no coordinate so small that the verifier's multiplication would need a multiple of p added", () => {
    const bytes = p384Table().slice(2);
    for (let at = 0; at < bytes.length; at += 96) {
      expect(BigInt(`0x${bytes.slice(at, at + 40)}`) > 2n ** 100n).to.equal(true);
    }
  });
});
