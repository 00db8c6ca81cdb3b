import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { artifacts } from "hardhat";

/** Every custom error of ours is expected by name in some test. */
describe("Custom errors", () => {
  const root = new URL("../", import.meta.url);
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(new URL(path, root), "utf8"));
  /** A name as a test passes it to `refused` or `revertedWithCustomError`. */
  const isExpected = (error: string) => sources.some((source) => source.includes(`"${error}"`));

  for (const contract of [
    "AwsNitroVerifier",
    "EnclaveRegistry",
    "ModelRegistry",
    "NodeRegistry",
    "OpenGradientAudit",
    "P384Verifier",
    "Settlement",
    "TeeVerifier",
    "VerifierRegistry",
  ]) {
    it(`${contract}: each has a test that meets it`, async () => {
      const { abi } = await artifacts.readArtifact(contract);
      const errors = abi
        .filter((item) => item.type === "error" && item.name.includes("_"))
        .map((item) => ("name" in item ? String(item.name) : ""));
      expect(errors).not.to.deep.equal([]);
      expect(errors.filter((error) => !isExpected(error))).to.deep.equal([]);
    });
  }
});
