// The public edge of the SDK. Everything here runs in browsers too; what needs Node.js is in "./node.ts".

export { AWS_NITRO_ROOT, AWS_NITRO_ROOT_HASH } from "./attestation/awsRoot.ts";
export { type Certificate, parseCertificate } from "./attestation/certificate.ts";
export { type AttestationDocument, parseDocument } from "./attestation/document.ts";
export { documentHints, pathHints } from "./attestation/documentHints.ts";
export { type P384Signature, p384Hint } from "./attestation/p384Hint.ts";
export { isUnderRoot, type LeafSet, leavesOf, parseLeafSet, treeOf } from "./batch/leafSet.ts";
export { type BatchEntry, inferenceOf, type Receipt } from "./batch/receipt.ts";
export type { Abi, AbiValue } from "./chain/abiTypes.ts";
export { type BatchContract, batchContract } from "./chain/batchContract.ts";
export { type Contracts, contractsOf } from "./chain/contracts.ts";
export { isLocalChain } from "./chain/isLocalChain.ts";
export { signPermit } from "./chain/signPermit.ts";
export { mined, TypedContract, type TypedEvent } from "./chain/TypedContract.ts";
export { ChannelAccount, type ChannelState } from "./channel/ChannelAccount.ts";
export type { ChannelOffer, ChannelQuote } from "./channel/channelWire.ts";
export {
  type ChannelInferOptions,
  type ChannelRun,
  PaymentChannel,
  type SettledProof,
} from "./channel/PaymentChannel.ts";
export { type DeclaredCeremony, keyWeaknesses } from "./client/keyWeaknesses.ts";
export * from "./client/OpgClient.ts";
export type { OfferFilter, StandingOffer } from "./client/offers.ts";
export { readOutcome, type SettledInference } from "./client/outcome.ts";
export { type RequestState, readRequest, readTerms } from "./client/readRequest.ts";
export { requireProductionKey, type ZkParameters } from "./client/requireProductionKey.ts";
export { type ProofMeaning, readProofMeaning } from "./client/verifyProof.ts";
export { feeOf } from "./client/verifyReply.ts";
export { addressOf, type Deployment, parseDeployment } from "./deployment.ts";
export { ContractError } from "./errors/ContractError.ts";
export { DeliveryError } from "./errors/DeliveryError.ts";
export { type DecodedError, decodeError } from "./errors/decodeError.ts";
export { OpgError } from "./errors/OpgError.ts";
export { type FailureReason, SettlementFailure } from "./errors/SettlementFailure.ts";
export * from "./generated/abis.ts";
export { batchedRequestIdOf } from "./hash/batchedRequestIdOf.ts";
export { channelIdOf } from "./hash/channelIdOf.ts";
export { hashBatch } from "./hash/hashBatch.ts";
export { type ChannelKey, hashChannelKey } from "./hash/hashChannelKey.ts";
export { hashClaim } from "./hash/hashClaim.ts";
export { type Delivery, hashDelivery } from "./hash/hashDelivery.ts";
export { hashOffer } from "./hash/hashOffer.ts";
export { hashReceipt } from "./hash/hashReceipt.ts";
export { hashTerms } from "./hash/hashTerms.ts";
export { hashVoucher } from "./hash/hashVoucher.ts";
export { leafOf } from "./hash/leafOf.ts";
export { modelIdOf } from "./hash/modelIdOf.ts";
export { nodeIdOf } from "./hash/nodeIdOf.ts";
export { streamIdOf } from "./hash/streamIdOf.ts";
export {
  BATCH_TYPES,
  CHANNEL_KEY_TYPES,
  CLAIM_TYPES,
  DELIVERY_TYPES,
  OFFER_TYPES,
  RECEIPT_TYPES,
  type SettlementDomain,
  TERMS_TYPES,
  typedDataDomain,
  VOUCHER_TYPES,
} from "./hash/typedData.ts";
export { bytesModel, type InferenceModel, type ModelCodec, randomSalt } from "./model.ts";
export { type NewRoute, OpgModels } from "./operator/OpgModels.ts";
export {
  type NewOffer,
  type NodeRegistration,
  type NodeState,
  OpgOperator,
  type ProvenRequest,
} from "./operator/OpgOperator.ts";
export * from "./types.ts";
export { type VerifiedDocument, verifyDocument } from "./verify/attestation.ts";
export {
  type BatchEvidence,
  type Evidence,
  type EvidencePlace,
  type InferenceEvidence,
  parseEvidence,
} from "./verify/evidence.ts";
export {
  type BatchPointers,
  type EvidencePointers,
  gatherEvidence,
  type InferencePointers,
  pointersOf,
} from "./verify/gatherEvidence.ts";
export type { Snarkjs } from "./verify/groth16.ts";
export { Refuted, Unreadable } from "./verify/refuted.ts";
export {
  type StepId,
  type Verification,
  type VerificationOptions,
  type VerificationStep,
  verifyEvidence,
} from "./verify/verifyEvidence.ts";
export { INFERENCES_PATH, type InferenceCall, type InferenceReply, parseTerms, toJson } from "./wire.ts";
