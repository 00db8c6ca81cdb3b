import config from "../../../indexer/ponder.config.ts";
import { settings } from "../../../indexer/src/settings.ts";

/** The indexer's own sources of events, over Ponder's own RPC transport. */
export default { ...config, chains: { chain: { ...config.chains.chain, rpc: settings.rpcUrl } } };
