import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Contract, HDNodeWallet, id, JsonRpcProvider, Mnemonic, parseUnits, Wallet } from "ethers";
import { network } from "hardhat";
import { digitImages } from "../../circuits/src/dataset.ts";
import { loadDigits, proveDigit } from "../../circuits/src/digits.ts";
import { commitInput, commitOutput, infer, randomSalt } from "../../circuits/src/model.ts";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { settlementAbi } from "../../sdk/src/generated/abis.ts";
import { hashClaim } from "../../sdk/src/hash/hashClaim.ts";
import { loadDeployment } from "../../sdk/src/node/loadDeployment.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { opg, opgProcess, opgService, run } from "../support/cli.ts";
import { temporaryDirectory } from "../support/sdk.ts";

/** A local chain, but not the one that Hardhat's own tests run on. */
const CHAIN_ID = 1_337;
const DEPLOYMENT_ID = `test-${process.pid}`;
const DEPLOYMENT = join("ignition", "deployments", DEPLOYMENT_ID);

/** The accounts that the local chain starts with: Hardhat's public phrase. */
const phrase = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const keyOf = (index: number): string => HDNodeWallet.fromMnemonic(phrase, `m/44'/60'/0'/0/${index}`).privateKey;
const [DEPLOYER, OPERATOR, REQUESTER] = [keyOf(0), keyOf(1), keyOf(2)];

const DIGIT = digitImages().heldOut[7];
/** The input that README and --help name. */
const SEVEN = "circuits/digit.json";

