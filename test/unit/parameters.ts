import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { network } from "hardhat";
import Protocol from "../../ignition/modules/Protocol.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "ignition/parameters");

/** Every name that the modules read by `m.getParameter`. */
const KNOWN = new Set(
  readdirSync(join(ROOT, "ignition/modules")).flatMap((file) =>
    [...readFileSync(join(ROOT, "ignition/modules", file), "utf8").matchAll(/getParameter\(\s*"(\w+)"/g)].map(
      ([, name]) => name,
    ),
  ),
);

describe("Ignition parameters", () => {
  for (const file of readdirSync(FOLDER)) {
    it(`of ${file} are known to the modules and deploy`, async () => {
      const { $global } = JSON.parse(readFileSync(join(FOLDER, file), "utf8"));
      for (const name of Object.keys($global)) expect([...KNOWN], name).to.include(name);
      const { ignition, ethers } = await network.create();
      const deployed = await ignition.deploy(Protocol, { parameters: join("ignition/parameters", file) });
      const settlement = await ethers.getContractAt("Settlement", deployed.settlement);
      const [limits, parameters] = await Promise.all([settlement.limits(), settlement.parameters()]);
      expect(limits.proofWindow).to.equal(BigInt($global.maxProofWindow));
      expect(limits.parameterDelay).to.equal(BigInt($global.parameterDelay));
      expect(parameters.zkVerificationFee).to.equal(BigInt($global.zkVerificationFee.replace("n", "")));
      expect(parameters.proofBlocks).to.equal(BigInt($global.proofBlocks));
      const nodes = await ethers.getContractAt("NodeRegistry", deployed.nodes);
      expect(await nodes.unbondingDelay()).to.equal(BigInt($global.unbondingDelay));
    });
  }
});

describe("docs/deployment.md", () => {
  it("explains every parameter", () => {
    const text = readFileSync(join(ROOT, "docs/deployment.md"), "utf8");
    for (const name of KNOWN) expect(text, name).to.contain(`\`${name}\``);
  });
});
