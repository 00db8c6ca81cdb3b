import { ponder } from "ponder:registry";
import { isAddressEqual } from "viem";
import { settings } from "../settings.ts";
import { addToPeriods, addToProtocol } from "./store.ts";

const { NodeRegistry, BurnSink } = settings.deployment.addresses;

ponder.on("OpgMint:Transfer", async ({ event, context }) => {
  const { value } = event.args;
  // The whole supply of an OPG of our own is minted by its constructor; of another token, it was there before.
  await addToProtocol(context, { supply: value, ...(BurnSink ? { minted: value } : { initialSupply: value }) });
  await addToPeriods(context, event, {});
});

ponder.on("OpgBurn:Transfer", async ({ event, context }) => {
  const { from, value } = event.args;
  const byRegistry = isAddressEqual(from, NodeRegistry);
  await addToProtocol(context, {
    supply: -value,
    destroyed: value,
    destroyedByRegistry: byRegistry ? value : 0n,
  });
  await addToPeriods(context, event, {});
});
