import { expect } from "chai";
import { toBeArray, toBigInt } from "ethers";
import { connectAt, deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import { assembleCertificate } from "../../scripts/enclave/certificate.ts";
import { parseCertificate } from "../../sdk/src/attestation/certificate.ts";
import { pathHints } from "../../sdk/src/attestation/documentHints.ts";
import { issue, pathOf, SIGNER_EXTENSIONS } from "../support/certificates.ts";
import { NOW } from "../support/teeRoute.ts";

const N = BigInt("0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973");

/** The same certificate with the other valid signature, (r, n − s). */
function twin(certificate: Uint8Array): Uint8Array {
  const { tbs, signature } = parseCertificate(certificate);
  const s = toBeArray(N - toBigInt(signature.subarray(48)));
  const other = signature.slice();
  other.fill(0, 48);
  other.set(s, 96 - s.length);
  return assembleCertificate(tbs, other);
}

/**
 * For every ECDSA signature (r, s), (r, n − s) is valid too, and anybody can make it. A cache keyed by the hash of the
 * whole certificate has a second place for the twin: one that was never checked under the same conditions, is not
 * revoked with the first, or occupies the first one's parent link.
 */
describe("Attack: the cache poisoned with a certificate's twin", () => {
  const root = issue("root", null);
  const middle = issue("middle", root);
  const leaf = issue("leaf", middle, { extensions: SIGNER_EXTENSIONS });

  it("finds the twin in the same place, and the certificate after it", async () => {
    const connection = await connectAt(NOW);
    const { verifier } = await deployNitroVerifier(connection, root.certificate);
    const genuine = pathOf(root, middle, leaf);
    const twins = genuine.map((certificate, index) => (index === 0 ? certificate : twin(certificate)));
    await connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    const first = await (await verifier.cacheCertificates(twins, await pathHints(twins))).wait();
    expect(first?.logs.length).to.equal(2);
    const second = await (await verifier.cacheCertificates(genuine, await pathHints(genuine))).wait();
    expect(second?.logs.length).to.equal(0);
  });

  it("does not find a certificate under another parent with the same name", async () => {
    const connection = await connectAt(NOW);
    const { verifier } = await deployNitroVerifier(connection, root.certificate);
    const impostor = issue("middle", root);
    await connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    await verifier.cacheCertificates(pathOf(root, middle, leaf), await pathHints(pathOf(root, middle, leaf)));
    await verifier.cacheCertificates(pathOf(root, impostor), await pathHints(pathOf(root, impostor)));
    await expect(
      verifier.cacheCertificates(pathOf(root, impostor, leaf), await pathHints(pathOf(root, middle, leaf))),
    ).to.be.revertedWithCustomError(verifier, "CertificateCache_BadSignature");
  });

  it("takes a certificate with whatever signature only once what it signs has been proven", async () => {
    const connection = await connectAt(NOW);
    const { verifier } = await deployNitroVerifier(connection, root.certificate);
    const { tbs } = parseCertificate(middle.certificate);
    const forged = [root.certificate, assembleCertificate(tbs, new Uint8Array(96).fill(1))];
    await connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    await expect(verifier.cacheCertificates(forged, [])).to.be.revertedWithCustomError(
      verifier,
      "CertificateCache_BadSignature",
    );
    await verifier.cacheCertificates(pathOf(root, middle), await pathHints(pathOf(root, middle)));
    // What is signed has been proven to be signed; which encoding of the signature comes with it says nothing more.
    const receipt = await (await verifier.cacheCertificates(forged, [])).wait();
    expect(receipt?.logs.length).to.equal(0);
  });
});
