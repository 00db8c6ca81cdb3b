import { expect } from "chai";
import { AbiCoder, id, keccak256, MaxUint256 } from "ethers";
import { network } from "hardhat";
import ProtocolForToken from "../../ignition/modules/ProtocolForToken.ts";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { idOf, type Offer, Route } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";

/**
 * An operator who wants to stop the indexer, or to make it report a burn that the protocol did not make.
 *
 * Names and offers are free text and free numbers, so a value that a table cannot hold would end the indexer for
 * everybody. And where OPG burns by being sent to a sink, anyone can send some there: by a transfer, or by withdrawing
 * stake straight into it, which looks like a burn of the registry's to whoever only reads the token.
 */
describe("attack: hostile values for the indexer", () => {
  let indexer: Indexer;
  let rpc: RpcServer;
  after(async () => {
    await indexer?.stop();
    await rpc?.close();
  });

  it("neither stops it nor makes it report a burn that is none", async function () {
    this.timeout(240_000);
    const { ethers, ignition, networkHelpers, provider } = await network.create();
    const [deployer, operator] = await ethers.getSigners();
    if (deployer === undefined || operator === undefined) throw new Error("the test chain has no accounts");

    // A token that is older than the protocol, mints, and has no burn.
    const opg = await ethers.deployContract("TestUSD");
    await opg.mint(operator, 1_000_000n);
    const startBlock = (await ethers.provider.getBlockNumber()) + 1;
    const deployed = await ignition.deploy(ProtocolForToken, {
      parameters: { ProtocolForToken: { opg: await opg.getAddress() } },
    });
    const sink = await deployed.burnSink.getAddress();
    const nodes = await ethers.getContractAt("NodeRegistry", await deployed.nodes.getAddress());
    rpc = await serveRpc(provider);
    indexer = await startIndexer({
      rpcUrl: rpc.url,
      deployment: {
        chainId: 31_337,
        startBlock,
        addresses: {
          Settlement: await deployed.settlement.getAddress(),
          NodeRegistry: await nodes.getAddress(),
          ModelRegistry: await deployed.models.getAddress(),
          VerifierRegistry: await deployed.verifiers.getAddress(),
          OPG: await opg.getAddress(),
          BurnSink: sink,
        },
      },
    });
    const rows = async (query: string) => {
      await indexer.reached(await ethers.provider.getBlockNumber());
      return indexer.query<Record<string, { items: Record<string, unknown>[] }>>(query);
    };

    const as = nodes.connect(operator);
    const salt = id("hostile");
    const nodeId = idOf(operator.address, salt);
    await as.register(salt, operator, operator, `\0nul, quote ' " ; drop table node; --`, "x".repeat(20_000));
    const largest: Offer = {
      nodeId,
      modelId: `0x${"f".repeat(64)}`,
      route: Route.TEE,
      routeVersion: 2n ** 32n - 1n,
      token: `0x${"f".repeat(40)}`,
      pricePerRequest: 2n ** 128n - 1n,
      pricePerUnit: 2n ** 128n - 1n,
      coverage: 2n ** 128n - 1n,
      deliveryWindow: 2n ** 32n - 1n,
      proofWindow: 2n ** 32n - 1n,
    };
    await as.postOffer(largest);
    const { offers, nodes: found } = await rows(`{
      nodes { items { id endpoint metadataURI } }
      offers { items { nodeId modelId token routeVersion pricePerRequest pricePerUnit coverage deliveryWindow proofWindow } }
    }`);
    const { modelId, route, token, ...numbers } = largest;
    expect(offers?.items).to.deep.equal([
      {
        modelId,
        token,
        ...Object.fromEntries(Object.entries(numbers).map(([column, value]) => [column, String(value)])),
      },
    ]);
    // PostgreSQL's text has no NUL: the rest is kept.
    expect(found?.items).to.deep.equal([
      { id: nodeId, endpoint: `nul, quote ' " ; drop table node; --`, metadataURI: "x".repeat(20_000) },
    ]);

    // What the protocol burns, by a settlement module that is not the settlement: from a bond, and from free OPG.
    await opg.connect(operator).approve(nodes, MaxUint256);
    await as.stake(nodeId, 1_000n);
    await nodes.addModule(deployer);
    await networkHelpers.time.increase(await nodes.moduleDelay());
    const key = AbiCoder.defaultAbiCoder().encode(["bytes32", "uint8", "address"], [modelId, route, token]);
    const offerHash = await nodes.offerOf(nodeId, modelId, route, token);
    await nodes.lock(nodeId, id("ref"), keccak256(key), offerHash, 100n);
    await nodes.unlock(nodeId, id("ref"), 100n, 10n, 5n);
    await nodes.burnFree(nodeId, id("batch"), 7n);

    // What only looks like it.
    await opg.mint(operator, 50n);
    await opg.connect(operator).transfer(sink, 3n);
    await as.unbond(nodeId, 20n);
    await networkHelpers.time.increase(await nodes.unbondingDelay());
    await as.withdraw(nodeId, sink);

    const { protocols, burns, laws } = await rows(`{
      protocols { items { initialSupply minted supply destroyed destroyedByRegistry burned free bonded } }
      burns { items { amount ref cause modelId } }
      laws { items { law holds } }
    }`);
    expect(protocols?.items).to.deep.equal([
      {
        initialSupply: "1000000",
        minted: "50",
        supply: String((await opg.totalSupply()) - (await opg.balanceOf(sink))),
        destroyed: "40",
        destroyedByRegistry: "17",
        burned: "17",
        free: String((await nodes.accountOf(nodeId)).free),
        bonded: "0",
      },
    ]);
    expect(burns?.items).to.deep.equal([
      { amount: "10", ref: id("ref"), cause: "OTHER", modelId: null },
      { amount: "7", ref: id("batch"), cause: "OTHER", modelId: null },
    ]);
    expect(laws?.items.filter(({ holds }) => holds !== true)).to.deep.equal([]);
  });
});
