import { expect } from "chai";
import { Wallet } from "ethers";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import { ethers, USD_UNIT } from "../support/fixtures.ts";
import { X402_ADDRESS, X402Route } from "../support/x402.ts";
import { x402ClientOf } from "../support/x402Client.ts";
import { priceOf, startX402Node } from "../support/x402Node.ts";

const PAYERS = 10;
const CALLS = 100;

describe("Paying by an unmodified x402 client", () => {
  let f: X402Route;
  let node: Awaited<ReturnType<typeof startX402Node>>;

  beforeEach(async () => {
    f = await X402Route.open();
    node = await startX402Node(f);
  });

  afterEach(() => node.close());

  async function payer(index: number) {
    const wallet = new Wallet(ethers.id(`x402 payer ${index}`));
    await f.p.contracts.usd.mint(wallet, USD_UNIT);
    return x402ClientOf(wallet);
  }

  it("deposits, makes 1,000 paid calls, and one settlement pays exactly what they cost", async () => {
    const { stream, accountant, url } = node;
    const { usd } = f.p.contracts;
    const clients = await Promise.all(Array.from({ length: PAYERS }, (_, index) => payer(index)));
    const costs = await Promise.all(
      clients.map(async ({ call }, index) => {
        let cost = 0n;
        for (let n = 0; n < CALLS; n++) {
          const question = `payer ${index} asks ${n}`;
          const response = await call(url, question);
          expect(response.status).to.equal(200);
          const { output, receipt } = (await response.json()) as { output: string; receipt: { amount: string } };
          expect(ethers.toUtf8String(output)).to.equal(question.toUpperCase());
          const amount = priceOf(question.length);
          expect(BigInt(receipt.amount)).to.equal(amount);
          cost += amount;
        }
        return cost;
      }),
    );

    expect(accountant.store.head(streamIdOf(stream)).next).to.equal(PAYERS * CALLS);
    const { batches, opg } = f.p.contracts;
    const supply = await opg.totalSupply();
    await node.settle();
    expect(await batches.nextSequence(streamIdOf(stream))).to.equal(PAYERS * CALLS);
    const [settled, ...more] = await batches.queryFilter(batches.filters.BatchSettled());
    expect(more).to.have.length(0);
    const { gasUsed } = (await settled?.getTransactionReceipt()) ?? {};
    console.log(`      1,000 inferences of ${PAYERS} payers settled for ${gasUsed} gas`);
    const total = costs.reduce((sum, cost) => sum + cost);
    expect(await f.route.credit()).to.equal(total);
    const { teeVerificationFee } = await f.p.contracts.settlement.parameters();
    expect(supply - (await opg.totalSupply())).to.equal(teeVerificationFee * BigInt(PAYERS * CALLS));

    // The operator has its money.
    await batches.connect(f.p.accounts.payout).withdraw(usd, f.p.accounts.payout);
    expect(await usd.balanceOf(f.p.accounts.payout)).to.equal(total);
    expect(await usd.balanceOf(batches)).to.equal(0n);

    // The payers take back what is left, and the unit that was not spent is there.
    for (const [index, { scheme, wallet }] of clients.entries()) {
      const refunded = await scheme.refund(url);
      expect(refunded.success).to.equal(true);
      expect(await usd.balanceOf(wallet)).to.equal(USD_UNIT - (costs[index] ?? 0n));
    }
    expect(await usd.balanceOf(X402_ADDRESS)).to.equal(0n);
    expect(await usd.balanceOf(f.gate)).to.equal(0n);
  });
});
