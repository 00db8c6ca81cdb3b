import { custom, type EIP1193RequestFn, http, type Transport } from "viem";
import { CheckedLogs, type LogChecks, type LogFilter, type RpcRequest } from "./checkedLogs.ts";

/** How long a request may take, in milliseconds. Ponder asks again, and slower. */
const TIMEOUT = 10_000;
/** Requests that are sent as one. */
const BATCH = { batchSize: 50 };

/**
 * An RPC node over HTTP whose logs are checked; see {@link CheckedLogs}. It never asks twice by itself: Ponder does,
 * and paces requests by what the node refuses.
 */
export function checkedTransport(url: string, checks: LogChecks): Transport {
  return (parameters) => {
    const options = { retryCount: 0, timeout: TIMEOUT };
    const { request } = http(url, options)({ ...parameters, retryCount: 0 });
    const batched = http(url, { ...options, batch: BATCH })({ ...parameters, retryCount: 0 });
    const ask = batched.request as EIP1193RequestFn as RpcRequest;
    const logs = new CheckedLogs(ask);
    const isChecked = ({ blockHash }: LogFilter) => checks === "full" || (checks === "live" && blockHash !== undefined);
    return custom(
      {
        request: (body: { method: string; params: [LogFilter] }) =>
          body.method === "eth_getLogs" && isChecked(body.params[0])
            ? logs.get(body.params[0])
            : request(body as Parameters<typeof request>[0]),
      },
      { retryCount: 0 },
    )({ ...parameters, retryCount: 0 });
  };
}