describe("The command line on a chain of its own, over HTTP", function () {
  this.timeout(600_000);

  let server: Awaited<ReturnType<typeof network.createServer>>;
  let url: string;
  let provider: JsonRpcProvider;
  let deployment: Deployment;
  let directory: ReturnType<typeof temporaryDirectory>;
  let modelId: string;
  let nodeId: string;

  /** Runs a command as an account, with `--json`. @returns what it printed, parsed. */
  const as = async (key: string, ...args: readonly string[]) => {
    const full = [...args, "--network", "custom", "--deployment", DEPLOYMENT, "--json"];
    const { code, stdout, stderr } = await opg(full, { CUSTOM_RPC_URL: url, OPG_PRIVATE_KEY: key });
    expect(code, `opg ${args.join(" ")}: ${stderr}`).to.equal(0);
    return JSON.parse(stdout);
  };
  /** Runs a command that fails. @returns its exit code and its line. */
  const refused = async (key: string, ...args: readonly string[]) => {
    const full = [...args, "--network", "custom", "--deployment", DEPLOYMENT];
    const { code, stdout, stderr } = await opg(full, { CUSTOM_RPC_URL: url, OPG_PRIVATE_KEY: key });
    expect(stdout).to.equal("");
    expect(stderr.trimEnd().split("\n"), stderr).to.have.length(1);
    return { code, line: stderr.trimEnd() };
  };
  const passTime = async (seconds: number) => {
    await provider.send("evm_increaseTime", [seconds]);
    await provider.send("hardhat_mine", ["0x10"]);
  };

  before(async () => {
    await loadDigits();
    directory = temporaryDirectory();
    server = await network.createServer({ network: "default", override: { chainId: CHAIN_ID } }, "127.0.0.1", 0);
    const { port } = await server.listen();
    url = `http://127.0.0.1:${port}`;
    provider = new JsonRpcProvider(url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1 });
  });

  after(async () => {
    provider?.destroy();
    await server?.close();
    directory?.remove();
    rmSync(DEPLOYMENT, { recursive: true, force: true });
  });

  it("is deployed by the command that deploys to a testnet", async () => {
    const { code, stderr } = await run(
      "hardhat",
      [
        ...["ignition", "deploy", "ignition/modules/TestToken.ts", "--network", "custom"],
        ...["--parameters", "ignition/parameters/localhost.json", "--deployment-id", DEPLOYMENT_ID],
        // The production profile is the same settings, but would compile everything once more.
        ...["--build-profile", "default"],
      ],
      { CUSTOM_RPC_URL: url, OPG_PRIVATE_KEY: DEPLOYER, HARDHAT_IGNITION_CONFIRM_DEPLOYMENT: "false" },
    );
    expect(code, stderr).to.equal(0);
    const out = join(directory.path, "deployment.json");
    deployment = await as(DEPLOYER, "deployment", "--out", out);
    expect(deployment).to.deep.equal(loadDeployment(out));
    expect(deployment.chainId).to.equal(CHAIN_ID);
    expect(deployment.startBlock).to.equal(1);
    for (const address of Object.values(deployment.addresses)) {
      expect(await provider.getCode(address)).not.to.equal("0x");
    }
  });

  it("takes an operator from nothing to a staked, listed node with four commands", async () => {
    const operator = new Wallet(OPERATOR);
    const sent = await as(DEPLOYER, "token", "send", "5000", "--to", operator.address);
    expect(sent).to.include({ token: addressOf(deployment, "OPG"), amount: `${parseUnits("5000")}` });
    const minted = await as(REQUESTER, "token", "mint", "100");
    expect(minted).to.include({ token: addressOf(deployment, "TestUSD"), to: new Wallet(REQUESTER).address });
    ({ modelId } = await as(DEPLOYER, "model", "digits"));

    ({ nodeId } = await as(OPERATOR, "node", "register"));
    await as(OPERATOR, "node", "stake", "1000");
    await as(OPERATOR, "node", "offer", "--model", modelId, "--price", "0.25", "--coverage", "100");
    const status = await as(OPERATOR, "node", "status");
    expect(status).to.deep.include({
      nodeId,
      status: "ACTIVE",
      free: `${parseUnits("1000")}`,
      owner: operator.address,
    });
    expect(status.offers).to.have.length(1);
    expect(status.offers[0]).to.deep.include({ modelId, pricePerRequest: "250000", coverage: `${parseUnits("100")}` });
  });

  it("lists a fee token for the governor, and for nobody else", async () => {
    const token = addressOf(deployment, "OPG");
    expect((await refused(REQUESTER, "token", "list", token)).line).to.equal(
      `opg: ${new Wallet(REQUESTER).address} does not have the role that this needs.`,
    );
    expect(await as(DEPLOYER, "token", "list", token)).to.include({ token, listed: true });
    const settlement = new Contract(addressOf(deployment, "Settlement"), settlementAbi, provider);
    const listed = async () =>
      (await settlement.queryFilter("TokenListed")).map((log) => "args" in log && [...log.args]).slice(1);
    expect(await listed()).to.deep.equal([[token, true]]);
    await as(DEPLOYER, "token", "unlist", "OPG");
    expect(await listed()).to.deep.equal([
      [token, true],
      [token, false],
    ]);
  });

  it("publishes a model once, and checks that it belongs to its sources", async () => {
    const again = await as(DEPLOYER, "model", "publish", "digits");
    expect(again).to.deep.include({ modelId, version: 1, sent: [] });
    expect(again.request).to.equal(
      `opg request --model digits=${modelId} --network custom --input FILE --max-fee AMOUNT`,
    );
    const { keyId, weightsCommitment } = await loadDigits();
    expect(again).to.deep.include({ keyId, weightsCommitment });
    expect((await as(REQUESTER, "model", "check", `digits=${modelId}`)).belongs).to.equal(true);

    const weights = join(directory.path, "digits.weights.json");
    writeFileSync(weights, readFileSync("circuits/digits.weights.json", "utf8").replace(/\[-?\d+,/, "[4,"));
    const at = ["--network", "custom", "--deployment", DEPLOYMENT];
    const check = (...args: string[]) => opg(["model", "check", ...args, ...at], { CUSTOM_RPC_URL: url });
    const wrong = await check(`digits=${modelId}`, "--weights", weights);
    expect(wrong.code, wrong.stderr).to.equal(1);
    expect(wrong.stdout).to.match(/weights +NO .*\n[\s\S]*IT DOES NOT BELONG TO THESE SOURCES/);
    expect(await check(`digits=${modelId}`, "--weights", "absent.json")).to.deep.include({ code: 2, stdout: "" });
    expect((await check(`absent.ts=${modelId}`)).code).to.equal(2);
    expect((await check("digits")).code).to.equal(2);
    const offline = await opg(["model", "check", `digits=${modelId}`, "--network", "custom"], {
      CUSTOM_RPC_URL: "http://127.0.0.1:9",
    });
    expect(offline.code).to.equal(2);
  });

  it("runs, proves, settles and pays for an inference on a real digit", async () => {
    const service = await opgService(
      [
        ...[
          "node",
          "serve",
          "--model",
          `digits=${modelId}`,
          "--port",
          "0",
          "--directory",
          join(directory.path, "jobs"),
        ],
        ...["--network", "custom", "--deployment", DEPLOYMENT, "--json"],
      ],
      { CUSTOM_RPC_URL: url, OPG_PRIVATE_KEY: OPERATOR },
    );
    try {
      await as(OPERATOR, "node", "describe", "--endpoint", String(service.first.url));
      const run = await as(REQUESTER, "request", "--model", `digits=${modelId}`, "--input", SEVEN, "--max-fee", "0.5");
      expect(run).to.deep.include({ nodeId, output: 7, fee: "250000" });
      expect(run.settled).to.deep.include({ fee: "250000", returned: "0", burned: `${parseUnits("2")}` });
      const status = await as(REQUESTER, "status", run.requestId);
      expect(status).to.deep.include({ status: "SETTLED" });
      expect(status.outcome.transactionHash).to.equal(run.settled.transactionHash);
      expect((await as(OPERATOR, "node", "collect")).collected).to.equal("250000");
    } finally {
      const { code, stdout } = await service.stop();
      expect(code).to.equal(0);
      expect(stdout).to.contain('"type":"settled"');
    }
  });

  it("does not serve a model that it cannot prove: each request would cost the node its coverage", async () => {
    const serve = (...args: string[]) => refused(OPERATOR, "node", "serve", "--port", "0", ...args);
    const { modelId: other } = await as(OPERATOR, "model", "register", "--content-hash", id("another"));
    const { keyId } = await as(OPERATOR, "model", "key", "circuits/convnet.key.json");
    const { weightsCommitment } = await loadDigits();
    const route = (commitment: string) =>
      as(OPERATOR, "model", "route", other, "--key", keyId, "--weights-commitment", commitment);
    await route(weightsCommitment);
    expect(await serve("--model", `digits=${other}`)).to.deep.equal({
      code: 1,
      line: `opg: Model ${other} is proven under key ${keyId}, and this node would prove under another: every request would default. Name the final .zkey of its ceremony by --zkey.`,
    });
    await route(`0x${"00".repeat(31)}01`);
    expect((await serve("--model", `digits=${other}`)).line).to.contain("has other weights than this node would run");
    expect((await serve("--model", `digits=${modelId}`, "--zkey", "digits=absent.zkey")).code).to.equal(2);
    expect((await serve("--model", `digits=${modelId}`, "--zkey", "absent.zkey")).code).to.equal(2);
  });

  it("delivers and settles by hand what was asked, and lets a default be claimed", async () => {
    if (DIGIT === undefined) throw new Error("there are held-out digits");
    const operator = new OpgOperator({ signer: new Wallet(OPERATOR, provider), deployment });
    const client = new OpgClient({ signer: new Wallet(REQUESTER, provider), deployment, guard: false });
    const [standing] = await client.offers({ modelId });
    if (standing === undefined) throw new Error("the node has an offer");
    const digits = await loadDigits();
    const salt = randomSalt();
    const outputHash = commitOutput(infer(digits.weights, DIGIT.pixels).digit);
    /** Makes a request and posts its delivery by the command. */
    const deliver = async () => {
      const inputHash = commitInput(DIGIT.pixels, salt);
      const { requestId, terms } = await client.request({ offer: standing.offer, inputHash });
      const file = join(directory.path, "answer.json");
      writeFileSync(file, toJson(await operator.answer(terms, outputHash, 1n, "0x")));
      await as(REQUESTER, "deliver", requestId, "--answer", file);
      return { requestId, terms };
    };
    const first = await deliver();
    const claim = {
      requestId: first.requestId,
      modelId,
      nodeId,
      inputHash: first.terms.inputHash,
      outputHash,
      units: 1n,
    };
    const claimHash = hashClaim(client.domain, claim) as `0x${string}`;
    const { proof } = await proveDigit(digits, { claimHash, pixels: DIGIT.pixels, salt });
    const file = join(directory.path, "proof.hex");
    writeFileSync(file, `0x00${proof.slice(4)}`);
    const wrong = await refused(REQUESTER, "settle", first.requestId, "--proof", file);
    expect(wrong.line).to.equal(`opg: The proof for request ${first.requestId} does not prove claim ${claimHash}.`);
    writeFileSync(file, proof);
    await as(REQUESTER, "settle", first.requestId, "--proof", file);
    expect((await as(REQUESTER, "status", first.requestId)).status).to.equal("SETTLED");

    const second = await deliver();
    await passTime(3_601);
    await as(REQUESTER, "default", second.requestId);
    const { outcome } = await as(REQUESTER, "status", second.requestId);
    expect(outcome).to.include({ reason: "defaulted", returned: "250000", compensation: `${parseUnits("80")}` });
    expect((await as(REQUESTER, "withdraw", "--token", "OPG")).withdrawn).to.equal(`${parseUnits("82")}`);
    await as(REQUESTER, "withdraw");
  });

  it("changes the price, pauses, and moves stake in and out", async () => {
    const { offer } = await as(OPERATOR, "node", "price", "0.2");
    expect(offer.pricePerRequest).to.equal("200000");
    expect(await as(OPERATOR, "node", "pause")).to.include({ status: "PAUSED" });
    expect(await as(OPERATOR, "node", "unpause")).to.include({ status: "ACTIVE" });
    expect((await as(OPERATOR, "node", "unbond", "300")).unbonding).to.equal(`${parseUnits("300")}`);
    expect((await as(OPERATOR, "node", "rebond", "50")).unbonding).to.equal(`${parseUnits("250")}`);
    const early = await refused(OPERATOR, "node", "withdraw");
    expect(early.code).to.equal(1);
    expect(early.line).to.match(/^opg: The unbonding OPG of node 0x\w+ can be withdrawn from \d{4}-.*Z on\.$/);
    await passTime(3 * 3_600 + 1);
    expect((await as(OPERATOR, "node", "withdraw")).withdrawn).to.equal(`${parseUnits("250")}`);
  });

  it("refunds a request that nobody answers", async () => {
    // The node does not run any more: the request is made, and no answer comes.
    const failed = await refused(
      REQUESTER,
      ...["request", "--model", `digits=${modelId}`, "--input", SEVEN, "--max-fee", "0.5", "--timeout", "1"],
    );
    expect(failed.code).to.equal(1);
    const requestId = /^opg: Request (0x\w{64}): /.exec(failed.line)?.[1] ?? "";
    expect((await as(REQUESTER, "status", requestId)).status).to.equal("REQUESTED");
    const early = await refused(REQUESTER, "refund", requestId);
    expect(early.line).to.contain("can still be delivered until");
    await passTime(601);
    await as(REQUESTER, "refund", requestId);
    expect((await as(REQUESTER, "status", requestId)).outcome).to.include({ reason: "refunded", returned: "200000" });
    expect((await as(REQUESTER, "withdraw")).withdrawn).to.equal("200000");
  });

  it("retires a node, and lists it no more", async () => {
    await as(OPERATOR, "node", "unlist");
    expect(await as(OPERATOR, "node", "retire")).to.deep.include({ status: "RETIRED", offers: [] });
  });

  it("says in one line what is wrong, with exit code 1, and 2 for input that cannot be read", async () => {
    const nobody = `0x${"00".repeat(32)}`;
    expect(await refused(REQUESTER, "status", nobody)).to.deep.equal({
      code: 1,
      line: `opg: There is no request ${nobody} on this chain.`,
    });
    expect((await refused(REQUESTER, "withdraw", "--token", "USDC")).line).to.equal(
      "opg: The deployment on chain 1337 has no USDC: name a token by its address, with --token 0x….",
    );
    expect((await refused(REQUESTER, "node", "status", "--node", nobody)).line).to.equal(
      `opg: There is no node ${nobody}.`,
    );
    const model = `digits=${modelId}`;
    expect(
      await refused(REQUESTER, "request", "--max-fee", "1", "--model", model, "--input", "absent.json"),
    ).to.deep.equal({
      code: 2,
      line: "opg: absent.json cannot be read: there is no such file",
    });
    expect(
      (await refused(REQUESTER, "request", "--max-fee", "1", "--model", model, "--input", "package.json")).code,
    ).to.equal(2);
    expect(
      (await refused(REQUESTER, "request", "--max-fee", "1", "--model", "digits", "--input", "package.json")).code,
    ).to.equal(2);
    expect((await refused(REQUESTER, "model", "key", "package.json")).code).to.equal(2);
    const elsewhere = (...args: string[]) => opg([...args, "--network", "custom"], { CUSTOM_RPC_URL: url });
    expect((await elsewhere("deployment", "--deployment", "absent")).code).to.equal(2);
    const offline = await opgProcess(["node", "status", "--network", "custom"], {
      CUSTOM_RPC_URL: "http://127.0.0.1:9",
    });
    expect(offline.code).to.equal(1);
    expect(offline.stderr).to.match(/^opg: Network custom cannot be reached: .*\.\n$/);
  });
});
