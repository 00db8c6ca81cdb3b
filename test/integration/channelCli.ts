import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { getBytes, type HDNodeWallet, id, keccak256, parseUnits, Wallet, ZeroHash } from "ethers";
import { digitImages } from "../../circuits/src/dataset.ts";
import { deploy, type LocalChain, startChain } from "../../scripts/demo/chain.ts";
import { DevelopmentEnclave } from "../../scripts/enclave/enclave.ts";
import { createDevelopmentRoot } from "../../scripts/enclave/simulator.ts";
import { model } from "../../scripts/models/enclaveDigits.ts";
import { encodeTeeParameters, measurementOf, teeProof } from "../../sdk/src/attestation/tee.ts";
import { type LeafSet, parseLeafSet } from "../../sdk/src/batch/leafSet.ts";
import { TypedContract } from "../../sdk/src/chain/TypedContract.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { opgAbi, testUsdAbi } from "../../sdk/src/generated/abis.ts";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { OpgModels } from "../../sdk/src/operator/OpgModels.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { Trust } from "../../sdk/src/types.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { opg, opgService } from "../support/cli.ts";
import { temporaryDirectory } from "../support/sdk.ts";

const DEPLOYMENT_ID = `test-channels-${process.pid}`;
const MODULE = "./scripts/models/enclaveDigits.ts";
/** The simulated enclave's key, and PCR0 to PCR2 of its image. */
const ENCLAVE = new Wallet(id("an enclave's key, for a test"));
const IMAGE = [1, 2, 3].map((value) => new Uint8Array(48).fill(value)) as [Uint8Array, Uint8Array, Uint8Array];

/** Three images, and what each call asks and costs: 0.001 tUSD, and 0.002 for each digit. */
const [SEVEN, TWO, ONE] = [7, 2, 1].map((digit) => digitImages().heldOut.find(({ label }) => label === digit));
const cost = (digits: bigint) => 1_000n + 2_000n * digits;

