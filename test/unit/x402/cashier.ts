import { expect } from "chai";
import { Wallet, ZeroAddress } from "ethers";
import { inferenceOf } from "../../../sdk/src/batch/receipt.ts";
import { LEAVES_PATH } from "../../../sdk/src/channel/channelWire.ts";
import { leafOf } from "../../../sdk/src/hash/leafOf.ts";
import { streamIdOf } from "../../../sdk/src/hash/streamIdOf.ts";
import type { X402ChannelConfig } from "../../../sdk/src/node/x402/gateRows.ts";
import { x402GateOf } from "../../../sdk/src/node/x402/x402GateOf.ts";
import { encodeX402Header } from "../../../sdk/src/node/x402/x402Payment.ts";
import { ethers, USD_UNIT } from "../../support/fixtures.ts";
import { deploymentOf } from "../../support/sdk.ts";
import { signX402Voucher, X402Route } from "../../support/x402.ts";
import { x402ClientOf } from "../../support/x402Client.ts";
import { MAX_PRICE, MIN_DEPOSIT, priceOf, startX402Node } from "../../support/x402Node.ts";

/** 600 seconds more than the node takes to settle. */
const DELAY = 86_400;

describe("Serving x402 clients", () => {
  let f: X402Route;
  let node: Awaited<ReturnType<typeof startX402Node>>;

  beforeEach(async () => {
    f = await X402Route.open();
    node = await startX402Node(f);
  });

  afterEach(() => node.close());

  /** What the books say that a channel was charged. */
  const chargedOf = (id: string) => node.accountant.store.chargedSince(streamIdOf(node.stream), id, 0);

  /** A channel with a deposit, as a client of this node makes it. */
  const channel = (deposit: bigint, change: Partial<X402ChannelConfig> = {}) =>
    f.channel(deposit, { withdrawDelay: DELAY, ...change });

  type Channel = Awaited<ReturnType<typeof channel>>;

  /** A payment header, made by hand. */
  async function payment({ config, id, by }: Channel, ceiling: bigint, change: object = {}) {
    const signature = await signX402Voucher(by, id, ceiling);
    const voucher = { channelId: id, maxClaimableAmount: String(ceiling), signature };
    return encodeX402Header({ payload: { type: "voucher", channelConfig: config, voucher, ...change } });
  }

  const post = (header: string, body = "hello") =>
    fetch(node.url, { method: "POST", body, headers: { "PAYMENT-SIGNATURE": header } });

  /** What a 402 says. */
  async function refusal(response: Response) {
    expect(response.status).to.equal(402);
    const header = response.headers.get("PAYMENT-REQUIRED") ?? "";
    return JSON.parse(Buffer.from(header, "base64").toString());
  }

  async function expectRefused(response: Response, code: string) {
    expect((await refusal(response)).error).to.equal(`invalid_batch_settlement_evm_${code}`);
  }

  it("says what a call costs, and whom the channel has to pay", async () => {
    const gate = await f.gate.getAddress();
    const { accepts } = await refusal(await fetch(node.url, { method: "POST", body: "hello" }));
    expect(accepts).to.have.length(1);
    expect(accepts[0]).to.deep.include({ scheme: "batch-settlement", amount: String(MAX_PRICE), payTo: gate });
    expect(accepts[0].extra).to.deep.include({ receiverAuthorizer: gate, withdrawDelay: DELAY });
  });

  it("charges what was used of what the voucher allows, and gives a receipt and the salt", async () => {
    const payer = await channel(100_000n);
    const response = await post(await payment(payer, MAX_PRICE));
    expect(response.status).to.equal(200);
    const { output, salt, receipt } = (await response.json()) as {
      output: string;
      salt: string;
      receipt: Record<string, string>;
    };
    expect(ethers.toUtf8String(output)).to.equal("HELLO");
    expect(receipt.inputHash).to.equal(ethers.keccak256(ethers.concat([salt, ethers.toUtf8Bytes("hello")])));
    expect(receipt).to.deep.include({ channelId: payer.id, amount: String(priceOf(5)), sequence: "0" });
    expect(chargedOf(payer.id)).to.equal(priceOf(5));
  });

  it("gives the same answer for the same voucher and input again, and charges once", async () => {
    const payer = await channel(100_000n);
    const header = await payment(payer, MAX_PRICE);
    const first = await (await post(header)).text();
    await node.restart();
    const again = await post(header);
    expect(await again.text()).to.equal(first);
    expect(chargedOf(payer.id)).to.equal(priceOf(5));
  });

  it("gives one answer for one voucher, even to calls at once", async () => {
    const payer = await channel(100_000n);
    const header = await payment(payer, MAX_PRICE);
    const responses = await Promise.all(["one", "two", "three"].map((body) => post(header, body)));
    expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, 402, 402]);
    expect(node.accountant.store.head(streamIdOf(node.stream)).next).to.equal(1);
  });

  it("charges nothing if the model fails", async () => {
    const payer = await channel(100_000n);
    const header = await payment(payer, MAX_PRICE);
    expect((await post(header, "fail")).status).to.equal(500);
    expect(chargedOf(payer.id)).to.equal(0n);
    expect((await post(header, "hello")).status).to.equal(200);
  });

  it("lets a client that lost its memory catch up by its own last voucher", async () => {
    const wallet = new Wallet(ethers.id("forgetful"));
    await f.p.contracts.usd.mint(wallet, USD_UNIT);
    const before = await x402ClientOf(wallet);
    for (const body of ["one", "two", "three"]) expect((await before.call(node.url, body)).status).to.equal(200);
    const after = await x402ClientOf(wallet);
    expect((await after.call(node.url, "four")).status).to.equal(200);
    await node.restart();
    expect((await after.call(node.url, "five")).status).to.equal(200);
    expect(await f.p.contracts.usd.balanceOf(wallet)).to.equal(USD_UNIT - MIN_DEPOSIT);
  });

  it("makes one deposit of an authorization that comes twice", async () => {
    const wallet = new Wallet(ethers.id("twice"));
    await f.p.contracts.usd.mint(wallet, USD_UNIT);
    const { http } = await x402ClientOf(wallet);
    const required = await refusal(await fetch(node.url, { method: "POST", body: "hello" }));
    const headers = http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
    const call = () => fetch(node.url, { method: "POST", body: "fail", headers });
    expect((await call()).status).to.equal(500);
    expect((await call()).status).to.equal(500);
    expect((await fetch(node.url, { method: "POST", body: "hello", headers })).status).to.equal(200);
    expect(await f.p.contracts.usd.balanceOf(wallet)).to.equal(USD_UNIT - MIN_DEPOSIT);
  });

  it("refunds what is not charged, and never what is charged and not settled yet", async () => {
    const wallet = new Wallet(ethers.id("leaving"));
    const { usd } = f.p.contracts;
    await usd.mint(wallet, USD_UNIT);
    const { call, scheme } = await x402ClientOf(wallet);
    await call(node.url, "hello");
    await scheme.refund(node.url, { amount: "1000" });
    expect(await usd.balanceOf(wallet)).to.equal(USD_UNIT - MIN_DEPOSIT + 1_000n);
    await scheme.refund(node.url);
    expect(await usd.balanceOf(wallet)).to.equal(USD_UNIT - priceOf(5));
    await node.settle();
    expect(await f.route.credit()).to.equal(priceOf(5));
  });

  it("claims later what a channel did not hold when the batch settled, once there is money again", async () => {
    const payer = await channel(100_000n);
    await post(await payment(payer, MAX_PRICE));
    await f.gate.connect(f.p.accounts.signer).refund(payer.config, 100_000n);
    await node.settle();
    expect(await f.gate.unpaidOf(payer.id)).to.equal(priceOf(5));
    expect(await f.route.credit()).to.equal(0n);

    await node.restart();
    await f.channel(50_000n, payer.config, payer.by);
    await node.settle();
    expect(await f.gate.unpaidOf(payer.id)).to.equal(0n);
    expect(await f.route.credit()).to.equal(priceOf(5));
  });

  it("sees a deposit that the payer made itself", async () => {
    const payer = await channel(MAX_PRICE);
    expect((await post(await payment(payer, MAX_PRICE))).status).to.equal(200);
    const header = await payment(payer, priceOf(5) + MAX_PRICE);
    await expectRefused(await post(header, "again"), "cumulative_exceeds_balance");
    await f.channel(100_000n, payer.config, payer.by);
    expect((await post(header, "again")).status).to.equal(200);
  });

  it("hands out the path of a receipt's leaf, by which any contract knows that the call is settled", async () => {
    const payer = await channel(100_000n);
    const paid = (await (await post(await payment(payer, MAX_PRICE))).json()) as { receipt: Record<string, string> };
    const { channelId = "", inputHash = "", outputHash = "", units = "", amount = "" } = paid.receipt;
    const inference = inferenceOf(node.stream, {
      ...{ channelId, inputHash, outputHash, sequence: 0n, units: BigInt(units), amount: BigInt(amount) },
    });
    const path = () => fetch(new URL(LEAVES_PATH + leafOf(inference), node.url));
    expect((await path()).status).to.equal(404);
    await node.settle();
    const found = (await (await path()).json()) as { batch: { root: string }; path: string[] };
    expect(await f.p.contracts.batches.isInferenceSettled(inference, found.batch.root, found.path)).to.equal(true);
  });

  it("does not serve a node whose stake could not burn for what it charges", async () => {
    const { nodes } = f.p.contracts;
    const { free } = await nodes.accountOf(f.p.nodeId);
    await nodes.connect(f.p.accounts.operator).unbond(f.p.nodeId, free);
    await node.restart();
    const payer = await channel(100_000n);
    const response = await post(await payment(payer, MAX_PRICE));
    expect(response.status).to.equal(503);
    expect(await response.text()).to.include("it does not serve now");
    expect(chargedOf(payer.id)).to.equal(0n);
  });

  it("names the gate that clients pay, made or not, and none for a route that there is not", async () => {
    const { p, route } = f;
    const deployment = await deploymentOf(p);
    const of = { nodeId: ethers.id("a node without a gate"), modelId: p.modelId };
    const routeVersion = Number(route.route.offer.routeVersion);
    const found = await x402GateOf(deployment, ethers.provider, of);
    expect(found).to.deep.equal({
      gate: await f.gates.gateOf(of.nodeId, of.modelId, routeVersion),
      made: false,
      routeVersion,
    });
    await x402GateOf(deployment, p.accounts.stranger, of, true);
    expect((await x402GateOf(deployment, ethers.provider, of)).made).to.equal(true);
    const missing = await x402GateOf(deployment, ethers.provider, { ...of, routeVersion: 99 }).catch(String);
    expect(missing).to.include("99");
  });

  describe("refuses", () => {
    it("a voucher for less or more than what was charged and this call, and says where the channel is", async () => {
      const payer = await channel(100_000n);
      await post(await payment(payer, MAX_PRICE));
      for (const ceiling of [MAX_PRICE, priceOf(5) + MAX_PRICE - 1n, priceOf(5) + MAX_PRICE + 1n]) {
        const { error, accepts } = await refusal(await post(await payment(payer, ceiling), "more"));
        expect(error).to.equal("invalid_batch_settlement_evm_cumulative_amount_mismatch");
        expect(accepts[0].extra.channelState.chargedCumulativeAmount).to.equal(String(priceOf(5)));
        expect(accepts[0].extra.voucherState.signedMaxClaimable).to.equal(String(MAX_PRICE));
      }
    });

    it("a voucher that a key has not signed", async () => {
      const payer = await channel(100_000n);
      const stranger = { ...payer, by: ethers.Wallet.createRandom() };
      await expectRefused(await post(await payment(stranger, MAX_PRICE)), "voucher_signature");
      const contract = await channel(0n, { payerAuthorizer: ZeroAddress });
      await expectRefused(await post(await payment(contract, MAX_PRICE)), "voucher_signature");
      await expectRefused(await post(await payment({ ...payer, id: ethers.id("x") }, MAX_PRICE)), "voucher_signature");
    });

    it("a channel that pays somebody else, lets somebody else claim, is in another token, or ends too soon", async () => {
      const other = f.p.accounts.stranger.address;
      const wrong: [Partial<X402ChannelConfig>, string][] = [
        [{ receiver: other }, "receiver_mismatch"],
        [{ receiverAuthorizer: other }, "receiver_authorizer_mismatch"],
        [{ token: other }, "token_mismatch"],
        [{ withdrawDelay: DELAY - 1 }, "withdraw_delay_mismatch"],
      ];
      for (const [change, code] of wrong) {
        await expectRefused(await post(await payment(await channel(0n, change), MAX_PRICE)), code);
      }
    });

    it("a channel that holds too little, or whose payer has announced a withdrawal", async () => {
      await expectRefused(
        await post(await payment(await channel(MAX_PRICE - 1n), MAX_PRICE)),
        "cumulative_exceeds_balance",
      );
      const payer = f.p.accounts.stranger;
      const leaving = await f.channel(100_000n, { withdrawDelay: DELAY }, payer);
      await f.x402.connect(payer).initiateWithdraw(leaving.config, 1n);
      await expectRefused(await post(await payment(leaving, MAX_PRICE)), "withdrawal_pending");
    });

    it("a deposit below the least, and one that the token refuses", async () => {
      const payer = await channel(0n);
      const authorization = { validAfter: "0", validBefore: String(2 ** 40), salt: ethers.id("salt"), signature: "0x" };
      const deposit = (amount: bigint) => ({
        type: "deposit",
        deposit: { amount: String(amount), authorization: { erc3009Authorization: authorization } },
      });
      await expectRefused(
        await post(await payment(payer, MAX_PRICE, deposit(MIN_DEPOSIT - 1n))),
        "deposit_below_min_deposit",
      );
      await expectRefused(
        await post(await payment(payer, MAX_PRICE, deposit(MIN_DEPOSIT))),
        "deposit_transaction_failed",
      );
    });

    it("what is no payment, in words", async () => {
      for (const header of ["!", encodeX402Header({}), encodeX402Header({ payload: { type: "voucher" } })]) {
        const response = await post(header);
        expect(response.status).to.equal(400);
        expect((await response.json()) as object)
          .to.have.property("error")
          .that.is.a("string");
      }
      const payer = await channel(100_000n);
      expect((await post(await payment(payer, MAX_PRICE, { type: "gift" }))).status).to.equal(400);
    });

    it("a refund of a channel with nothing left", async () => {
      const payer = await channel(MAX_PRICE);
      await post(await payment(payer, MAX_PRICE), "x".repeat(20));
      await expectRefused(await post(await payment(payer, MAX_PRICE, { type: "refund" })), "refund_no_balance");
    });
  });
});
