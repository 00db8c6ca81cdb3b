import type { Log, Provider } from "ethers";

/** What public RPC nodes commonly allow in one query. */
const SPAN = 50_000;

/**
 * Logs in a range of blocks, oldest first, however little an RPC node returns at once: a query that it refuses is
 * asked again in halves.
 *
 * @throws The node's own error, when it refuses even a single block.
 */
export async function findLogs(
  provider: Provider,
  filter: { readonly address: string | string[]; readonly topics: readonly (string | string[] | null)[] },
  fromBlock: number,
  toBlock?: number,
): Promise<Log[]> {
  const last = toBlock ?? (await provider.getBlockNumber());
  const logs: Log[] = [];
  let span = SPAN;
  for (let from = fromBlock; from <= last; ) {
    const to = Math.min(from + span - 1, last);
    try {
      logs.push(
        ...(await provider.getLogs({
          address: filter.address,
          topics: [...filter.topics],
          fromBlock: from,
          toBlock: to,
        })),
      );
      from = to + 1;
    } catch (error) {
      if (to === from) throw error;
      span = Math.ceil((to - from + 1) / 2);
    }
  }
  return logs;
}
