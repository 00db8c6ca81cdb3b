import { expect } from "chai";
import { Wallet } from "ethers";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import { bytesModel } from "../../sdk/src/model.ts";
import { BatchAccountant } from "../../sdk/src/node/batch/BatchAccountant.ts";
import { gateRows } from "../../sdk/src/node/x402/gateRows.ts";
import { serveX402 } from "../../sdk/src/node/x402/serveX402.ts";
import { Route, type Stream } from "../../sdk/src/types.ts";
import { ethers, networkHelpers, USD_UNIT } from "../support/fixtures.ts";
import { temporaryDirectory } from "../support/sdk.ts";
import { X402_ADDRESS, X402Route } from "../support/x402.ts";
import { x402ClientOf } from "../support/x402Client.ts";

const PAYERS = 10;
const CALLS = 100;

/** A node that serves x402 clients: it turns text into upper case, for 1,000 base units and 10 for each byte. */
async function startNode() {
  const f = await X402Route.open();
  const { enclave, offer } = f.route.route;
  const { chainId } = await ethers.provider.getNetwork();
  const stream: Stream = {
    nodeId: f.p.nodeId,
    modelId: f.p.modelId,
    routeVersion: Number(offer.routeVersion),
    token: await f.p.contracts.usd.getAddress(),
    ledger: await f.gate.getAddress(),
    key: enclave.address,
  };
  const directory = temporaryDirectory();
  const accountant = await BatchAccountant.open({
    directory: directory.path,
    domain: { chainId: Number(chainId), settlement: f.route.address },
    signer: { key: enclave.address, prove: (digest) => enclave.prove(digest, 0) },
    ledgers: [gateRows(stream.ledger)],
  });
  const clockAhead = (await networkHelpers.time.latest()) - Math.floor(Date.now() / 1000);
  const server = await serveX402({
    signer: f.p.accounts.signer,
    chainId: Number(chainId),
    accountant,
    stream,
    directory: directory.path,
    token: { name: "Test USD", version: "1" },
    price: { perRequest: 1_000n, perUnit: 10n, maxUnits: 20n },
    minDeposit: 60_000n,
    timeout: clockAhead + 300,
    model: {
      ...bytesModel(stream.modelId, Route.TEE),
      run: async (input) => ({
        output: new TextEncoder().encode(new TextDecoder().decode(input).toUpperCase()),
        units: BigInt(input.length),
      }),
    },
  });
  const close = async () => {
    await server.close();
    accountant.close();
    directory.remove();
  };
  return { f, stream, accountant, url: server.url, close };
}

describe("Paying by an unmodified x402 client", () => {
  let node: Awaited<ReturnType<typeof startNode>>;

  beforeEach(async () => {
    node = await startNode();
  });

  afterEach(() => node.close());

  async function payer(index: number) {
    const wallet = new Wallet(ethers.id(`x402 payer ${index}`));
    await node.f.p.contracts.usd.mint(wallet, USD_UNIT);
    return x402ClientOf(wallet);
  }

  it("deposits, makes 1,000 paid calls, and one settlement pays exactly what they cost", async () => {
    const { f, stream, accountant, url } = node;
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
          const amount = 1_000n + 10n * BigInt(question.length);
          expect(BigInt(receipt.amount)).to.equal(amount);
          cost += amount;
        }
        return cost;
      }),
    );

    expect(accountant.store.head(streamIdOf(stream)).next).to.equal(PAYERS * CALLS);
    const leafSet = await accountant.batch(stream);
    if (leafSet === undefined) throw new Error("There is no batch.");
    expect(leafSet.inferences).to.have.length(PAYERS * CALLS);
    const { batches, opg } = f.p.contracts;
    const supply = await opg.totalSupply();
    const settled = await (await batches.settleBatch(leafSet.batch, leafSet.proof, leafSet.rows)).wait();
    console.log(`      1,000 inferences of ${PAYERS} payers settled for ${settled?.gasUsed} gas`);
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
