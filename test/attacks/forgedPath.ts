import { expect } from "chai";
import { connectAt, deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import { encodeMap, signMessage } from "../../scripts/enclave/simulator.ts";
import { documentHints, pathHints } from "../../sdk/src/attestation/documentHints.ts";
import { issue, pathOf, SIGNER_EXTENSIONS } from "../support/certificates.ts";
import { defaultSimulator, NOW } from "../support/teeRoute.ts";

/** Paths that a verifier accepts when it trusts a prefix too short, or a certificate for more than it says. */
describe("Attack: forged certificate paths", () => {
  const root = issue("root", null);
  const middle = issue("middle", root);
  const leaf = issue("leaf", middle, { extensions: SIGNER_EXTENSIONS });

  async function deploy() {
    const connection = await connectAt(NOW);
    const { verifier } = await deployNitroVerifier(connection, root.certificate);
    await connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    await verifier.cacheCertificates(pathOf(root, middle, leaf), await pathHints(pathOf(root, middle, leaf)));
    return verifier;
  }
  /** A document that `signer` signs, with the given certificates. */
  const documentOf = (cabundle: Uint8Array[], signer: { certificate: Uint8Array; key: typeof leaf.key }) =>
    signMessage(
      encodeMap(
        defaultSimulator
          .fields({ timestamp: NOW * 1000 })
          .map(([name, value]) => [
            name,
            name === "cabundle" ? cabundle : name === "certificate" ? signer.certificate : value,
          ]),
      ),
      signer.key,
    );

  it("accepts the genuine path", async () => {
    const verifier = await deploy();
    const document = documentOf(pathOf(root, middle), leaf);
    await verifier.verify.staticCall(document, await documentHints(document));
  });

  it("a shortened trusted prefix: a path that begins below the root, with a cached certificate", async () => {
    const verifier = await deploy();
    for (const cabundle of [pathOf(middle), pathOf(middle, root), pathOf(middle, middle)]) {
      const document = documentOf(cabundle, leaf);
      await expect(verifier.verify(document, await documentHints(document))).to.be.revertedWithCustomError(
        verifier,
        "CertificateCache_UnknownRoot",
      );
    }
    const skipped = documentOf(pathOf(root), leaf);
    await expect(verifier.verify(skipped, await documentHints(skipped))).to.be.revertedWithCustomError(
      verifier,
      "CertificateCache_WrongIssuer",
    );
  });

  it("a leaf used as an authority", async () => {
    const verifier = await deploy();
    const forged = issue("forged", leaf, { extensions: SIGNER_EXTENSIONS });
    const document = documentOf(pathOf(root, middle, leaf), forged);
    await expect(verifier.verify(document, await documentHints(document)))
      .to.be.revertedWithCustomError(verifier, "CertificateCache_NotAnAuthority")
      .withArgs(2);
  });

  it("an authority used as a leaf, and a leaf whose key may not sign", async () => {
    const verifier = await deploy();
    const mute = issue("mute", middle, { extensions: SIGNER_EXTENSIONS.slice(0, 1) });
    for (const document of [documentOf(pathOf(root), middle), documentOf(pathOf(root, middle), mute)]) {
      await expect(verifier.verify(document, await documentHints(document))).to.be.revertedWithCustomError(
        verifier,
        "NitroVerifier_NotASigner",
      );
    }
  });

  it("a document signed by another key than its certificate's", async () => {
    const verifier = await deploy();
    const document = documentOf(pathOf(root, middle), { ...leaf, key: middle.key });
    await expect(verifier.verify(document, await documentHints(document))).to.be.revertedWithCustomError(
      verifier,
      "NitroVerifier_BadSignature",
    );
  });

  it("a document with the zero signature", async () => {
    const verifier = await deploy();
    const document = documentOf(pathOf(root, middle), leaf);
    document.fill(0, -96);
    await expect(verifier.verify(document, [])).to.be.revertedWithCustomError(verifier, "NitroVerifier_BadSignature");
  });

  it("a certificate whose key is not on the curve", async () => {
    const verifier = await deploy();
    const document = documentOf(pathOf(root, middle), leaf);
    // The last byte of the key in the leaf's certificate; with it goes the issuer's signature, as it must.
    const at = Buffer.from(document).indexOf(leaf.certificate) + leaf.certificate.indexOf(0x04, 100);
    document[at + 96] = (document[at + 96] ?? 0) ^ 1;
    await expect(verifier.verify(document, [])).to.be.revertedWithCustomError(
      verifier,
      "CertificateCache_BadSignature",
    );
  });
});
