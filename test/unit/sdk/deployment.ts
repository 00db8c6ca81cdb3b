import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { addressOf, parseDeployment } from "../../../sdk/src/deployment.ts";
import { loadDeployment } from "../../../sdk/src/node/loadDeployment.ts";
import { readIgnitionDeployment } from "../../../sdk/src/node/readIgnitionDeployment.ts";
import { temporaryDirectory } from "../../support/sdk.ts";

const address = (last: string) => `0x${last.padStart(40, "0")}`;
const ADDRESSES = {
  Settlement: address("1"),
  NodeRegistry: address("2"),
  ModelRegistry: address("3"),
  VerifierRegistry: address("4"),
  OPG: address("5"),
};
const DEPLOYMENT = { chainId: 7, startBlock: 11, addresses: ADDRESSES };

describe("SDK: deployments", () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => directory.remove());

  /** Writes what Ignition leaves behind. */
  function ignition(addresses: Readonly<Record<string, string>>, journal: readonly object[]): string {
    const folder = join(directory.path, "chain-7");
    mkdirSync(folder);
    writeFileSync(join(folder, "deployed_addresses.json"), JSON.stringify(addresses));
    writeFileSync(join(folder, "journal.jsonl"), `${journal.map((entry) => JSON.stringify(entry)).join("\n")}\n`);
    return folder;
  }
  const started = { type: "DEPLOYMENT_INITIALIZE", chainId: 7 };
  const confirmed = (blockNumber: number) => ({ type: "TRANSACTION_CONFIRM", receipt: { blockNumber } });
  const futures = Object.fromEntries(Object.entries(ADDRESSES).map(([name, at]) => [`Protocol#${name}`, at]));

  it("are read from Ignition's record: the chain, the first block, the addresses by contract", () => {
    const folder = ignition(futures, [started, confirmed(12), { type: "OTHER" }, confirmed(11), confirmed(14)]);
    expect(readIgnitionDeployment(folder)).to.deep.equal(DEPLOYMENT);
    expect(loadDeployment(folder)).to.deep.equal(DEPLOYMENT);
  });

  it("keep the module in the name of what a later module deploys once more", () => {
    const twice = { ...futures, "Later#Settlement": address("9") };
    const { addresses } = readIgnitionDeployment(ignition(twice, [started, confirmed(11)]));
    expect(addresses).to.deep.equal({ ...ADDRESSES, "Later#Settlement": address("9") });
  });

  it("are the same from the JSON file that a command wrote", () => {
    const file = join(directory.path, "deployment.json");
    writeFileSync(file, JSON.stringify(DEPLOYMENT));
    expect(loadDeployment(file)).to.deep.equal(DEPLOYMENT);
  });

  it("say what is wrong with them", () => {
    expect(() => loadDeployment(join(directory.path, "absent"))).to.throw(/^There is no deployment in .*absent/);
    expect(() => readIgnitionDeployment(ignition(futures, [started]))).to.throw(/No transaction .* was confirmed yet/);
    const file = join(directory.path, "deployment.json");
    writeFileSync(file, "{");
    expect(() => loadDeployment(file)).to.throw(file);
    const { OPG, ...incomplete } = ADDRESSES;
    expect(OPG).not.to.equal(undefined);
    expect(() => parseDeployment({ ...DEPLOYMENT, addresses: incomplete })).to.throw("The deployment has no OPG.");
    expect(() => parseDeployment({ ...DEPLOYMENT, chainId: "7" })).to.throw("chainId is not a whole number");
    expect(() => parseDeployment({ ...DEPLOYMENT, startBlock: -1 })).to.throw("startBlock is not a whole number");
    expect(() => parseDeployment({ ...DEPLOYMENT, addresses: { ...ADDRESSES, OPG: "0x1" } })).to.throw(
      "address of OPG is not an address: 0x1",
    );
    expect(() => parseDeployment("null")).to.throw("This is not a deployment: null.");
    expect(() => addressOf(DEPLOYMENT, "TestUSD")).to.throw("The deployment on chain 7 has no TestUSD.");
  });
});
