import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { keccak256, type Signer, toBeHex } from "ethers";
import { keyBytes, keyIdOf, type UNDECLARED } from "../../circuits/src/key.ts";
import { InputError } from "../../scripts/cli/InputError.ts";
import { checkModel, type Step } from "../../scripts/models/check.ts";
import { keyInfo, publishModel, requireSafeParameters, UNSAFE_KEY_WORDS } from "../../scripts/models/publish.ts";
import { type CircuitKey, keyOf, readSources, type Sources } from "../../scripts/models/sources.ts";
import { contractsOf } from "../../sdk/src/chain/contracts.ts";
import { TypedContract } from "../../sdk/src/chain/TypedContract.ts";
import { requireProductionKey } from "../../sdk/src/client/requireProductionKey.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { groth16VerifierAbi } from "../../sdk/src/generated/abis.ts";
import { OpgModels } from "../../sdk/src/operator/OpgModels.ts";
import { Route } from "../../sdk/src/types.ts";
import { keepCurve, makePowers, runCeremony, SCALE } from "../support/ceremony.ts";
import { ethers, loadProtocol, type Protocol } from "../support/fixtures.ts";
import { model } from "../support/scaleModel.ts";
import { deploymentOf, temporaryDirectory } from "../support/sdk.ts";

const SEPOLIA = 11_155_111;
const LOCAL = 31_337;

