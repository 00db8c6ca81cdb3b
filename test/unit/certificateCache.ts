import { createHash } from "node:crypto";
import { expect } from "chai";
import { keccak256, ZeroAddress } from "ethers";
import { connectAt, deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import { basicConstraints, KeyUsage, keyUsage } from "../../scripts/enclave/certificate.ts";
import { parseCertificate } from "../../sdk/src/attestation/certificate.ts";
import { pathHints } from "../../sdk/src/attestation/documentHints.ts";
import { issue, type Named, pathOf, SIGNER_EXTENSIONS } from "../support/certificates.ts";
import { NOW } from "../support/teeRoute.ts";

const root = issue("root", null, { notAfter: NOW + 10 * 86_400 });
const middle = issue("middle", root);
const lower = issue("lower", middle);
const leaf = issue("leaf", lower, { extensions: SIGNER_EXTENSIONS });

describe("CertificateCache", () => {
  let connection: Awaited<ReturnType<typeof connectAt>>;
  let verifier: Awaited<ReturnType<typeof deployNitroVerifier>>["verifier"];
  let snapshot: Awaited<ReturnType<typeof connection.networkHelpers.takeSnapshot>>;
  const at = (time: number) => connection.networkHelpers.time.setNextBlockTimestamp(time);
  async function cache(path: readonly Uint8Array[], time = NOW) {
    const hints = await pathHints(path);
    await at(time);
    return verifier.cacheCertificates([...path], hints);
  }
  const refused = (identities: readonly Named[], error: string, time = NOW) =>
    expect(cache(pathOf(...identities), time)).to.be.revertedWithCustomError(verifier, error);

  before(async () => {
    connection = await connectAt(NOW);
    ({ verifier } = await deployNitroVerifier(connection, root.certificate));
    snapshot = await connection.networkHelpers.takeSnapshot();
  });
  beforeEach(() => snapshot.restore());

  it("is pinned to one root by the hash under which the root is published", async () => {
    expect(await verifier.rootHash()).to.equal(`0x${createHash("sha256").update(root.certificate).digest("hex")}`);
  });

  it("is not deployed with a root that may issue nothing, or that another has issued", async () => {
    for (const other of [
      issue("signer", null, { extensions: SIGNER_EXTENSIONS }),
      issue("mute", null, { extensions: [basicConstraints(true), keyUsage(KeyUsage.digitalSignature)] }),
      middle,
    ]) {
      await expect(deployNitroVerifier(connection, other.certificate)).to.be.revertedWithCustomError(
        verifier,
        "CertificateCache_NotARoot",
      );
    }
  });

  it("remembers a whole path in one transaction", async () => {
    const ids = [await verifier.rootHash()];
    for (const { certificate } of [middle, lower, leaf]) {
      const { tbs } = parseCertificate(certificate);
      ids.push(keccak256(`${ids.at(-1)}${keccak256(tbs).slice(2)}`));
    }
    const caching = cache(pathOf(root, middle, lower, leaf));
    for (let i = 1; i < 4; ++i) {
      await expect(caching)
        .to.emit(verifier, "CertificateVerified")
        .withArgs(ids[i], ids[i - 1]);
      expect(await verifier.isCached(String(ids[i]))).to.equal(true);
    }
    const pathId = await verifier.cacheCertificates.staticCall(pathOf(root, middle, lower, leaf), []);
    expect(pathId).to.equal(ids[3]);
  });

  it("takes a path by one certificate more in each transaction, and does not check a signature twice", async () => {
    const identities = [root, middle, lower, leaf];
    for (let count = 1; count <= identities.length; ++count) {
      const receipt = await (await cache(pathOf(...identities.slice(0, count)))).wait();
      expect(receipt?.logs.length).to.equal(count === 1 ? 0 : 1);
    }
  });

  it("refuses an empty path", async () => {
    await refused([], "CertificateCache_EmptyPath");
  });

  it("refuses a path from another root", async () => {
    const other = issue("root", null);
    await refused([other, issue("middle", other)], "CertificateCache_UnknownRoot");
    await refused([middle, lower], "CertificateCache_UnknownRoot");
  });

  it("refuses a certificate that names another issuer", async () => {
    await refused([root, issue("middle", { ...root, name: [["CN", "other"]] })], "CertificateCache_WrongIssuer");
    await refused([root, lower], "CertificateCache_WrongIssuer");
  });

  it("refuses a certificate that another key has signed", async () => {
    const impostor = issue("impostor", null);
    await refused([root, issue("middle", { ...impostor, name: root.name })], "CertificateCache_BadSignature");
  });

  it("refuses an issuer that is no authority, or whose key may not sign certificates", async () => {
    for (const extensions of [
      SIGNER_EXTENSIONS,
      [basicConstraints(false), keyUsage(KeyUsage.keyCertSign)],
      [keyUsage(KeyUsage.keyCertSign)],
      [basicConstraints(true)],
      [basicConstraints(true), keyUsage(KeyUsage.digitalSignature | KeyUsage.cRLSign)],
    ]) {
      const issuer = issue("issuer", root, { extensions });
      await refused([root, issuer, issue("below", issuer)], "CertificateCache_NotAnAuthority");
      await cache(pathOf(root, issuer));
    }
  });

  it("holds every authority's path length, and lets none be longer than the ones above allow", async () => {
    const limited = (subject: string, issuer: Named, pathLength: number) =>
      issue(subject, issuer, { extensions: [basicConstraints(true, pathLength), keyUsage(KeyUsage.keyCertSign)] });
    const zero = limited("zero", root, 0);
    const end = (issuer: Named) => issue("end", issuer, { extensions: SIGNER_EXTENSIONS });
    await cache(pathOf(root, zero, end(zero)));
    await refused([root, zero, issue("below", zero)], "CertificateCache_PathTooLong");
    const one = limited("one", root, 1);
    const boasting = limited("boasting", one, 9);
    await cache(pathOf(root, one, boasting, end(boasting)));
    await refused([root, one, boasting, issue("below", boasting)], "CertificateCache_PathTooLong");
  });

  it("takes a certificate from its first to its last second", async () => {
    const short = issue("short", root, { notBefore: NOW, notAfter: NOW + 10 });
    await refused([root, short], "CertificateCache_NotValidNow", NOW - 1);
    await cache(pathOf(root, short), NOW);
    await cache(pathOf(root, short), NOW + 10);
    await refused([root, short], "CertificateCache_NotValidNow", NOW + 11);
  });

  it("verifies without hints, and with hints for the last signatures only", async () => {
    const path = pathOf(root, middle, lower);
    const hints = await pathHints(path);
    await at(NOW);
    for (const given of [[], hints.slice(-1), ["0x", ...hints], hints])
      await verifier.cacheCertificates.staticCall(path, given);
  });

  it("revokes for the role that the manager names only", async () => {
    const issuer = keccak256("0x");
    const [, stranger] = await connection.ethers.getSigners();
    if (!stranger) throw new Error("the chain has too few accounts");
    await expect(verifier.connect(stranger).revokeCertificate(issuer, 1)).to.be.revertedWithCustomError(
      verifier,
      "AccessManagedUnauthorized",
    );
    await expect(verifier.revokeCertificate(issuer, 1)).to.emit(verifier, "CertificateRevoked").withArgs(issuer, 1);
    expect(await verifier.isRevoked(issuer, 1)).to.equal(true);
    expect(await verifier.isRevoked(issuer, 2)).to.equal(false);
    expect(await verifier.p384()).not.to.equal(ZeroAddress);
  });
});
