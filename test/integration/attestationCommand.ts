import { constants, createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { getBytes, hexlify, keccak256, solidityPacked } from "ethers";
import { concat } from "../../sdk/src/attestation/der.ts";
import { opg } from "../support/cli.ts";
import { defaultSimulator, developmentRoot, NOW, register } from "../support/teeRoute.ts";
import { nitroVectors, readVector, VECTORS_ABSENT } from "../support/vectors.ts";

/** Runs `opg attestation …`. */
const attestation = (...args: string[]) => opg(["attestation", ...args], {});

describe("opg attestation", () => {
  let folder: string;
  const file = (name: string, content: Uint8Array | string) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "opg-attestation-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const image = [register(1), register(2), register(3)] as const;
  const document = defaultSimulator.attest({ timestamp: NOW * 1000 + 7, measurement: image, userData: register(9) });

  describe("verify", () => {
    it("prints one object for each file, with the gas of both transactions", async () => {
      const [path, root] = [file("document.bin", document), file("root.der", developmentRoot.certificate)];
      const { code, stdout, stderr } = await attestation("verify", path, "--root", root, "--json");
      expect([code, stderr]).to.deep.equal([0, ""]);
      const [report, ...others] = JSON.parse(stdout);
      expect(others).to.deep.equal([]);
      expect(report).to.deep.include({
        file: path,
        valid: true,
        reason: null,
        timestamp: NOW * 1000 + 7,
        debug: false,
        publicKey: null,
        userData: hexlify(register(9)),
        nonce: null,
      });
      expect(Object.keys(report.pcrs).length).to.equal(16);
      expect(report.pcrs[1]).to.equal("02".repeat(48));
      expect(report.gasWarm).to.be.greaterThan(1_000_000).and.lessThan(4_000_000);
      expect(report.gasCold).to.be.greaterThan(report.gasWarm).and.lessThan(13_500_000);
    });

    it("says why a document is not valid, and exits with 1", async () => {
      const [path, root] = [file("document.bin", document), file("root.der", developmentRoot.certificate)];
      const forged = document.slice();
      forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
      const cases = [
        [[path], /^The path does not begin with the pinned root/],
        [[file("forged.bin", forged), "--root", root], /^The document's signature is wrong\.$/],
        [[path, "--root", root, "--at", String(NOW + 86_400)], /^Certificate 4 is valid from .* not at/],
      ] as const;
      for (const [args, reason] of cases) {
        const { code, stdout } = await attestation("verify", ...args, "--json");
        expect(code).to.equal(1);
        const [report] = JSON.parse(stdout);
        expect(report).to.deep.include({ valid: false, gasCold: null, gasWarm: null });
        expect(report.reason).to.match(reason);
      }
    });

    it("refuses debug documents unless told otherwise", async () => {
      const debug = defaultSimulator.attest({
        timestamp: NOW * 1000,
        measurement: [register(0), register(0), register(0)],
      });
      const args = ["verify", file("debug.bin", debug), "--root", file("root.der", developmentRoot.certificate)];
      const refused = await attestation(...args, "--json");
      expect(refused.code).to.equal(1);
      expect(JSON.parse(refused.stdout)[0]).to.deep.include({ valid: false, reason: "debug mode", debug: true });
      const allowed = await attestation(...args, "--allow-debug");
      expect(allowed.code).to.equal(0);
      expect(allowed.stdout).to.match(/yes, in debug mode/);
    });

    it("exits with 2 and one line on a file that cannot be read", async () => {
      for (const path of [join(folder, "absent.bin"), file("text.bin", "not a document"), file("empty.bin", "")]) {
        const { code, stdout, stderr } = await attestation("verify", path, "--json");
        expect([code, stdout]).to.deep.equal([2, ""]);
        expect(stderr).to.match(/^[^\n]+\n$/);
        expect(stderr).to.contain(path);
      }
    });

    const vectors = nitroVectors();
    if (vectors.length === 0) it.skip(VECTORS_ABSENT);
    else
      it("verifies one of AWS's documents at its own time, in a table", async () => {
        const path = file("aws.bin", readVector(`nitro/${vectors.at(-1)?.file}`));
        const { code, stdout } = await attestation("verify", path);
        expect(code).to.equal(0);
        expect(stdout.split("\n")[0]).to.match(/^FILE +MADE +GAS COLD +GAS WARM +VALID$/);
        expect(stdout.split("\n")[1]).to.match(/ yes$/);
      });
  });

  describe("audit", () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
    const tls = developmentRoot.certificate;
    const hash = (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest());
    const prefix = Uint8Array.from([0x12, 0x20]);
    const audited = defaultSimulator.attest({
      timestamp: NOW * 1000,
      userData: concat(prefix, hash(tls), prefix, hash(key)),
    });
    const [inputHash, outputHash, timestamp] = [keccak256("0x01"), keccak256("0x02"), 1_765_872_026];
    const message = getBytes(
      keccak256(solidityPacked(["bytes32", "bytes32", "uint256"], [inputHash, outputHash, timestamp])),
    );
    const signature = sign("sha256", message, {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    }).toString("base64");
    const files = () => [
      file("audited.bin", audited),
      "--tls-certificate",
      file("tls.der", tls),
      "--signing-key",
      file("key.pem", publicKey.export({ type: "spki", format: "pem" })),
      "--root",
      file("root.der", developmentRoot.certificate),
    ];

    it("verifies an enclave and its receipts", async () => {
      const receipt = file("receipt.json", JSON.stringify({ inputHash, outputHash, timestamp, signature }));
      const { code, stdout } = await attestation("audit", ...files(), "--receipt", receipt, "--json");
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.equal({
        valid: true,
        reason: null,
        receipts: [{ file: receipt, valid: true }],
      });
    });

    it("exits with 1 on a receipt of another answer, and on another key", async () => {
      const receipt = file("other.json", JSON.stringify({ inputHash, outputHash: inputHash, timestamp, signature }));
      const wrong = await attestation("audit", ...files(), "--receipt", receipt);
      expect(wrong.code).to.equal(1);
      expect(wrong.stdout).to.contain("not signed by this key");
      const args = files();
      args[4] = file(
        "tls-key.pem",
        generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }),
      );
      const other = await attestation("audit", ...args, "--json");
      expect(other.code).to.equal(1);
      expect(JSON.parse(other.stdout).reason).to.match(/^The document binds the signing key/);
    });

    it("exits with 2 on a receipt that is none", async () => {
      for (const content of ["[", "{}", JSON.stringify({ inputHash, outputHash, timestamp: -1, signature })]) {
        const { code, stderr } = await attestation("audit", ...files(), "--receipt", file("bad.json", content));
        expect(code).to.equal(2);
        expect(stderr).to.match(/^[^\n]+\n$/);
      }
    });
  });
});
