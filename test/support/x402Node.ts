import { bytesModel } from "../../sdk/src/model.ts";
import { type ServeX402Options, serveX402 } from "../../sdk/src/node/x402/serveX402.ts";
import { Route } from "../../sdk/src/types.ts";
import { networkHelpers } from "./fixtures.ts";
import { deploymentOf, temporaryDirectory } from "./sdk.ts";
import type { X402Route } from "./x402.ts";

/** What the node of {@link startX402Node} charges for an answer of so many bytes. */
export const priceOf = (length: number): bigint => 1_000n + 10n * BigInt(length);

/** What one call costs at most: 20 bytes. */
export const MAX_PRICE = priceOf(20);

/** The least deposit that the node takes. */
export const MIN_DEPOSIT = 60_000n;

/** A node that serves x402 clients: it turns text into upper case, for 1,000 base units and 10 for each byte. */
export async function startX402Node({ p, route }: X402Route, change: Partial<ServeX402Options> = {}) {
  const { enclave, offer } = route.route;
  const folder = temporaryDirectory();
  // The chain's clock is ahead of the clock by which clients sign.
  const timeout = (await networkHelpers.time.latest()) - Math.floor(Date.now() / 1000) + 300;
  const options: ServeX402Options = {
    signer: p.accounts.signer,
    deployment: await deploymentOf(p),
    nodeId: p.nodeId,
    routeVersion: Number(offer.routeVersion),
    enclave: { key: enclave.address, prove: (digest) => enclave.prove(digest, 0) },
    token: { address: route.token, name: "Test USD", version: "1" },
    directory: folder.path,
    price: { perRequest: 1_000n, perUnit: 10n, maxUnits: 20n },
    minDeposit: MIN_DEPOSIT,
    settleAfter: 85_800,
    settleAt: 10_000,
    timeout,
    model: {
      ...bytesModel(p.modelId, Route.TEE),
      run: async (input) => {
        const text = new TextDecoder().decode(input);
        if (text === "fail") throw new Error("the model failed");
        return { output: new TextEncoder().encode(text.toUpperCase()), units: BigInt(input.length) };
      },
    },
    ...change,
  };
  let running = await serveX402(options);
  return {
    stream: running.stream,
    get accountant() {
      return running.accountant;
    },
    get url() {
      return running.url;
    },
    settle: () => running.settle(),
    /** Stops and starts again, at another address. */
    restart: async () => {
      await running.close();
      running = await serveX402(options);
    },
    close: async () => {
      await running.close();
      folder.remove();
    },
  };
}
