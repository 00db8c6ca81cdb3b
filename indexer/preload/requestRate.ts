/**
 * Loaded into the indexer's process before Ponder: how many requests a second it sends to the RPC node at first.
 *
 * Ponder begins with 20, sends 5 % more after ten good seconds, and fewer as soon as the node refuses any (429); there is
 * no option for it. Most of a backfill is waiting, then. `OPG_RPC_RATE` says what the node takes, from 1 to
 * {@link MAX_RATE}; for a node on this machine it is {@link LOCAL_RATE} by default.
 */
import { isLocalUrl } from "../src/environment.ts";
import { patchPonder } from "./patchPonder.ts";

/** More than this Ponder never sends. */
const MAX_RATE = 500;
const LOCAL_RATE = 200;

const { OPG_RPC_RATE, OPG_RPC_URL = "" } = process.env;
const rate = Number(OPG_RPC_RATE || (isLocalUrl(OPG_RPC_URL) ? LOCAL_RATE : 20));
if (!(rate >= 1 && rate <= MAX_RATE)) {
  throw new RangeError(
    `OPG_RPC_RATE is a number of requests per second from 1 to ${MAX_RATE}, and not ${OPG_RPC_RATE}`,
  );
}

patchPonder("rpc/index.js", /const INITIAL_MAX_RPS = 20;/g, `const INITIAL_MAX_RPS = ${rate};`);
