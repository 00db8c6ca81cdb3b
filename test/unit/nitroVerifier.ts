import { createHash } from "node:crypto";
import { expect } from "chai";
import { getBytes, hexlify } from "ethers";
import { connectAt, deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import { AWS_NITRO_ROOT, AWS_NITRO_ROOT_HASH } from "../../sdk/src/attestation/awsRoot.ts";
import { parseDocument } from "../../sdk/src/attestation/document.ts";
import { documentHints, pathHints } from "../../sdk/src/attestation/documentHints.ts";
import { defaultSimulator, developmentRoot, NOW } from "../support/teeRoute.ts";
import { awsRoot, type NitroVector, nitroVectors, readVector, VECTORS_ABSENT } from "../support/vectors.ts";

const TRANSACTION_GAS_LIMIT = 16_777_216n;
const DEEP = process.env.OPG_DEEP === "1";

/** Before every document here, and their certificates' validity. */
const BEGINNING = Date.UTC(2020, 0, 1) / 1000;

/** A verifier under each root, on a chain of its own that can be put back to its beginning. */
const chains = new Map<string, ReturnType<typeof deployUnder>>();

async function deployUnder(root: string) {
  const connection = await connectAt(BEGINNING);
  const { verifier } = await deployNitroVerifier(connection, root);
  return { connection, verifier, beginning: await connection.networkHelpers.takeSnapshot() };
}

/** A verifier under `root` that knows no certificate yet, on a chain whose next blocks are at `time`. */
async function at(time: number, root: string | Uint8Array) {
  const key = hexlify(root);
  const deployed = chains.get(key) ?? deployUnder(key);
  chains.set(key, deployed);
  const { connection, verifier, beginning } = await deployed;
  await beginning.restore();
  const setTime = () => connection.networkHelpers.time.setNextBlockTimestamp(time);
  await setTime();
  await connection.networkHelpers.mine();
  return { connection, verifier, setTime };
}

const seconds = (vector: NitroVector) => Math.floor(vector.timestamp_ms / 1000);

describe("NitroVerifier", () => {
  const vectors = nitroVectors();

  describe("AWS's documents come out as independent verifiers say", () => {
    if (vectors.length === 0) it.skip(VECTORS_ABSENT);
    for (const vector of vectors) {
      it(vector.file, async () => {
        const document = readVector(`nitro/${vector.file}`);
        const { verifier, setTime } = await at(seconds(vector), AWS_NITRO_ROOT);
        const hints = await documentHints(document);
        if (!vector.root_is_aws_g1) {
          await expect(verifier.verify(document, hints)).to.be.revertedWithCustomError(
            verifier,
            "CertificateCache_UnknownRoot",
          );
          return;
        }
        if (!vector.signature_valid) {
          for (const given of [hints, []]) {
            await expect(verifier.check(document, given)).to.be.revertedWithCustomError(
              verifier,
              "NitroVerifier_BadSignature",
            );
          }
          return;
        }
        const attestation = await verifier.check(document, hints);
        if (DEEP || vector === vectors[0]) expect(await verifier.check(document, [])).to.deep.equal(attestation);
        expect(attestation.timestamp).to.equal(vector.timestamp_ms);
        expect(attestation.debug).to.equal(vector.debug_mode);
        const { pcrs, publicKey, userData, nonce, moduleId } = parseDocument(document);
        const present = [...pcrs.keys()].sort((a, b) => a - b);
        expect(attestation.pcrBitmap).to.equal(present.reduce((bitmap, index) => bitmap + 2 ** index, 0));
        const registers = present.flatMap((index) => [...(pcrs.get(index) ?? [])]);
        expect(attestation.pcrs).to.equal(hexlify(Uint8Array.from(registers)));
        expect(attestation.moduleId).to.equal(moduleId);
        expect(attestation.publicKey).to.equal(hexlify(publicKey ?? new Uint8Array()));
        expect(attestation.userData).to.equal(hexlify(userData ?? new Uint8Array()));
        expect(attestation.nonce).to.equal(hexlify(nonce ?? new Uint8Array()));

        for (const given of [hints, await documentHints(document, 1)]) {
          await setTime();
          const receipt = await (await verifier.verify(document, given)).wait();
          expect(receipt?.gasUsed).to.be.lessThan(TRANSACTION_GAS_LIMIT);
        }
      });
    }

    for (const vector of vectors.filter(({ signature_valid, root_is_aws_g1 }) => signature_valid && root_is_aws_g1)) {
      it(`${vector.file}, outside its certificate's validity`, async () => {
        const document = readVector(`nitro/${vector.file}`);
        const [from, to] = vector.window.map((date) => Date.parse(date) / 1000);
        if (from === undefined || to === undefined) throw new Error("the index has no window");
        const hints = await documentHints(document);
        for (const time of [from - 1, to + 1]) {
          const { verifier } = await at(time, AWS_NITRO_ROOT);
          await expect(verifier.check(document, hints)).to.be.revertedWithCustomError(
            verifier,
            "CertificateCache_NotValidNow",
          );
        }
      });
    }

    for (const vector of vectors.filter(({ root_is_aws_g1 }) => !root_is_aws_g1)) {
      it(`${vector.file}, under its own root`, async () => {
        const document = readVector(`nitro/${vector.file}`);
        const [root] = parseDocument(document).cabundle;
        const { verifier } = await at(seconds(vector), root ?? new Uint8Array());
        const attestation = await verifier.check(document, await documentHints(document));
        expect(attestation.timestamp).to.equal(vector.timestamp_ms);
      });
    }

    if (vectors.length !== 0) {
      it("pins the root that AWS publishes", async () => {
        expect(hexlify(awsRoot())).to.equal(AWS_NITRO_ROOT);
        const { verifier } = await at(NOW, AWS_NITRO_ROOT);
        expect(await verifier.rootHash()).to.equal(AWS_NITRO_ROOT_HASH);
      });
    }
  });

  it("verifies a simulated document cold, with its authorities cached, and warm", async () => {
    const { verifier, setTime } = await at(NOW, developmentRoot.certificate);
    const document = defaultSimulator.attest({ timestamp: NOW * 1000, userData: new Uint8Array(96).fill(1) });
    const { cabundle } = parseDocument(document);
    await setTime();
    await verifier.cacheCertificates([...cabundle], await pathHints(cabundle));
    for (const [uncached, certificates] of [
      [2, 1],
      [1, 0],
    ] as const) {
      await setTime();
      const receipt = await (await verifier.verify(document, await documentHints(document, uncached))).wait();
      expect(receipt?.logs.length).to.equal(certificates);
    }
  });

  it("remembers nothing when it only checks", async () => {
    const { verifier, setTime } = await at(NOW, developmentRoot.certificate);
    const document = defaultSimulator.attest({ timestamp: NOW * 1000 });
    const hints = await documentHints(document);
    await verifier.check(document, hints);
    await setTime();
    expect((await (await verifier.verify(document, hints)).wait())?.logs.length).to.equal(4);
  });

  it("cannot be deployed for production under another root than AWS's", async () => {
    const { ethers } = await connectAt(NOW);
    const one = "0x0000000000000000000000000000000000000001";
    const production = await ethers.deployContract("AwsNitroVerifier", [one, one, AWS_NITRO_ROOT]);
    expect(await production.rootHash()).to.equal(AWS_NITRO_ROOT_HASH);
    expect(await production.AWS_ROOT_HASH()).to.equal(AWS_NITRO_ROOT_HASH);
    await expect(ethers.deployContract("AwsNitroVerifier", [one, one, developmentRoot.certificate]))
      .to.be.revertedWithCustomError(production, "AwsNitroVerifier_NotAwsRoot")
      .withArgs(`0x${createHash("sha256").update(developmentRoot.certificate).digest("hex")}`);
  });

  it(`refuses a document with ${DEEP ? "any byte" : "a byte here and there"} changed`, async function () {
    if (DEEP) this.timeout(3_600_000);
    const vector = vectors.find(({ file }) => file.startsWith("20260103"));
    const [document, time, root] =
      vector === undefined
        ? [defaultSimulator.attest({ timestamp: NOW * 1000 }), NOW, developmentRoot.certificate]
        : [readVector(`nitro/${vector.file}`), seconds(vector), getBytes(AWS_NITRO_ROOT)];
    const { connection, verifier, setTime } = await at(time, root);
    const hints = await documentHints(document);
    await setTime();
    await verifier.verify(document, hints);
    for (let index = 0; index < document.length; index += DEEP ? 1 : 193) {
      const changed = document.slice();
      changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8));
      await expect(verifier.check(changed, hints), `byte ${index}`).to.be.revert(connection.ethers);
    }
  });
});
