import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { type Addressable, hexlify } from "ethers";
import DevelopmentEnclaves from "../../ignition/modules/DevelopmentEnclaves.ts";
import ProtocolModule from "../../ignition/modules/Protocol.ts";
import { connectAt } from "../../scripts/attestation/deploy.ts";
import { AWS_NITRO_ROOT_HASH } from "../../sdk/src/attestation/awsRoot.ts";
import { developmentRoot, NOW } from "../support/teeRoute.ts";

/** The contracts that a module has deployed, with their types. */
async function typed(
  ethers: HardhatEthers,
  deployed: Record<"nitroVerifier" | "teeVerifier" | "verifiers", Addressable>,
) {
  return {
    nitroVerifier: await ethers.getContractAt("NitroVerifier", deployed.nitroVerifier),
    teeVerifier: await ethers.getContractAt("TeeVerifier", deployed.teeVerifier),
    verifiers: await ethers.getContractAt("VerifierRegistry", deployed.verifiers),
  };
}

describe("Deployment of the TEE route", () => {
  it("trusts AWS's root, and has no parameter that could say otherwise", async () => {
    const { ethers, ignition } = await connectAt(NOW);
    const deployed = await ignition.deploy(ProtocolModule, {
      parameters: { Protocol: { root: hexlify(developmentRoot.certificate) } },
    });
    const { nitroVerifier, teeVerifier, verifiers } = await typed(ethers, deployed);
    expect(await nitroVerifier.rootHash()).to.equal(AWS_NITRO_ROOT_HASH);
    expect(await teeVerifier.verifier()).to.equal(await nitroVerifier.getAddress());
    expect(await verifiers.verifierOf(2)).to.deep.equal([await teeVerifier.getAddress(), 1n, 2n]);
    const production = await ethers.getContractAt("AwsNitroVerifier", await nitroVerifier.getAddress());
    expect(await production.AWS_ROOT_HASH()).to.equal(AWS_NITRO_ROOT_HASH);
  });

  it("knows no root in any committed parameter file", () => {
    const folder = "ignition/parameters";
    const files = existsSync(folder) ? readdirSync(folder) : [];
    for (const file of files) {
      const parameters = JSON.parse(readFileSync(join(folder, file), "utf8"));
      expect(Object.keys(parameters), file).not.to.include("DevelopmentEnclaves");
      expect(JSON.stringify(parameters), file).not.to.match(/"root"/);
    }
  });

  it("puts development enclaves beside it, as an entry of their own behind the delay", async () => {
    const { ethers, ignition } = await connectAt(NOW);
    const module = await ignition.deploy(DevelopmentEnclaves, {
      parameters: { DevelopmentEnclaves: { root: hexlify(developmentRoot.certificate) } },
    });
    const deployed = await typed(ethers, module);
    expect(await deployed.nitroVerifier.rootHash()).not.to.equal(AWS_NITRO_ROOT_HASH);
    const production = await deployed.verifiers.verifierOf(2);
    const development = await deployed.verifiers.verifierOf(3);
    expect(production.status).to.equal(2);
    expect(development).to.deep.equal([await deployed.teeVerifier.getAddress(), 1n, 1n]);
    expect(production.verifier).not.to.equal(development.verifier);
  });
});
