import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { ErrorFragment, Interface } from "ethers";
import { artifacts } from "hardhat";

describe("Custom errors", () => {
  /** The sources of all tests. */
  const root = new URL("../", import.meta.url);
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") || path.endsWith(".sol"))
    .map((path) => readFileSync(new URL(path, root), "utf8"));

  it("are each met by a test, which expects it by name", async () => {
    const contracts = [...(await artifacts.getAllFullyQualifiedNames())].filter(
      (name) => name.startsWith("contracts/") && !name.startsWith("contracts/test/"),
    );
    const ours = new Set<string>();
    for (const contract of contracts) {
      const { abi } = await artifacts.readArtifact(contract);
      for (const fragment of new Interface(abi).fragments) {
        // What a library of others declares has no prefix of ours: `Component_WhatIsWrong`.
        if (ErrorFragment.isFragment(fragment) && fragment.name.includes("_")) ours.add(fragment.name);
      }
    }
    expect(ours).to.include("Settlement_WrongStatus");
    const unmet = [...ours].filter((name) => !sources.some((source) => source.includes(`"${name}"`)));
    expect(unmet).to.deep.equal([]);
  });
});
