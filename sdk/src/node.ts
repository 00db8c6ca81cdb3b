// What of the SDK needs Node.js: deployments on disk, and the node's runtime.

export {
  type AccountantOptions,
  BatchAccountant,
  type BatchSigner,
  type LedgerRow,
  type RowCodec,
} from "./node/batch/BatchAccountant.ts";
export type { BatchEvent } from "./node/batch/BatchSettler.ts";
export type { Charge, StoredVoucher } from "./node/batch/BatchStore.ts";
export type { ChannelOptions as NodeChannelOptions } from "./node/batch/ChannelService.ts";
export { nativeRows } from "./node/batch/nativeRows.ts";
export { JobStore } from "./node/JobStore.ts";
export { loadDeployment } from "./node/loadDeployment.ts";
export type { NodeModel } from "./node/NodeModel.ts";
export { readIgnitionDeployment } from "./node/readIgnitionDeployment.ts";
export { type NodeEvent, type RunningNode, type ServeOptions, serveNode } from "./node/serveNode.ts";
export {
  encodeGateRow,
  type GateRow,
  gateRows,
  type X402ChannelConfig,
  type X402Voucher,
} from "./node/x402/gateRows.ts";
export { type RunningX402, type ServeX402Options, serveX402 } from "./node/x402/serveX402.ts";
export { type PaidModel, X402Cashier, type X402Options, type X402Price, X402Refusal } from "./node/x402/X402Cashier.ts";
export { type X402GateInfo, x402GateOf } from "./node/x402/x402GateOf.ts";
export { X402_PATH } from "./node/x402/x402HttpServer.ts";
export { hashX402Voucher, X402_ADDRESS, X402_ERC3009_COLLECTOR, x402ChannelIdOf } from "./node/x402/x402Payment.ts";
