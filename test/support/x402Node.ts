import { bytesModel } from "../../sdk/src/model.ts";
import { BatchAccountant, type BatchSigner } from "../../sdk/src/node/batch/BatchAccountant.ts";
import { gateRows } from "../../sdk/src/node/x402/gateRows.ts";
import { type ServeX402Options, serveX402 } from "../../sdk/src/node/x402/serveX402.ts";
import { Route, type Stream } from "../../sdk/src/types.ts";
import { ethers, networkHelpers } from "./fixtures.ts";
import { temporaryDirectory } from "./sdk.ts";
import type { X402Payers } from "./x402.ts";

/** What the node of {@link startX402Node} charges for an answer of so many bytes. */
export const priceOf = (length: number): bigint => 1_000n + 10n * BigInt(length);

/** What one call costs at most: 20 bytes. */
export const MAX_PRICE = priceOf(20);

/** The least deposit that the node takes. */
export const MIN_DEPOSIT = 60_000n;

/**
 * A node that serves x402 clients: it turns text into upper case, for 1,000 base units and 10 for each byte.
 *
 * @param f The node, its gate, and who pays.
 * @param settlement Whose batches the signer signs.
 * @param routeVersion The gate's.
 */
export async function startX402Node(
  f: X402Payers,
  settlement: string,
  routeVersion: number,
  signer: BatchSigner,
  change: Partial<ServeX402Options> = {},
) {
  const chainId = Number((await ethers.provider.getNetwork()).chainId);
  const { nodeId, modelId, contracts, accounts } = f.p;
  const ledger = await f.gate.getAddress();
  const stream: Stream = {
    nodeId,
    modelId,
    routeVersion,
    token: await contracts.usd.getAddress(),
    ledger,
    key: signer.key,
  };
  const folder = temporaryDirectory();
  const directory = folder.path;
  // The chain's clock is ahead of the clock by which clients sign.
  const timeout = (await networkHelpers.time.latest()) - Math.floor(Date.now() / 1000) + 300;
  const start = async () => {
    const ledgers = [gateRows(ledger)];
    const accountant = await BatchAccountant.open({ directory, domain: { chainId, settlement }, signer, ledgers });
    const server = await serveX402({
      ...{ signer: accounts.signer, chainId, accountant, stream, directory, timeout },
      token: { name: "Test USD", version: "1" },
      price: { perRequest: 1_000n, perUnit: 10n, maxUnits: 20n },
      minDeposit: MIN_DEPOSIT,
      model: {
        ...bytesModel(modelId, Route.TEE),
        run: async (input) => {
          const text = new TextDecoder().decode(input);
          if (text === "fail") throw new Error("the model failed");
          return { output: new TextEncoder().encode(text.toUpperCase()), units: BigInt(input.length) };
        },
      },
      ...change,
    });
    return { accountant, server };
  };
  let running = await start();
  const stop = async () => {
    await running.server.close();
    running.accountant.close();
  };
  return {
    stream,
    get accountant() {
      return running.accountant;
    },
    get url() {
      return running.server.url;
    },
    /** Stops and starts again, at another address. */
    restart: async () => {
      await stop();
      running = await start();
    },
    close: async () => {
      await stop();
      folder.remove();
    },
  };
}
