import { readFileSync } from "node:fs";
import { expect } from "chai";
import { AbiCoder, concat, Interface, id, keccak256, MaxUint256 } from "ethers";
import { network } from "hardhat";
import ProtocolForToken from "../../ignition/modules/ProtocolForToken.ts";
import { nameOf, type Token } from "../../indexer/dashboard/src/format/token.ts";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { reconcile } from "../../scripts/reconcile/reconcile.ts";
import { groth16VerifierAbi, teeVerifierAbi } from "../../sdk/src/generated/abis.ts";
import { idOf, type Offer, Route } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { X402_ADDRESS } from "../support/x402.ts";

/**
 * An operator who wants to stop the indexer, or to make it report a burn that the protocol did not make.
 *
 * Names and offers are free text and free numbers, so a value that a table cannot hold would end the indexer for
 * everybody. And where OPG burns by being sent to a sink, anyone can send some there: by a transfer, or by withdrawing
 * stake straight into it, which looks like a burn of the registry's to whoever only reads the token.
 *
 * The same values are to stop `npm run reconcile`, or to have it report differences for ever: texts that are not UTF-8, which
 * two libraries read differently, and a claim of nothing of a node that there is not. And texts of any size, to be given to
 * whoever lists nodes.
 *
 * Anyone can also have the batch settlement credit a token of their own, which lies about balances, with 2^256 − 1 again
 * and again, until no column holds the sum. And a verifier that the registry once added may emit any log.
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
    const deployment = {
      chainId: 31_337,
      startBlock,
      addresses: {
        Settlement: await deployed.settlement.getAddress(),
        NodeRegistry: await nodes.getAddress(),
        ModelRegistry: await deployed.models.getAddress(),
        VerifierRegistry: await deployed.verifiers.getAddress(),
        OPG: await opg.getAddress(),
        BurnSink: sink,
        BatchSettlement: await deployed.batchSettlement.getAddress(),
      },
    };
    indexer = await startIndexer({ rpcUrl: rpc.url, deployment });
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
    // PostgreSQL's text has no NUL: the rest is kept, up to its bound.
    expect(found?.items).to.deep.equal([
      { id: nodeId, endpoint: `nul, quote ' " ; drop table node; --`, metadataURI: "x".repeat(2_048) },
    ]);

    // Bytes that are no text, a byte order mark, and a character that reaches over the bound.
    const models = await ethers.getContractAt("ModelRegistry", await deployed.models.getAddress());
    const bom = "0xefbbbf";
    const described = ["0x00ff41c3", concat([bom, "0x00", bom, "0x41", bom])];
    const values = AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes", "bytes"], [nodeId, ...described]);
    await operator.sendTransaction({
      to: nodes,
      data: concat([nodes.interface.getFunction("describe").selector, values]),
    });
    await models.connect(operator).register(id("content"), `${"x".repeat(2_047)}\u{1f600}tail`);
    const { nodes: odd, models: large } = await rows(`{
      nodes { items { endpoint metadataURI } }
      models { items { metadataURI } }
    }`);
    expect(odd?.items).to.deep.equal([{ endpoint: "\ufffdA\ufffd", metadataURI: "A\ufeff" }]);
    expect(large?.items).to.deep.equal([{ metadataURI: "x".repeat(2_047) }]);

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

    // Credits beyond every sum, of a token that nobody listed.
    const lies = await ethers.deployContract("LyingToken");
    await networkHelpers.setCode(
      X402_ADDRESS,
      await ethers.provider.getCode(await ethers.deployContract("X402StandIn")),
    );
    const batches = await ethers.getContractAt("BatchSettlement", await deployed.batchSettlement.getAddress());
    const gates = await ethers.getContractAt("X402Gates", await batches.gates());
    await gates.make(nodeId, modelId, 1n);
    await batches.claim(id("no node"), modelId, 1n, lies, "0x");
    const rounds = 10n;
    for (let round = 0n; round < rounds; ++round) {
      if (round > 0n) await batches.connect(operator).withdraw(lies, operator);
      await batches.claimLedger(nodeId, modelId, 1n, lies, "0x");
    }
    const { channelCredits, periodTokens } = await rows(`{
      channelCredits { items { balance received withdrawn } }
      periodTokens(where: { interval: TOTAL, token: "${(await lies.getAddress()).toLowerCase()}" }) { items { fees } }
    }`);
    const largest78 = "9".repeat(78);
    expect(channelCredits?.items).to.deep.equal([
      { balance: String(MaxUint256), received: largest78, withdrawn: largest78 },
    ]);
    expect(periodTokens?.items, "fees of a token that nobody listed").to.deep.equal([]);

    // Nor does the dashboard show its sums, or call it what it calls itself, however many of them there are.
    const lying = (await lies.getAddress()).toLowerCase();
    const told = (await (await fetch(`${indexer.url}/tokens`)).json()) as readonly Token[];
    const counterfeit = told.find(({ address }) => address === lying);
    expect(counterfeit?.listed).to.equal(false);
    expect(nameOf(lying, [{ address: lying, listed: false, decimals: 6, symbol: "USDC" }]).symbol).to.match(/^0x/);
    const page = readFileSync(new URL("../../indexer/dashboard/src/queries/Laws.graphql", import.meta.url), "utf8");
    const subjectsOf = ({ laws }: Record<string, { items: Record<string, unknown>[] }>) =>
      laws?.items.map(({ subject }) => subject);
    expect(subjectsOf(await rows("{ laws { items { subject } } }"))).to.include(lying);
    const ownToken = (await opg.getAddress()).toLowerCase();
    expect(subjectsOf(await indexer.query(page, { listed: [] }))).to.deep.equal([ownToken, ownToken]);
    expect(subjectsOf(await indexer.query(page, { listed: [lying] }))).to.include(lying);

    const source = { kind: "indexer", url: indexer.url } as const;
    const { differences, uncompared } = await reconcile({ rpcUrl: rpc.url, deployment, source });
    expect({ differences, uncompared }).to.deep.equal({ differences: [], uncompared: [] });

    // Logs of a verifier that is none of ours: of unknown enclaves, twice the same, of no known kind, and garbage.
    const impostor = await ethers.deployContract("LogEmitter");
    const verifiers = await ethers.getContractAt("VerifierRegistry", await deployed.verifiers.getAddress());
    await verifiers.add(Route.TEE, impostor);
    const emit = async (abi: ConstructorParameters<typeof Interface>[0], name: string, values: readonly unknown[]) => {
      const event = new Interface(abi).getEvent(name);
      if (event === null) throw new Error(`there is no event ${name}`);
      const { topics, data } = new Interface(abi).encodeEventLog(event, values);
      await impostor.emitLog(topics, data);
      await impostor.emitLog(topics.slice(0, 1), "0x01");
      await impostor.emitLog(topics, "0x");
      return { topics, data };
    };
    const word = id("anything");
    await emit(teeVerifierAbi, "EnclaveRevoked", [nodeId, 7n, 1n, true]);
    const time = 2n ** 48n - 1n;
    for (const name of ["one", "\0two"]) {
      await emit(teeVerifierAbi, "EnclaveAttested", [
        word,
        0n,
        operator.address,
        word,
        time,
        time,
        2n ** 64n - 1n,
        name,
      ]);
    }
    const { topics, data } = await emit(teeVerifierAbi, "KeyFaulted", [word, operator.address, 1n]);
    await impostor.emitLog(topics, data.replace(/1$/, "7"));
    await emit(teeVerifierAbi, "MeasurementBanned", [word]);
    await emit(teeVerifierAbi, "MeasurementBanned", [word]);
    const ceremony = [true, 2n ** 32n - 1n, word, word];
    await emit(groth16VerifierAbi, "KeyRegistered", [word, operator.address, MaxUint256, ceremony]);
    await emit(groth16VerifierAbi, "KeyRegistered", [word, deployer.address, 0n, ceremony]);
    const { enclaves, keyFaults, verifyingKeys, alerts } = await rows(`{
      enclaves { items { moduleId validUntil } }
      keyFaults { items { fault } }
      verifyingKeys { items { pointer numPublic contributions } }
      alerts { items { kind } }
    }`);
    expect(enclaves?.items).to.deep.equal([{ moduleId: "one", validUntil: String(time) }]);
    expect(keyFaults?.items).to.deep.equal([{ fault: "COMPROMISED" }]);
    expect(verifyingKeys?.items).to.deep.equal([
      { pointer: operator.address.toLowerCase(), numPublic: String(MaxUint256), contributions: String(2n ** 32n - 1n) },
    ]);
    expect(alerts?.items.map(({ kind }) => kind)).to.have.members(["KEY_FAULTED", "MEASUREMENT_BANNED"]);
  });
});
