import { readdirSync, readFileSync } from "node:fs";
import { type EventNames, ponder } from "ponder:registry";

/** Where the indexer's handlers are. */
const HANDLERS = new URL("../../../../indexer/src/handlers/", import.meta.url);
const REGISTERED = /ponder\.on\(\s*"([^"]+)"/g;

/** Handlers that do nothing, for all that the indexer has handlers for. */
for (const file of readdirSync(HANDLERS)) {
  for (const [, name] of readFileSync(new URL(file, HANDLERS), "utf8").matchAll(REGISTERED)) {
    ponder.on(name as EventNames, async () => {});
  }
}