describe("Publishing and checking a model", function () {
  this.timeout(600_000);

  let temporary: ReturnType<typeof temporaryDirectory>;
  let release: () => Promise<void>;
  let ceremony: string;
  let sources: Sources;
  let production: CircuitKey;
  let development: CircuitKey;
  let p: Protocol;
  let deployment: Deployment;
  const path = (...names: string[]) => join(temporary.path, ...names);

  before(async () => {
    temporary = temporaryDirectory();
    release = keepCurve();
    ceremony = path("ceremony");
    await runCeremony(ceremony, await makePowers(path("tau.ptau")));
    sources = await readSources(model.circuit, {});
    production = await keyOf(SCALE, { ceremony });
    development = await keyOf(SCALE, {});
  });
  after(async () => {
    temporary.remove();
    await release();
  });
  beforeEach(async () => {
    p = await loadProtocol();
    const { verifier } = await p.contracts.verifiers.verifierOf(1);
    const known = await deploymentOf(p);
    deployment = { ...known, addresses: { ...known.addresses, Groth16Verifier: verifier } };
  });

  const publisher = async (signer: Signer = p.accounts.modelOwner, chainId = LOCAL) => ({
    account: await signer.getAddress(),
    chainId,
    models: new OpgModels({ signer, deployment }),
    groth16: new TypedContract(addressOf(deployment, "Groth16Verifier"), groth16VerifierAbi, signer),
  });
  const contracts = () => contractsOf(deployment, ethers.provider);

  const failure = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) throw new Error("it did not fail");
    return error.message;
  };

  /** Checks the model that was published. @returns the steps that do not hold. */
  const check = async (
    modelId: string,
    options: Parameters<typeof keyOf>[1] = {},
    circuit = model.circuit,
  ): Promise<Step[]> => {
    const groth16 = new TypedContract(addressOf(deployment, "Groth16Verifier"), groth16VerifierAbi, ethers.provider);
    const failed: Step[] = [];
    for await (const step of checkModel(
      { contracts: contracts(), groth16, startBlock: 0 },
      modelId,
      circuit,
      options,
    )) {
      if (!step.holds) failed.push(step);
    }
    return failed;
  };
  const names = (steps: readonly Step[]) => steps.map(({ what }) => what);

  it("takes the commitment to the weights from the circuit, which refuses another one", async () => {
    expect(sources.weightsCommitment).to.equal(toBeHex(11n ** 3n + 4n, 32));
    expect(sources.contentHash).to.equal(keccak256(readFileSync(model.circuit.weights)));
    const lying = {
      ...model.circuit,
      sample: (file: Uint8Array) => ({ ...model.circuit.sample(file), weightsCommitment: 1n }),
    };
    expect(await failure(readSources(lying, {}))).to.match(
      /scale\.circom does not take .*scale\.weights\.json: .*Assert/,
    );
    expect(await failure(readSources(model.circuit, { weights: SCALE }))).to.contain("is not what it should be");
    const noRoute = join(import.meta.dirname, "../support/circuits/publicSignals1.circom");
    expect(await failure(readSources(model.circuit, { circuit: noRoute }))).to.contain("has 1 public signals");
  });

  it("registers key, model and route, once, however often it is run", async () => {
    const first = await publishModel(await publisher(), sources, production);
    expect(first).to.deep.include({ routeVersion: 1, verifierId: 1, sent: ["key", "model", "route"] });
    const block = await ethers.provider.getBlockNumber();
    expect(await publishModel(await publisher(), sources, production)).to.deep.equal({ ...first, sent: [] });
    expect(await ethers.provider.getBlockNumber()).to.equal(block);

    const info = await keyInfo((await publisher()).groth16, production.keyId);
    expect(info?.ceremony).to.deep.equal(production.ceremony);
    const route = { modelId: first.modelId, route: Route.ZK, routeVersion: 1 };
    expect(await requireProductionKey(contracts(), SEPOLIA, route)).to.deep.equal({
      keyId: production.keyId,
      weightsCommitment: sources.weightsCommitment,
      units: 3n,
    });

    // Another key is another version; a route that was disabled is set again.
    const second = await publishModel(await publisher(), sources, development);
    expect(second).to.deep.include({ routeVersion: 2, sent: ["key", "route"] });
    await p.contracts.models.connect(p.accounts.modelOwner).disableRoute(first.modelId, Route.ZK);
    expect((await publishModel(await publisher(), sources, development)).sent).to.deep.equal(["route"]);
  });

  it("goes on after a failure at any transaction", async () => {
    for (let before = 0; before < 3; before++) {
      p = await loadProtocol();
      const { modelOwner } = p.accounts;
      let left = before;
      const failing = new Proxy(modelOwner, {
        get: (target, name) =>
          name === "sendTransaction"
            ? (...args: Parameters<Signer["sendTransaction"]>) =>
                left-- > 0 ? target.sendTransaction(...args) : Promise.reject(new Error("the power went out"))
            : Reflect.get(target, name, target),
      });
      const { models, groth16 } = await publisher(failing);
      const broken = { ...(await publisher()), models, groth16 };
      expect(await failure(publishModel(broken, sources, production))).to.contain("the power went out");
      const { sent, modelId } = await publishModel(await publisher(), sources, production);
      expect(sent).to.deep.equal(["key", "model", "route"].slice(before));
      expect(await check(modelId, { ceremony })).to.deep.equal([]);
    }
  });

  it("refuses on a real chain a key that is not for production, unless told otherwise in so many words", async () => {
    const one = path("one");
    await runCeremony(one, path("tau.ptau"), { contributions: 1 });
    const weak = await keyOf(SCALE, { ceremony: one });
    expect(weak.ceremony.development).to.equal(true);
    for (const [key, missing] of [
      [development, "its setup is the development setup, whose secrets are public"],
      [weak, "the circuit's phase has 1 of 2 contributions"],
    ] as const) {
      const real = await publisher(p.accounts.modelOwner, SEPOLIA);
      const block = await ethers.provider.getBlockNumber();
      for (const words of [undefined, "yes", UNSAFE_KEY_WORDS.toUpperCase()]) {
        const message = await failure(publishModel(real, sources, key, words === undefined ? {} : { words }));
        expect(message)
          .to.contain(`Key ${key.keyId} is not one for production (${missing}), so it is refused on chain ${SEPOLIA}`)
          .and.contain(`--accept-unsafe-key "${UNSAFE_KEY_WORDS}"`);
      }
      expect(await ethers.provider.getBlockNumber()).to.equal(block);
      const { modelId, routeVersion } = await publishModel(real, sources, key, { words: UNSAFE_KEY_WORDS });
      // It is marked on chain, and requesters refuse it all the same.
      expect((await keyInfo(real.groth16, key.keyId))?.ceremony.development).to.equal(true);
      const route = { modelId, route: Route.ZK, routeVersion };
      expect(await failure(requireProductionKey(contracts(), SEPOLIA, route))).to.contain(
        "is marked as a development key",
      );
    }
    await publishModel(await publisher(p.accounts.modelOwner, SEPOLIA), sources, production);
  });

  it("refuses on a real chain a route under a key that declares too little, or that nobody registered", async () => {
    const { groth16, models } = await publisher();
    const { verified } = production;
    const declare = async (change: Partial<typeof UNDECLARED>) => {
      const key = keyBytes(verified?.vkey, { ...production.ceremony, ...change });
      await groth16.write("registerKey", key);
      return publishedParameters(keyIdOf(key));
    };
    const publishedParameters = (keyId: string) =>
      `0x${keyId.slice(2)}${sources.weightsCommitment.slice(2)}${"03".padStart(64, "0")}`;
    const refusal = async (parameters: string) => failure(requireSafeParameters(SEPOLIA, groth16, parameters));
    const alone = await declare({ contributions: 1 });
    expect(await refusal(alone)).to.contain("its ceremony has 1 of 2 contributions");
    expect(await refusal(await declare({ beacon: `0x${"00".repeat(32)}` }))).to.contain(
      "no beacon closed its ceremony",
    );
    expect(await refusal(publishedParameters(`0x${"ab".repeat(32)}`))).to.contain("it is not registered");
    await requireSafeParameters(LOCAL, groth16, alone);
    await requireSafeParameters(SEPOLIA, groth16, alone, UNSAFE_KEY_WORDS);
    await requireSafeParameters(SEPOLIA, groth16, await declare({ contributions: 5 }));
    await requireSafeParameters(SEPOLIA, groth16, "0x1234");

    // Requesters refuse it too.
    const { modelId } = await publishModel(await publisher(), sources, production);
    const route = { route: Route.ZK, verifierId: 1, outputCommitment: 1 as const, parameters: alone };
    const routeVersion = await models.setRoute(modelId, route);
    expect(
      await failure(requireProductionKey(contracts(), SEPOLIA, { modelId, route: Route.ZK, routeVersion })),
    ).to.contain("its ceremony has 1 of 2 contributions");
  });

  it("finds that a published model belongs to its sources, whoever owns it by now", async () => {
    const { modelId } = await publishModel(await publisher(), sources, production);
    expect(await check(modelId, { ceremony })).to.deep.equal([]);
    expect(await check(modelId, { zkey: join(ceremony, "scale_final.zkey"), ptau: path("tau.ptau") })).to.deep.equal(
      [],
    );
    await p.contracts.models.connect(p.accounts.modelOwner).transferModel(modelId, p.accounts.stranger);
    await p.contracts.models.connect(p.accounts.stranger).acceptModel(modelId);
    expect(await check(modelId, { ceremony })).to.deep.equal([]);
    expect(await failure(publishModel(await publisher(), sources, production))).to.contain("belongs to");
    const own = await publishModel(await publisher(p.accounts.requester), sources, development);
    expect(await check(own.modelId)).to.deep.equal([]);
  });

  it("finds other weights, another circuit, another ceremony, and names them", async () => {
    const { modelId } = await publishModel(await publisher(), sources, production);
    const weights = path("other.weights.json");
    writeFileSync(weights, JSON.stringify({ weight: 11, bias: 5 }));
    expect(names(await check(modelId, { ceremony, weights }))).to.deep.equal(["weights' file", "weights"]);
    // The same numbers in another file have the same commitment and are another content.
    writeFileSync(weights, JSON.stringify({ bias: 4, weight: 11 }));
    expect(names(await check(modelId, { ceremony, weights }))).to.deep.equal(["weights' file"]);

    // One constraint differs, and the circuit takes the same inputs.
    const circuit = path("scale.circom");
    writeFileSync(circuit, readFileSync(SCALE, "utf8").replace("claimHash * claimHash", "claimHash * x"));
    const [wrong, ...rest] = await check(modelId, { ceremony, circuit });
    expect(rest).to.deep.equal([]);
    expect(wrong).to.deep.include({ what: "ceremony" });
    expect(wrong?.detail).to.contain("scale_final.zkey does not hold");

    const another = path("another");
    await runCeremony(another, path("tau.ptau"));
    expect(names(await check(modelId, { ceremony: another }))).to.deep.equal([
      "key's points",
      "key's declaration",
      "key",
    ]);

    const units = { ...model.circuit, units: 4n, output: 2 as const };
    expect(names(await check(modelId, { ceremony }, units))).to.deep.equal(["units", "output"]);

    // Under a development key: another circuit has another one.
    const own = await publishModel(await publisher(p.accounts.requester), sources, development);
    expect(names(await check(own.modelId, { circuit }))).to.deep.equal(["key's points", "key's declaration", "key"]);
  });

  it("says what it cannot check, and what is not there", async () => {
    const { modelId } = await publishModel(await publisher(), sources, production);
    const error = await check(modelId).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(InputError);
    expect(String(error)).to.contain(
      `name its transcript, whose .zkey has the SHA-256 ${production.ceremony.zkeyHash}`,
    );
    expect(await check(`0x${"ab".repeat(32)}`)).to.deep.equal([
      { what: "model", holds: false, detail: "it is not registered" },
    ]);
    expect(names(await check(p.modelId))).to.deep.equal(["route"]); // by a verifier of the tests
    await p.contracts.models.connect(p.accounts.modelOwner).disableRoute(modelId, Route.ZK);
    expect(await check(modelId, { ceremony })).to.deep.equal([
      { what: "route", holds: false, detail: "the model has no ZK route" },
    ]);
  });
});
