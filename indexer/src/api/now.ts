import { db, publicClients } from "ponder:api";
import { protocol } from "ponder:schema";
import { sql } from "ponder";
import type { FinalityHeads } from "../mapping/finality.ts";
import { settings } from "../settings.ts";

/** How long the node's word on finality is kept, in milliseconds: readers must not multiply calls to it. */
const KEPT = 1_000;

/** Time of the latest block that can be queried; null before there is one. */
export async function readTime(): Promise<bigint | null> {
  // A checkpoint of Ponder's begins with the block's time, in ten digits.
  const { rows } = await db.execute(sql`select left(min(latest_checkpoint), 10) as time from _ponder_checkpoint`);
  const time = rows[0]?.time;
  return typeof time === "string" ? BigInt(time) : null;
}

/** Whether history is read: until then the tables are of the past, and lack what is on the chain. */
export async function isReady(): Promise<boolean> {
  if (!ready) {
    const { rows } = await db.execute(sql`select value->>'is_ready' as ready from _ponder_meta where key = 'app'`);
    ready = rows[0]?.ready === "1";
  }
  return ready;
}

/** What was read once stays read. */
let ready = false;

/** The protocol's row. */
export async function readProtocol(): Promise<typeof protocol.$inferSelect | undefined> {
  const [row] = await db.select().from(protocol).limit(1);
  return row;
}

/** The chain's word on what is safe and final. */
export function readHeads(): Promise<FinalityHeads | "instant"> {
  if (settings.finality === "instant") return Promise.resolve("instant");
  if (latest === undefined || Date.now() - latest.at > KEPT) latest = { at: Date.now(), heads: askNode() };
  return latest.heads;
}

let latest: { readonly at: number; readonly heads: Promise<FinalityHeads> } | undefined;

/** Null for a tag that the node does not know. */
async function askNode(): Promise<FinalityHeads> {
  const at = (blockTag: "safe" | "finalized") =>
    publicClients.chain.getBlock({ blockTag }).then(
      ({ number }) => number,
      () => null,
    );
  const [safe, finalised] = await Promise.all([at("safe"), at("finalized")]);
  return { safe, finalised };
}