describe("The command line with channels, over HTTP", function () {
  this.timeout(300_000);

  let chain: LocalChain;
  let deployment: Deployment;
  let directory: ReturnType<typeof temporaryDirectory>;
  let operator: HDNodeWallet;
  let payer: HDNodeWallet;
  let modelId: string;
  let nodeId: string;
  let service: Awaited<ReturnType<typeof opgService>> | undefined;

  const file = (name: string) => join(directory.path, name);
  const onChain = () => ["--network", "custom", "--deployment", file("deployment.json")];
  const environment = ({ privateKey }: HDNodeWallet) => ({
    CUSTOM_RPC_URL: chain.url,
    OPG_PRIVATE_KEY: privateKey,
    ENCLAVE_KEY: ENCLAVE.privateKey,
  });
  /** Runs a command as an account, with `--json`. @returns what it printed, parsed. */
  const as = async (account: HDNodeWallet, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await opg([...args, ...onChain(), "--json"], environment(account));
    expect(code, `opg ${args.join(" ")}: ${stderr}`).to.equal(0);
    return JSON.parse(stdout);
  };
  /** Runs a command that fails. @returns its exit code and its line. */
  const refused = async (account: HDNodeWallet, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await opg([...args, ...onChain()], environment(account));
    expect(stdout).to.equal("");
    expect(stderr.trimEnd().split("\n"), stderr).to.have.length(1);
    return { code, line: stderr.trimEnd() };
  };
  const place = () => ["--node", nodeId, "--model", modelId];
  const ask = (input: string, ...more: readonly string[]) =>
    ["channel", "infer", "--node", nodeId, "--model", `${MODULE}=${modelId}`, "--input", file(input), ...more] as const;

  async function serve(...more: readonly string[]) {
    service = await opgService(
      [
        ...["node", "serve", "--model", `${MODULE}=${modelId}`, "--channels", "--port", "0"],
        ...["--directory", file("node"), ...more, ...onChain(), "--json"],
      ],
      environment(operator),
    );
    await as(operator, "node", "describe", "--endpoint", String(service.first.url));
  }
  /** Stops the node. @returns the types of the events that it told. */
  async function stop(): Promise<string[]> {
    const stopped = await service?.stop();
    service = undefined;
    expect(stopped?.code, stopped?.stderr).to.equal(0);
    const lines = stopped?.stdout.trimEnd().split("\n") ?? [];
    return lines.map((line) => JSON.parse(line).type);
  }
  const leafSets = () => readdirSync(file("node/batches")).map((name) => file(join("node/batches", name)));

  before(async () => {
    directory = temporaryDirectory();
    const root = createDevelopmentRoot();
    writeFileSync(file("root.der"), root.certificate);
    chain = await startChain(0);
    [operator, payer] = [chain.wallet(1), chain.wallet(2)];
    deployment = await deploy(chain.url, DEPLOYMENT_ID, root.certificate);
    writeFileSync(file("deployment.json"), toJson(deployment));
    const deployer = chain.wallet(0);
    const [opgToken, usd] = [addressOf(deployment, "OPG"), addressOf(deployment, "TestUSD")];
    await new TypedContract(opgToken, opgAbi, deployer).write("transfer", operator.address, parseUnits("1000"));
    await new TypedContract(usd, testUsdAbi, deployer).write("mint", payer.address, parseUnits("100", 6));
    for (const [name, sheet] of Object.entries({ seven: [SEVEN], two: [TWO, ONE], one: [ONE] })) {
      writeFileSync(file(`${name}.json`), JSON.stringify(sheet.map((image) => image?.pixels)));
    }

    const models = new OpgModels({ signer: operator, deployment });
    const verifier = await models.verifierIdOf(addressOf(deployment, "TeeVerifier"));
    const parameters = encodeTeeParameters({
      trust: Trust.LOCAL,
      backend: "",
      measurements: [measurementOf(IMAGE)],
    });
    modelId = await models.register(id("sheets"));
    await as(
      operator,
      ...["model", "route", modelId, "--route", "tee", "--verifier", String(verifier)],
      ...["--output", "keccak256", "--parameters", parameters],
    );
    const nodes = new OpgOperator({ signer: operator, deployment });
    nodeId = await nodes.register({ salt: ZeroHash });
    await nodes.stake(nodeId, parseUnits("1000"));
    const price = ["--price", "0.001", "--unit-price", "0.002"];
    await as(operator, "node", "offer", "--route", "tee", "--model", modelId, ...price);
    const enclave = new DevelopmentEnclave({ root, measurement: IMAGE }, ENCLAVE.signingKey);
    writeFileSync(file("document.bin"), enclave.attest(await as(operator, "node", "binding")));
    expect(await as(operator, "node", "attest", file("document.bin"))).to.deep.include({ index: "0" });
  });

  after(async () => {
    await service?.stop();
    await chain?.close();
    directory?.remove();
    rmSync(join("ignition", "deployments", DEPLOYMENT_ID), { recursive: true, force: true });
  });

  it("opens a channel, pays calls from it, and settles them in one batch, which holds in an audit", async () => {
    await serve("--settle-at", "3");
    const opened = await as(payer, "channel", "open", "0.02", ...place());
    expect(opened).to.deep.include({ amount: "20000" });
    const snapshot: string = await chain.provider.send("evm_snapshot", []);

    const first = await as(payer, ...ask("seven.json", "--max-units", "1", "--receipt", file("receipt.json")));
    expect(first).to.deep.include({
      output: "7",
      amount: String(cost(1n)),
      units: "1",
      proves: "EXECUTION",
    });
    const second = await as(payer, ...ask("two.json", "--max-units", "2"));
    expect(second).to.deep.include({ output: "21", amount: String(cost(2n)) });
    const [unproven, unsettled] = await Promise.all([
      as(payer, "channel", "proof", file("receipt.json")),
      as(payer, "channel", "status", ...place()),
    ]);
    expect(unproven).to.deep.equal({ settled: false });
    expect(unsettled).to.deep.include({
      ...{ channelId: opened.channelId, payer: payer.address, balance: "20000", claimed: "0" },
      charged: String(cost(1n) + cost(2n)),
    });

    const third = await as(payer, ...ask("one.json", "--max-units", "1"));
    expect(third.receipt.sequence).to.equal("2");
    const charged = 2n * cost(1n) + cost(2n);
    const [leafSet = "", ...others] = await settledLeafSets();
    expect(others).to.deep.equal([]);
    const [status, proof, state, audit] = await Promise.all([
      as(payer, "batch", "status", leafSet),
      as(payer, "channel", "proof", file("receipt.json")),
      as(payer, "channel", "status", ...place()),
      opg(
        [
          ...["audit", "--batch", leafSet, "--rpc", chain.url, "--root", file("root.der")],
          ...["--deployment", file("deployment.json")],
        ],
        {},
      ),
    ]);
    expect(status).to.deep.include({ settled: true, paid: String(charged), burned: `${parseUnits("3")}`, next: "3" });
    expect(proof).to.deep.include({ settled: true });
    expect(proof.batch.count).to.equal("3");
    expect(state).to.deep.include({
      ...{ balance: String(20_000n - charged), claimed: String(charged), charged: String(charged), unpaid: "0" },
    });
    expect(audit.code, audit.stdout + audit.stderr).to.equal(0);
    expect(audit.stdout).to.contain("the rows prove of every channel exactly the sum of its leaves");
    expect(await stop()).to.include.members(["listening", "batched", "batchSettled", "stopped"]);

    // The settlement is lost in a reorganisation: anyone who has the leaf set brings it back.
    expect(await chain.provider.send("evm_revert", [snapshot])).to.equal(true);
    expect(await as(payer, "batch", "status", leafSet)).to.deep.include({ settled: false, next: "0" });
    const again = await as(payer, "batch", "settle", leafSet);
    expect(again).to.deep.include({ digest: status.digest, paid: String(charged), burned: `${parseUnits("3")}` });
    const twice = await refused(payer, "batch", "settle", leafSet);
    expect(twice.code).to.equal(1);
    expect(twice.line).to.match(/^opg: The batch begins with inference 0, but the next one of stream 0x\w+ is 3\.$/);
  });

  /** The leaf sets of what the node has settled, once there are any. */
  async function settledLeafSets(): Promise<string[]> {
    for (let tries = 0; tries < 100; tries++) {
      try {
        const sets = leafSets();
        const [set] = sets;
        if (set !== undefined && (await as(payer, "batch", "status", set)).settled) return sets;
      } catch {
        // The folder is made with the first batch.
      }
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("nothing was settled");
  }

  it("tops a channel up, and gives back what is left, without the node", async () => {
    const left = 20_000n - 2n * cost(1n) - cost(2n);
    expect(await as(payer, "channel", "deposit", "0.01", ...place())).to.deep.include({
      balance: String(left + 10_000n),
    });
    const alone = await as(payer, "channel", "status", ...place());
    expect(alone, "the node is away").not.to.have.property("charged");
    const announced = await as(payer, "channel", "reclaim", ...place());
    expect(await as(payer, "channel", "reclaim", ...place()), "not yet").to.deep.equal(announced);
    await chain.pass(Number(announced.withdrawableAt) - Math.floor(Date.now() / 1_000) + 60, 1);
    expect(await as(payer, "channel", "reclaim", ...place())).to.deep.equal({ amount: String(left + 10_000n) });
    expect(await as(payer, "channel", "status", ...place())).to.deep.include({ balance: "0" });
  });

  it("slashes a node whose enclave has signed two batches for one inference", async () => {
    const [path = ""] = leafSets();
    const signed: LeafSet = parseLeafSet(JSON.parse(readFileSync(path, "utf8")));
    const batch = { ...signed.batch, root: keccak256(getBytes(signed.batch.root)) };
    const domain = { chainId: deployment.chainId, settlement: addressOf(deployment, "BatchSettlement") };
    const proof = teeProof(ENCLAVE.signingKey, hashBatch(domain, batch), 0);
    writeFileSync(file("other.json"), toJson({ ...signed, batch, proof }));
    expect((await refused(payer, "batch", "report", path, path)).code).to.equal(1);
    const report = await as(payer, "batch", "report", path, file("other.json"));
    // A quarter of what the batch's burn has left of the stake is the reporter's.
    expect(report).to.deep.include({ nodeId, reward: String(parseUnits("997") / 4n) });
    expect(await as(payer, "node", "status", "--node", nodeId)).to.deep.include({ free: "0" });
  });

  it("says in one line what is wrong", async () => {
    const nobody = `0x${"00".repeat(32)}`;
    const away = ["channel", "infer", "--node", nobody, "--model", `${MODULE}=${modelId}`, "--input", file("one.json")];
    const unserved = ["node", "serve", "--model", `digits=${modelId}`, "--channels", "--directory", file("node")];
    const mistakes = [
      [operator, ["channel", "status", ...place()], /^opg: Key 0x\w+ has no channel with node .*\.$/],
      [payer, ask("one.json", "--max-units", "1.5"), /whole number/],
      [payer, ask("absent.json"), /^opg: .*absent.json cannot be read: there is no such file$/],
      [payer, away, /^opg: Node 0x0+ has published no endpoint\.$/],
      [payer, ["batch", "settle", "package.json"], /^opg: package.json is not what it should be: .+$/],
      [operator, unserved, /^opg: Channels need an enclave's key: .* export it as `model.enclave`.$/],
    ] as const;
    await Promise.all(
      mistakes.map(async ([account, args, refusal]) =>
        expect((await refused(account, ...args)).line).to.match(refusal),
      ),
    );
    expect(await model.enclave?.(11_155_111).catch(({ message }: Error) => message)).to.equal(
      "A simulated enclave signs on local chains only, and this is chain 11155111.",
    );
  });
});
