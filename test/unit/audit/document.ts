import { expect } from "chai";
import { getBytes } from "ethers";
import { verifyDocument } from "../../../scripts/audit/document.ts";
import { Refuted } from "../../../scripts/audit/verdict.ts";
import { basicConstraints, KeyUsage, keyUsage } from "../../../scripts/enclave/certificate.ts";
import { encodeMap, signMessage } from "../../../scripts/enclave/simulator.ts";
import { AWS_NITRO_ROOT } from "../../../sdk/src/attestation/awsRoot.ts";
import { issue, type Named, pathOf, SIGNER_EXTENSIONS } from "../../support/certificates.ts";
import { defaultSimulator, NOW } from "../../support/teeRoute.ts";
import { nitroVectors, readVector, VECTORS_ABSENT } from "../../support/vectors.ts";

const deep = process.env.OPG_DEEP === "1";

describe("The audit's verification of attestation documents", () => {
  const vectors = nitroVectors();

  describe("says of AWS's documents what independent verifiers say", () => {
    if (vectors.length === 0) it.skip(VECTORS_ABSENT);
    for (const vector of vectors) {
      it(vector.file, () => {
        const bytes = readVector(`nitro/${vector.file}`);
        const made = Math.floor(vector.timestamp_ms / 1000);
        const verify = (document: Uint8Array, at = made) => verifyDocument(document, getBytes(AWS_NITRO_ROOT), at);
        if (!vector.root_is_aws_g1 || !vector.signature_valid) {
          expect(() => verify(bytes)).to.throw(Refuted, vector.root_is_aws_g1 ? /signature/ : /come from the root/);
          return;
        }
        const { document, certificates } = verify(bytes);
        expect(Number(document.timestamp)).to.equal(vector.timestamp_ms);
        expect(certificates).to.have.lengthOf(document.cabundle.length);
        expect(() => verify(bytes, made + 86_400)).to.throw(Refuted, /is not valid at/);
        for (let index = 0; index < bytes.length; index += deep ? 1 : 211) {
          const altered = bytes.with(index, (bytes[index] ?? 0) ^ (1 << (index % 8)));
          expect(() => verify(altered), `byte ${index}`).to.throw(Refuted);
        }
      });
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

    it("nothing of a genuine document", () => {
      expect(verify(documentOf([root, middle, leaf])).certificates).to.have.lengthOf(2);
    });

    it("a path that begins below the root, leaves out an issuer, or is of another root", () => {
      expect(() => verify(documentOf([middle, leaf]))).to.throw(Refuted, /come from the root/);
      expect(() => verify(documentOf([root, leaf]))).to.throw(Refuted, /names another issuer/);
      const twin = issue("root", null);
      expect(() => verify(documentOf([twin, issue("leaf", twin, { extensions: SIGNER_EXTENSIONS })]))).to.throw(
        Refuted,
      );
      const pretender = issue("leaf", { ...twin, name: root.name }, { extensions: SIGNER_EXTENSIONS });
      expect(() => verify(documentOf([root, pretender]))).to.throw(Refuted, /signature of .*leaf is wrong/);
    });

    it("a leaf that issues, an authority without keyCertSign, and more authorities than one may have below it", () => {
      const forged = issue("forged", leaf, { extensions: SIGNER_EXTENSIONS });
      expect(() => verify(documentOf([root, middle, leaf, forged]))).to.throw(Refuted, /leaf may not issue/);
      const mute = issue("mute", root, { extensions: [basicConstraints(true), keyUsage(KeyUsage.digitalSignature)] });
      const below = issue("below", mute, { extensions: SIGNER_EXTENSIONS });
      expect(() => verify(documentOf([root, mute, below]))).to.throw(Refuted, /mute may not issue/);
      const last = issue("last", root, { extensions: [basicConstraints(true, 0), keyUsage(KeyUsage.keyCertSign)] });
      const more = issue("more", last);
      const allowed = issue("allowed", last, { extensions: SIGNER_EXTENSIONS });
      const beyond = issue("beyond", more, { extensions: SIGNER_EXTENSIONS });
      expect(() => verify(documentOf([root, last, allowed]))).not.to.throw();
      expect(() => verify(documentOf([root, last, more, beyond]))).to.throw(Refuted, /last may not issue/);
    });

    it("an authority or a key without digitalSignature as the document's own certificate", () => {
      expect(() => verify(documentOf([root, middle]))).to.throw(Refuted, /not for signatures/);
      const mute = issue("mute", middle, { extensions: SIGNER_EXTENSIONS.slice(0, 1) });
      expect(() => verify(documentOf([root, middle, mute]))).to.throw(Refuted, /not for signatures/);
    });

    it("a signature by another key, of another algorithm, or with something that nobody signed", () => {
      expect(() => verify(documentOf([root, middle, leaf], middle))).to.throw(Refuted, /document's signature is wrong/);
      const document = documentOf([root, middle, leaf]);
      // 0x84, then the protected header 0x44 a1 01 38 22, then the unprotected one: an empty map.
      expect([...document.subarray(0, 7)]).to.deep.equal([0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0]);
      expect(() => verify(document.with(5, 0x23))).to.throw(Refuted, /not signed by ES384/);
      const headed = Uint8Array.from([...document.subarray(0, 6), 0xa1, 0x04, 0x00, ...document.subarray(7)]);
      expect(() => verify(headed)).to.throw(Refuted, /headers that nobody signs/);
      const other = documentOf([root, middle, leaf], leaf, { digest: "SHA256" });
      expect(() => verify(other)).to.throw(Refuted, /not of SHA-384/);
    });

    it("a certificate that is not valid yet or no more, the root included", () => {
      for (const at of [NOW - 86_401, NOW + 86_401]) {
        expect(() => verifyDocument(documentOf([root, middle, leaf]), root.certificate, at)).to.throw(
          Refuted,
          /not valid/,
        );
      }
      for (const at of [NOW - 86_400, NOW + 86_400]) {
        expect(() => verifyDocument(documentOf([root, middle, leaf]), root.certificate, at)).not.to.throw();
      }
    });
  });
});
