import { expect } from "chai";
import { keccak256 } from "ethers";
import { connectAt, deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import { element } from "../../sdk/src/attestation/der.ts";
import { documentHints, pathHints } from "../../sdk/src/attestation/documentHints.ts";
import { issue, pathOf, SIGNER_EXTENSIONS } from "../support/certificates.ts";
import { defaultSimulator, developmentRoot, NOW } from "../support/teeRoute.ts";

/**
 * A cache that remembers "this certificate is good" keeps trusting it when it, or anything above it, has expired or
 * was revoked. Ours remembers only which key has signed what.
 */
describe("Attack: a cached certificate used after its time", () => {
  const DAY = 86_400;
  const root = issue("root", null, { notAfter: NOW + 100 * DAY });
  const middle = issue("middle", root, { notAfter: NOW + 2 * DAY });
  const lower = issue("lower", middle, { notAfter: NOW + 50 * DAY, serial: Uint8Array.from([0x42]) });
  const leaf = issue("leaf", lower, { notAfter: NOW + 50 * DAY, extensions: SIGNER_EXTENSIONS });
  const short = issue("short", lower, { notAfter: NOW + DAY, extensions: SIGNER_EXTENSIONS });

  async function deploy() {
    const connection = await connectAt(NOW);
    const { verifier } = await deployNitroVerifier(connection, root.certificate);
    const at = (time: number) => connection.networkHelpers.time.setNextBlockTimestamp(time);
    const cache = async (path: Uint8Array[], time: number) => {
      const hints = await pathHints(path);
      await at(time);
      return verifier.cacheCertificates(path, hints);
    };
    return { verifier, cache, at };
  }

  it("is refused after its own expiry", async () => {
    const { verifier, cache } = await deploy();
    await cache(pathOf(root, middle, lower, short), NOW);
    await expect(cache(pathOf(root, middle, lower, short), NOW + DAY + 1))
      .to.be.revertedWithCustomError(verifier, "CertificateCache_NotValidNow")
      .withArgs(3, NOW - DAY, NOW + DAY, NOW + DAY + 1);
  });

  it("is refused under an expired ancestor, though itself still valid", async () => {
    const { verifier, cache } = await deploy();
    await cache(pathOf(root, middle, lower, leaf), NOW);
    await cache(pathOf(root, middle, lower, leaf), NOW + 2 * DAY);
    await expect(cache(pathOf(root, middle, lower, leaf), NOW + 2 * DAY + 1))
      .to.be.revertedWithCustomError(verifier, "CertificateCache_NotValidNow")
      .withArgs(1, NOW - DAY, NOW + 2 * DAY, NOW + 2 * DAY + 1);
  });

  it("is refused once it or an ancestor is revoked by issuer and serial", async () => {
    const { verifier, cache, at } = await deploy();
    await cache(pathOf(root, middle, lower, leaf), NOW);
    // The issuer's name is one RDN: SET { SEQUENCE { commonName, UTF8String "middle" } }.
    const attribute = element(0x0c, new TextEncoder().encode("middle"));
    const name = element(0x31, element(0x30, Uint8Array.from([0x06, 3, 0x55, 4, 3]), attribute));
    await at(NOW + 1);
    await verifier.revokeCertificate(keccak256(name), 0x42);
    await expect(cache(pathOf(root, middle, lower, leaf), NOW + 2))
      .to.be.revertedWithCustomError(verifier, "CertificateCache_Revoked")
      .withArgs(2, keccak256(name), 0x42);
    await cache(pathOf(root, middle), NOW + 3);
  });

  it("does not carry a document past its certificate's expiry", async () => {
    const connection = await connectAt(NOW);
    const { verifier } = await deployNitroVerifier(connection, developmentRoot.certificate);
    const document = defaultSimulator.attest({ timestamp: NOW * 1000 });
    const hints = await documentHints(document);
    await connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    await verifier.verify(document, hints);
    await connection.networkHelpers.time.setNextBlockTimestamp(NOW + 3 * 3600 + 1);
    await expect(verifier.verify(document, hints)).to.be.revertedWithCustomError(
      verifier,
      "CertificateCache_NotValidNow",
    );
  });
});
