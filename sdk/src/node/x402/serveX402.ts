import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hexlify } from "ethers";
import { batchContract } from "../../chain/batchContract.ts";
import { contractsOf } from "../../chain/contracts.ts";
import { TypedContract } from "../../chain/TypedContract.ts";
import type { Deployment } from "../../deployment.ts";
import { OpgError } from "../../errors/OpgError.ts";
import { x402GatesAbi } from "../../generated/abis.ts";
import { Route, type Stream } from "../../types.ts";
import { toJson } from "../../wire.ts";
import { BatchAccountant, type BatchSigner } from "../batch/BatchAccountant.ts";
import { type BatchEvent, BatchSettler } from "../batch/BatchSettler.ts";
import { Readiness } from "../batch/Readiness.ts";
import { HttpError } from "../HttpError.ts";
import { gateRows } from "./gateRows.ts";
import { X402Cashier, type X402Options, X402Refusal } from "./X402Cashier.ts";
import { X402Rests } from "./X402Rests.ts";
import { encodeX402Header } from "./x402Payment.ts";

/** The path at which x402 clients call the model. */
export const X402_PATH = "/v1/x402";

/** Seconds from the settlement of a call at the latest to the withdrawal of its payer at the earliest. */
const WITHDRAWAL_MARGIN = 600;

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
 * Serves a model to x402 clients, by the call, and settles the calls in batches: `POST /v1/x402` with the input as the
 * body answers 402 with what to pay (PAYMENT-REQUIRED), and with a payment (PAYMENT-SIGNATURE) 200 with `{output, units,
 * salt, receipt}`, bytes as 0x-hex, and PAYMENT-RESPONSE. `GET` takes refunds, and says what a call costs. Version 2 of
 * x402, scheme `batch-settlement`.
 *
 * @throws OpgError if the node could not settle what it charged: too little stake, or a key that is not attested.
 */
export async function serveX402(options: ServeX402Options): Promise<RunningX402> {
  const { signer, deployment, nodeId, model, enclave, token, directory, settleAfter = 300 } = options;
  const contracts = contractsOf(deployment, signer);
  const batches = batchContract(deployment, signer);
  const routeVersion =
    options.routeVersion ?? (await contracts.models.read("currentRoute", model.modelId, Route.TEE)).version;
  const gates = new TypedContract(await batches.read("gates"), x402GatesAbi, signer);
  const ledger = await gates.read("gateOf", nodeId, model.modelId, routeVersion);
  if ((await signer.provider?.getCode(ledger)) === "0x") await gates.write("make", nodeId, model.modelId, routeVersion);
  const stream = { nodeId, modelId: model.modelId, routeVersion, token: token.address, ledger, key: enclave.key };

  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const domain = { chainId: deployment.chainId, settlement: batches.address };
  const accountant = await BatchAccountant.open({ directory, domain, signer: enclave, ledgers: [gateRows(ledger)] });
  const rests = new X402Rests({ accountant, batches, stream, startBlock: deployment.startBlock });
  const settler = new BatchSettler({
    ...{ accountant, batches, after: settleAfter * 1_000, at: options.settleAt ?? 1_000 },
    pollingInterval: options.pollingInterval ?? 1_000,
    onEvent: (event) => {
      options.onBatch?.(event);
      if (event.type === "batchSettled") rests.claim().catch((error) => options.onError?.(error));
    },
  });
  const readiness = new Readiness({ contracts, accountant, nodeId, routes: [stream], settleAfter });
  const cashier = new X402Cashier({
    ...options,
    ...{ chainId: deployment.chainId, accountant, stream, secret: secretIn(directory) },
    withdrawDelay: options.withdrawDelay ?? Math.max(settleAfter + WITHDRAWAL_MARGIN, MIN_WITHDRAWAL_DELAY),
  });
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    answer(cashier, readiness, request, options.maxBody ?? 1024 * 1024).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        const known = error instanceof OpgError;
        if (!known) options.onError?.(error);
        const status = error instanceof HttpError ? error.status : known ? 400 : 500;
        send(response, { status, body: { error: known ? error.message : "internal error" } });
      },
    );
  });
  server.maxConnections = options.maxConnections ?? 128;
  try {
    await readiness.require();
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

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function answer(
  cashier: X402Cashier,
  readiness: Readiness,
  request: IncomingMessage,
  maxBody: number,
): Promise<Reply> {
  const { pathname } = new URL(request.url ?? "/", "http://node");
  if (pathname !== X402_PATH || (request.method !== "POST" && request.method !== "GET")) {
    throw new HttpError(404, `there is no ${request.method} ${pathname} here`);
  }
  const input = await readBody(request, maxBody);
  const unpaid = (error: string, state?: object): Reply => {
    const resource = { url: `http://${request.headers.host ?? "node"}${pathname}` };
    const required = { x402Version: 2, error, resource, accepts: [cashier.requirements(state)] };
    return { status: 402, headers: { "PAYMENT-REQUIRED": encodeX402Header(required) }, body: { error } };
  };

  const payment = request.headers["payment-signature"];
  if (typeof payment !== "string") return unpaid("Payment required");
  try {
    const { response, answer } = await cashier.take(payment, input, () => readiness.require());
    const body = answer && {
      output: hexlify(answer.output),
      units: answer.receipt.units,
      salt: answer.salt,
      receipt: answer.receipt,
    };
    return { status: 200, headers: { "PAYMENT-RESPONSE": encodeX402Header(response) }, body: body ?? {} };
  } catch (error) {
    if (error instanceof X402Refusal) return unpaid(error.code, error.state);
    throw error;
  }
}

async function readBody(request: IncomingMessage, maxBody: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBody) throw new HttpError(413, `the body is longer than ${maxBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    // What is left of a body that was refused is not read.
    ...(status === 413 ? { connection: "close" } : {}),
    ...headers,
  });
  response.end(toJson(body));
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
