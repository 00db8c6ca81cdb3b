/**
 * Loaded into the indexer's process before Ponder: how many requests a second it sends to the RPC node at first.
 *
 * Ponder begins with 20, sends 5 % more after ten good seconds, and fewer as soon as the node refuses any (429); there is
 * no option for it. Most of a backfill is waiting, then. `OPG_RPC_RATE` says what the node takes.
 */
import { settings } from "../src/settings.ts";
import { patchPonder } from "./patchPonder.ts";

patchPonder("rpc/index.js", /const INITIAL_MAX_RPS = 20;/g, `const INITIAL_MAX_RPS = ${settings.rpcRate};`);
