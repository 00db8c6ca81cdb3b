import { expect } from "chai";
import { id } from "ethers";
import { loadDigitsModel } from "../../../circuits/src/digits.ts";
import { encodeZkParameters, keyBytes } from "../../../circuits/src/key.ts";
import { contractsOf } from "../../../sdk/src/chain/contracts.ts";
import { requireProductionKey } from "../../../sdk/src/client/requireProductionKey.ts";
import { OutputCommitment, Route } from "../../../sdk/src/types.ts";
import { ethers, loadProtocol, type Protocol } from "../../support/fixtures.ts";
import { deploymentOf } from "../../support/sdk.ts";

const SEPOLIA = 11_155_111;
const digits = await loadDigitsModel();

/** Gives the fixture's model a ZK route under a verifying key. */
async function routeWith(p: Protocol, key: string) {
  const { verifiers, models } = p.contracts;
  const verifier = await ethers.getContractAt("Groth16Verifier", (await verifiers.verifierOf(1)).verifier);
  await verifier.registerKey(key);
  const keyId = ethers.keccak256(key);
  const parameters = encodeZkParameters({
    keyId: keyId as `0x${string}`,
    weightsCommitment: digits.weightsCommitment,
    units: 3n,
  });
  await models.connect(p.accounts.modelOwner).setRoute(p.modelId, Route.ZK, 1, OutputCommitment.VALUE, parameters);
  return { keyId, route: { modelId: p.modelId, route: Route.ZK, routeVersion: 2 } };
}

describe("SDK: development keys", () => {
  it("are used on local chains and refused everywhere else", async () => {
    const p = await loadProtocol();
    const contracts = contractsOf(await deploymentOf(p), ethers.provider);
    const { keyId, route } = await routeWith(p, digits.keyBytes);
    const { weightsCommitment } = digits;
    for (const local of [1_337, 31_337]) {
      expect(await requireProductionKey(contracts, local, route)).to.deep.equal({
        keyId,
        weightsCommitment,
        units: 3n,
      });
    }
    let message = "";
    try {
      await requireProductionKey(contracts, SEPOLIA, route);
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    expect(message)
      .to.contain(`under key ${keyId}, and it is marked as a development key`)
      .and.to.contain(`refused on chain ${SEPOLIA}`);
  });

  it("are not keys that name their ceremony, which are used everywhere", async () => {
    const p = await loadProtocol();
    const contracts = contractsOf(await deploymentOf(p), ethers.provider);
    const ceremony = {
      ...digits.ceremony,
      development: false,
      contributions: 3,
      zkeyHash: id("final.zkey") as `0x${string}`,
    };
    const { keyId, route } = await routeWith(p, keyBytes(digits.vkey, ceremony));
    expect((await requireProductionKey(contracts, SEPOLIA, route))?.keyId).to.equal(keyId);
  });
});
