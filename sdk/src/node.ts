// What of the SDK needs Node.js: deployments on disk, and the node's runtime.

export {
  type AccountantOptions,
  BatchAccountant,
  type BatchSigner,
  type LedgerRow,
  type RowCodec,
} from "./node/batch/BatchAccountant.ts";
export type { Charge, StoredVoucher } from "./node/batch/BatchStore.ts";
export { nativeRows } from "./node/batch/nativeRows.ts";
export { JobStore } from "./node/JobStore.ts";
export { loadDeployment } from "./node/loadDeployment.ts";
export type { NodeModel } from "./node/NodeModel.ts";
export { readIgnitionDeployment } from "./node/readIgnitionDeployment.ts";
export { type NodeEvent, type RunningNode, type ServeOptions, serveNode } from "./node/serveNode.ts";
