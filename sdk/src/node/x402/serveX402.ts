import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { batchContract } from "../../chain/batchContract.ts";
import { contractsOf } from "../../chain/contracts.ts";
import type { Deployment } from "../../deployment.ts";
import { OpgError } from "../../errors/OpgError.ts";
import type { Stream } from "../../types.ts";
import { BatchAccountant, type BatchSigner } from "../batch/BatchAccountant.ts";
import { type BatchEvent, BatchSettler } from "../batch/BatchSettler.ts";
import { Readiness } from "../batch/Readiness.ts";
import { HttpError } from "../HttpError.ts";
import { Limit } from "../Limit.ts";
import { gateRows } from "./gateRows.ts";
import { X402Cashier, type X402Options } from "./X402Cashier.ts";
import { X402Rests } from "./X402Rests.ts";
import { x402GateOf } from "./x402GateOf.ts";
import { X402_PATH, x402HttpServer } from "./x402HttpServer.ts";

/** Seconds from the settlement of a call at the latest to the withdrawal of its payer at the earliest. */
const WITHDRAWAL_MARGIN = 600;

/** The most rows in a batch: as many fit a transaction (EIP-7825) even if none of the payers has any money left. */
export const X402_MAX_ROWS = 300;

/** x402's shortest withdrawal delay, in seconds. */
const MIN_WITHDRAWAL_DELAY = 900;

/** How to serve x402 clients. */
export interface ServeX402Options
  extends Pick<X402Options, "signer" | "price" | "minDeposit" | "freshness" | "timeout"> {
  readonly deployment: Deployment;
  /** The node, which the signer signs for. */
  readonly nodeId: string;
  readonly model: X402Options["model"] & { readonly modelId: string };
  /** The version of the model's TEE route; the current one if absent. */
  readonly routeVersion?: number;
  /** The enclave's key, attested for the node. */
  readonly enclave: BatchSigner;
  /** What clients pay in: its address, and its EIP-712 domain, in which deposits are signed (ERC-3009). */
  readonly token: { readonly address: string; readonly name: string; readonly version: string };
  /** Where to keep the books. It has to survive a restart, and must never be taken back to an earlier state. */
  readonly directory: string;
  /** Seconds after which a charged call is settled at the latest; 300 if absent. */
  readonly settleAfter?: number;
  /** How many calls are settled at once, without waiting; 1,000 if absent. */
  readonly settleAt?: number;
  /** Seconds from announcing a withdrawal to making it; 600 more than `settleAfter`, at least 900, if absent. */
  readonly withdrawDelay?: number;
  /** Milliseconds between two looks at what is due; 1,000 if absent. */
  readonly pollingInterval?: number;
  /** The HTTP port; a free one if absent. */
  readonly port?: number;
  /** The address to listen on; this machine only (127.0.0.1) if absent. */
  readonly host?: string;
  /** How many models run at once; 4 if absent. More calls wait a moment and are then told to come again. */
  readonly concurrency?: number;
  /** The longest HTTP body, in bytes; 1 MiB if absent. */
  readonly maxBody?: number;
  /** How many HTTP connections are open at once; 128 if absent. */
  readonly maxConnections?: number;
  /** Is told what happens to batches. */
  readonly onBatch?: (event: BatchEvent) => void;
  /** Is told of errors that are not the client's. */
  readonly onError?: (error: unknown) => void;
}

/** A node that serves x402 clients. */
export interface RunningX402 {
  /** Where to call. */
  readonly url: string;
  /** What the calls are charged in; its ledger is the gate, which channels have to pay. */
  readonly stream: Stream;
  readonly accountant: BatchAccountant;
  /** Settles now what was charged so far. */
  settle(): Promise<void>;
  /** Stops serving. What is not settled goes on when it is served again. */
  close(): Promise<void>;
}

/**
 * Serves a model to x402 clients (version 2, scheme `batch-settlement`) by the call, and settles the calls in batches. See
 * {@link x402HttpServer} for what it answers.
 *
 * @throws OpgError if the node could not settle what it charged: too little stake, or a key that is not attested.
 */
export async function serveX402(options: ServeX402Options): Promise<RunningX402> {
  const { signer, deployment, nodeId, model, enclave, token, directory, settleAfter = 300 } = options;
  const contracts = contractsOf(deployment, signer);
  const batches = batchContract(deployment, signer);
  const of = { nodeId, modelId: model.modelId, routeVersion: options.routeVersion };
  const { gate: ledger, routeVersion } = await x402GateOf(deployment, signer, of, true);
  const stream = { nodeId, modelId: model.modelId, routeVersion, token: token.address, ledger, key: enclave.key };

  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const domain = { chainId: deployment.chainId, settlement: batches.address };
  const ledgers = [gateRows(ledger)];
  const accountant = await BatchAccountant.open({
    directory,
    domain,
    signer: enclave,
    ledgers,
    maxRows: X402_MAX_ROWS,
  });
  const rests = new X402Rests({ accountant, batches, stream, startBlock: deployment.startBlock });
  const settler = new BatchSettler({
    accountant,
    batches,
    streams: [stream],
    after: settleAfter * 1_000,
    at: options.settleAt ?? 1_000,
    pollingInterval: options.pollingInterval ?? 1_000,
    onEvent: (event) => {
      options.onBatch?.(event);
      if (event.type === "batchSettled") rests.claim().catch((error) => options.onError?.(error));
    },
  });
  const readiness = new Readiness({ contracts, batches, accountant, nodeId, routes: [stream], settleAfter });
  const runs = new Limit(options.concurrency ?? 4);
  const cashier = new X402Cashier({
    ...options,
    chainId: deployment.chainId,
    accountant,
    stream,
    secret: secretIn(directory),
    model: { ...model, run: (input, limits) => runs.run(() => model.run(input, limits)) },
    withdrawDelay: options.withdrawDelay ?? Math.max(settleAfter + WITHDRAWAL_MARGIN, MIN_WITHDRAWAL_DELAY),
  });
  const admit = async () => {
    await readiness.require();
    if (runs.isFull) throw new HttpError(503, "this node is busy");
  };
  const { onError, maxBody = 1024 * 1024 } = options;
  const server = x402HttpServer({ cashier, accountant, admit, maxBody, ...(onError === undefined ? {} : { onError }) });
  server.maxConnections = options.maxConnections ?? 128;
  try {
    await readiness.require(0);
    await settler.start();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
  } catch (error) {
    await settler.stop();
    accountant.close();
    throw error;
  }
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}${X402_PATH}`,
    stream,
    accountant,
    settle: async () => {
      await settler.settle();
      await rests.claim();
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await cashier.idle();
      await settler.stop();
      await rests.idle();
      accountant.close();
    },
  };
}

/** The secret of the salts, made once. */
function secretIn(directory: string): Uint8Array {
  const file = join(directory, "x402.secret");
  try {
    writeFileSync(file, randomBytes(32), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const secret = readFileSync(file);
  if (secret.length !== 32) throw new OpgError(`${file} is damaged: it has to hold 32 bytes.`);
  return secret;
}
