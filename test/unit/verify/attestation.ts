import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import { getBytes } from "ethers";
import { basicConstraints, KeyUsage, keyUsage } from "../../../scripts/enclave/certificate.ts";
import { encodeMap, signMessage } from "../../../scripts/enclave/simulator.ts";
import { AWS_NITRO_ROOT } from "../../../sdk/src/attestation/awsRoot.ts";
import { readAttestation, verifyDocument } from "../../../sdk/src/verify/attestation.ts";
import { Refuted } from "../../../sdk/src/verify/refuted.ts";
import { issue, type Named, pathOf, SIGNER_EXTENSIONS } from "../../support/certificates.ts";
import { defaultSimulator, NOW } from "../../support/teeRoute.ts";
import { nitroVectors, readVector, VECTORS_ABSENT } from "../../support/vectors.ts";

/** Expects a verification to be refused, for this reason. */
const refuted = (verification: Promise<unknown>, why: RegExp, message = String(why)) =>
  verification.then(
    () => expect.fail(`${message}: not refused`),
    (error: unknown) => {
      expect(error, message).to.be.instanceOf(Refuted);
      expect((error as Refuted).message, message).to.match(why);
    },
  );

const deep = process.env.OPG_DEEP === "1";

describe("Verifying attestation documents with WebCrypto", () => {
  const vectors = nitroVectors();

  describe("says of AWS's documents what independent verifiers say", () => {
    if (vectors.length === 0) it.skip(VECTORS_ABSENT);
    for (const vector of vectors) {
      it(vector.file, async () => {
        const bytes = readVector(`nitro/${vector.file}`);
        const made = Math.floor(vector.timestamp_ms / 1000);
        const verify = (document: Uint8Array, at = made) => verifyDocument(document, getBytes(AWS_NITRO_ROOT), at);
        if (!vector.root_is_aws_g1 || !vector.signature_valid) {
          await refuted(verify(bytes), vector.root_is_aws_g1 ? /signature/ : /come from the root/);
          return;
        }
        const { document, certificates } = await verify(bytes);
        expect(Number(document.timestamp)).to.equal(vector.timestamp_ms);
        expect(certificates).to.have.lengthOf(document.cabundle.length);
        await refuted(verify(bytes, made + 86_400), /is not valid at/);
        for (let index = 0; index < bytes.length; index += deep ? 1 : 211) {
          const altered = bytes.with(index, (bytes[index] ?? 0) ^ (1 << (index % 8)));
          await refuted(verify(altered), /./, `byte ${index}`);
        }
      });
    }
  });

  it("reads of every certificate what OpenSSL reads", function () {
    if (vectors.length === 0) this.skip();
    for (const { file } of vectors) {
      for (const certificate of readAttestation(readVector(`nitro/${file}`)).path) {
        const oracle = new X509Certificate(certificate.der);
        expect(certificate.name).to.equal(/^CN=(.*)$/m.exec(oracle.subject)?.[1] ?? "(no name)");
        expect(certificate.isAuthority).to.equal(oracle.ca);
        expect(certificate.identity.serial).to.equal(BigInt(`0x${oracle.serialNumber}`));
        expect(certificate.notBefore * 1000).to.equal(oracle.validFromDate.getTime());
        expect(certificate.notAfter * 1000).to.equal(oracle.validToDate.getTime());
      }
    }
  });

  describe("refuses", () => {
    const root = issue("root", null);
    const middle = issue("middle", root);
    const leaf = issue("leaf", middle, { extensions: SIGNER_EXTENSIONS });

    /** A document with a path of its own, signed by the last of it. */
    const documentOf = (path: readonly Named[], signer = path.at(-1) ?? leaf, change: Record<string, unknown> = {}) =>
      signMessage(
        encodeMap(
          Object.entries({
            ...Object.fromEntries(defaultSimulator.fields({ timestamp: NOW * 1000 })),
            cabundle: pathOf(...path.slice(0, -1)),
            certificate: path.at(-1)?.certificate,
            ...change,
          }),
        ),
        signer.key,
      );
    const verify = (document: Uint8Array) => verifyDocument(document, root.certificate, NOW);

    it("nothing of a genuine document", async () => {
      expect((await verify(documentOf([root, middle, leaf]))).certificates).to.have.lengthOf(2);
    });

    it("a path that begins below the root, leaves out an issuer, or is of another root", async () => {
      await refuted(verify(documentOf([middle, leaf])), /come from the root/);
      await refuted(verify(documentOf([root, leaf])), /names another issuer/);
      const twin = issue("root", null);
      await refuted(verify(documentOf([twin, issue("leaf", twin, { extensions: SIGNER_EXTENSIONS })])), /./);
      const pretender = issue("leaf", { ...twin, name: root.name }, { extensions: SIGNER_EXTENSIONS });
      await refuted(verify(documentOf([root, pretender])), /signature of .*leaf is wrong/);
    });

    it("a leaf that issues, an authority without keyCertSign, and more authorities than one may have below it", async () => {
      const forged = issue("forged", leaf, { extensions: SIGNER_EXTENSIONS });
      await refuted(verify(documentOf([root, middle, leaf, forged])), /leaf may not issue/);
      const mute = issue("mute", root, { extensions: [basicConstraints(true), keyUsage(KeyUsage.digitalSignature)] });
      const below = issue("below", mute, { extensions: SIGNER_EXTENSIONS });
      await refuted(verify(documentOf([root, mute, below])), /mute may not issue/);
      const last = issue("last", root, { extensions: [basicConstraints(true, 0), keyUsage(KeyUsage.keyCertSign)] });
      const more = issue("more", last);
      const allowed = issue("allowed", last, { extensions: SIGNER_EXTENSIONS });
      const beyond = issue("beyond", more, { extensions: SIGNER_EXTENSIONS });
      await verify(documentOf([root, last, allowed]));
      await refuted(verify(documentOf([root, last, more, beyond])), /last may not issue/);
    });

    it("an authority or a key without digitalSignature as the document's own certificate", async () => {
      await refuted(verify(documentOf([root, middle])), /not for signatures/);
      const mute = issue("mute", middle, { extensions: SIGNER_EXTENSIONS.slice(0, 1) });
      await refuted(verify(documentOf([root, middle, mute])), /not for signatures/);
    });

    it("a signature by another key, of another algorithm, or with something that nobody signed", async () => {
      await refuted(verify(documentOf([root, middle, leaf], middle)), /document's signature is wrong/);
      const document = documentOf([root, middle, leaf]);
      // 0x84, then the protected header 0x44 a1 01 38 22, then the unprotected one: an empty map.
      expect([...document.subarray(0, 7)]).to.deep.equal([0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0]);
      await refuted(verify(document.with(5, 0x23)), /not signed by ES384/);
      const headed = Uint8Array.from([...document.subarray(0, 6), 0xa1, 0x04, 0x00, ...document.subarray(7)]);
      await refuted(verify(headed), /headers that nobody signs/);
      const other = documentOf([root, middle, leaf], leaf, { digest: "SHA256" });
      await refuted(verify(other), /not of SHA-384/);
    });

    it("a certificate that is not valid yet or no more, the root included", async () => {
      for (const at of [NOW - 86_401, NOW + 86_401]) {
        await refuted(verifyDocument(documentOf([root, middle, leaf]), root.certificate, at), /not valid/);
      }
      for (const at of [NOW - 86_400, NOW + 86_400]) {
        await verifyDocument(documentOf([root, middle, leaf]), root.certificate, at);
      }
    });
  });
});
