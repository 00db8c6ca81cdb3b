import { expect } from "chai";
import { getBytes, id, Wallet } from "ethers";
import { X402_MAX_ROWS } from "../../sdk/src/node/x402/serveX402.ts";
import { networkHelpers } from "../support/fixtures.ts";
import { channelSlot, signX402Voucher, X402_ADDRESS, X402Route } from "../support/x402.ts";

/** EIP-7825. */
const GAS_LIMIT = 16_777_216n;

// What an enclave has signed has to fit a transaction whatever payers do after that, or its stream is stuck for good. A row
// is dearest when the payer has left just enough that something is claimed and something stays unpaid.
describe("Attack: every x402 payer leaves before the batch", () => {
  let f: X402Route;

  beforeEach(async () => {
    f = await X402Route.open();
  });

  it("and it settles in one transaction all the same", async () => {
    const rows: string[] = [];
    for (let i = 0; i < X402_MAX_ROWS; i++) {
      const by = new Wallet(id(`leaving ${i}`));
      const config = await f.config(by, { payerAuthorizer: new Wallet(id(`key ${i}`)).address, salt: id(`salt ${i}`) });
      const channelId = await f.x402.getChannelId(config);
      await networkHelpers.setStorageAt(X402_ADDRESS, channelSlot(channelId), 1n);
      const ceiling = 2n ** 127n + BigInt(i);
      const signature = await signX402Voucher(new Wallet(id(`key ${i}`)), channelId, ceiling);
      rows.push(await f.row({ config, by, id: channelId }, ceiling, ceiling, { signature }));
    }
    await f.p.contracts.usd.mint(X402_ADDRESS, X402_MAX_ROWS);
    const [batch, proof, bytes] = await f.signed(rows);
    expect(getBytes(bytes).length).to.equal(X402_MAX_ROWS * 172);
    const settled = await f.route.contract.settleBatch(batch, proof, bytes, { gasLimit: GAS_LIMIT });
    const { gasUsed } = (await settled.wait()) ?? {};
    expect(await f.route.credit()).to.equal(X402_MAX_ROWS);
    expect(gasUsed).to.be.lessThan(GAS_LIMIT);
    expect(await f.gate.queryFilter(f.gate.filters.X402RowNotPaid())).to.have.length(X402_MAX_ROWS);
    console.log(`      ${X402_MAX_ROWS} rows at their dearest: ${gasUsed} gas`);
  });
});
