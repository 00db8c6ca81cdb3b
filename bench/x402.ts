import { dataLength, id, Wallet } from "ethers";
import { X402Route } from "../test/support/x402.ts";
import { gasOf } from "./settlement.ts";

/** What each payer owes, in base units: a tenth of a cent. */
const PRICE = 1_000n;

/**
 * What one more x402 channel in a settled batch costs, in the steady state: a fiftieth of what 100 cost more than 50, and
 * its bytes of calldata, all in its row. x402's contract is our stand-in, whose own claim costs what is known of x402's.
 */
export async function measureX402(): Promise<Record<string, number>> {
  const f = await X402Route.open();
  const channels: Awaited<ReturnType<typeof f.channel>>[] = [];
  for (let i = 0; i < 100; i++) channels.push(await f.channel(1_000n * PRICE, {}, new Wallet(id(`x402 payer ${i}`))));
  let ceiling = 0n;
  const settle = async (payers: number) => {
    ceiling += PRICE;
    const rows = await Promise.all(channels.slice(0, payers).map((channel) => f.row(channel, ceiling, PRICE)));
    const signed = await f.signed(rows);
    return { gas: await gasOf(f.route.contract.settleBatch(...signed)), bytes: dataLength(signed[2]) };
  };
  await settle(100);
  const [more, fewer] = [await settle(100), await settle(50)];
  return {
    "batch.perPayerX402": Math.round((more.gas - fewer.gas) / 50),
    "batch.perPayerX402Bytes": (more.bytes - fewer.bytes) / 50,
  };
}
