import { BatchRoute, channelKey, type RowOf } from "../test/support/batches.ts";
import { loadProtocol, OPG_UNIT } from "../test/support/fixtures.ts";
import { gasOf } from "./settlement.ts";

/** Payers and inferences of each in the table of docs/benchmarks.md. */
const PAYERS = [1, 10, 50, 100] as const;
const INFERENCES = [1, 10, 100, 1_000] as const;

/** What each payer owes per inference, in base units: a tenth of a cent in USD. */
const PRICE = 1_000n;

/** The cell of the table for so many payers, and so many inferences of each. */
const cell = (payers: number, inferences: number) => `batch.${payers}x${inferences}`;

/** The table of payers and inferences: a head, its rule, and a row for each number of payers. */
export function batchTable(gas: Record<string, number>): string[][] {
  const format = (value: number, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });
  const head = ["payers", ...INFERENCES.map((count) => (count === 1 ? "1 inference each" : `${format(count)} each`))];
  const body = PAYERS.map((payers) => [
    String(payers),
    ...INFERENCES.map((count) => {
      const total = gas[cell(payers, count)] ?? Number.NaN;
      return `${format(total / payers / count, 1)} (of ${format(total)})`;
    }),
  ]);
  return [head, head.map(() => "--:"), ...body];
}

/**
 * What settling a batch of native channels costs as a transaction, in the steady state: every channel and the node's
 * credit were drawn on before. The node's fee per inference is not what is measured, so its stake is ample.
 */
export async function measureBatch(): Promise<Record<string, number>> {
  const protocol = await loadProtocol();
  const batches = await BatchRoute.open(protocol);
  const { nodes } = protocol.contracts;
  await nodes.connect(protocol.accounts.operator).stake(protocol.nodeId, 900_000n * OPG_UNIT);

  const keys = Array.from({ length: Math.max(...PAYERS) }, (_, i) => channelKey(i));
  for (const key of keys) await batches.openChannel(key);
  const claimed = new Map(keys.map((key) => [key, 0n]));
  const settle = async (payers: number, inferences: number): Promise<{ gas: number; bytes: number }> => {
    const rows: RowOf[] = keys.slice(0, payers).map((signer) => {
      const amount = PRICE * BigInt(inferences);
      const ceiling = (claimed.get(signer) ?? 0n) + amount;
      claimed.set(signer, ceiling);
      return { signer, ceiling, amount };
    });
    const signed = await batches.signed(batches.rows(...rows), { count: BigInt(payers * inferences) });
    const bytes = (batches.contract.interface.encodeFunctionData("settleBatch", signed).length - 2) / 2;
    return { gas: await gasOf(batches.contract.settleBatch(...signed)), bytes };
  };

  await settle(keys.length, 1);
  const figures: Record<string, number> = {};
  const bytes: Record<number, number> = {};
  for (const payers of PAYERS) {
    for (const inferences of INFERENCES) {
      const settled = await settle(payers, inferences);
      figures[cell(payers, inferences)] = settled.gas;
      bytes[payers] = settled.bytes;
    }
  }
  const of = (payers: number, inferences: number) => figures[cell(payers, inferences)] ?? Number.NaN;
  return {
    "batch.perPayer": (of(100, 1) - of(50, 1)) / 50,
    "batch.perPayerBytes": ((bytes[100] ?? Number.NaN) - (bytes[50] ?? Number.NaN)) / 50,
    "batch.perInference": of(100, 1_000) / 100_000,
    ...figures,
  };
}
