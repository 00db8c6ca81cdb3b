import type { ErrorArgs, ErrorName } from "../chain/abiTypes.ts";
import type { abis } from "../generated/abis.ts";
import { NodeStatus, OutputCommitment, RequestStatus, Route, VerifierStatus } from "../types.ts";
import { attestationSentences } from "./attestationSentences.ts";
import { time } from "./time.ts";

type AnyAbi = (typeof abis)[keyof typeof abis];

/** One sentence for every custom error that a contract of ours can give: the type makes the list complete. */
type Sentences = { readonly [N in ErrorName<AnyAbi>]: (args: ErrorArgs<AnyAbi, N>) => string };

const nameIn = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);

const node = (status: number) => nameIn(NodeStatus, status);
const request = (status: number) => nameIn(RequestStatus, status);
const route = (value: number) => nameIn(Route, value);
const verifier = (status: number) => nameIn(VerifierStatus, status);

const accessManager = {
  AccessManagedInvalidAuthority: ({ authority }) => `${authority} is not a contract, so it cannot be the authority.`,
  AccessManagedRequiredDelay: ({ caller, delay }) =>
    `${caller} may do this only after scheduling it ${delay} seconds ahead in the AccessManager.`,
  AccessManagedUnauthorized: ({ caller }) => `${caller} does not have the role that this needs.`,
  AccessManagerAlreadyScheduled: ({ operationId }) => `Operation ${operationId} is scheduled already.`,
  AccessManagerBadConfirmation: () =>
    "Only an account can give up its own role: the confirmation has to be the caller.",
  AccessManagerExpired: ({ operationId }) => `Operation ${operationId} was scheduled too long ago and has expired.`,
  AccessManagerInvalidInitialAdmin: ({ initialAdmin }) => `${initialAdmin} cannot be the first administrator.`,
  AccessManagerLockedFunction: ({ selector }) => `The role of function ${selector} cannot be changed.`,
  AccessManagerLockedRole: ({ roleId }) => `Role ${roleId} cannot be changed.`,
  AccessManagerNotReady: ({ operationId }) => `Operation ${operationId} cannot be executed yet.`,
  AccessManagerNotScheduled: ({ operationId }) => `Operation ${operationId} is not scheduled.`,
  AccessManagerUnauthorizedAccount: ({ msgsender, roleId }) => `${msgsender} does not have role ${roleId}.`,
  AccessManagerUnauthorizedCall: ({ caller, target, selector }) =>
    `${caller} may not call function ${selector} of ${target}.`,
  AccessManagerUnauthorizedCancel: ({ msgsender, caller, target, selector }) =>
    `${msgsender} may not cancel what ${caller} scheduled for function ${selector} of ${target}.`,
  AccessManagerUnauthorizedConsume: ({ target }) => `${target} does not consume scheduled operations.`,
} satisfies Partial<Sentences>;

const libraries = {
  AddressEmptyCode: ({ target }) => `There is no contract at ${target}.`,
  CloneArgumentsTooLong: () => "The clone has more arguments than fit into a contract.",
  Create2EmptyBytecode: () => "There is no code to make a contract of.",
  ECDSAInvalidSignature: () => "The signature is not valid.",
  ECDSAInvalidSignatureLength: ({ length }) => `The signature has ${length} bytes instead of 65.`,
  ECDSAInvalidSignatureS: ({ s }) => `The signature's s (${s}) is in the upper half of the order.`,
  FailedDeployment: () => "The contract could not be made.",
  FailedCall: () => "A call made by the contract failed.",
  InsufficientBalance: ({ balance, needed }) => `The contract holds ${balance} wei and needs ${needed}.`,
  InvalidShortString: () => "A stored string is malformed.",
  ReentrancyGuardReentrantCall: () => "The contract was called again while it was still at work.",
  SafeCastOverflowedUintDowncast: ({ bits, value }) => `${value} does not fit in ${bits} bits.`,
  SafeERC20FailedOperation: ({ token }) => `Token ${token} refused the transfer.`,
  StringTooLong: ({ str }) => `"${str}" is too long.`,
} satisfies Partial<Sentences>;

const tokens = {
  ERC20InsufficientAllowance: ({ spender, allowance, needed }) =>
    `${spender} may spend ${allowance} base units of the token and needs ${needed}: approve more.`,
  ERC20InsufficientBalance: ({ sender, balance, needed }) =>
    `${sender} holds ${balance} base units of the token and needs ${needed}.`,
  ERC20InvalidApprover: ({ approver }) => `${approver} cannot approve anything.`,
  ERC20InvalidReceiver: ({ receiver }) => `${receiver} cannot receive tokens.`,
  ERC20InvalidSender: ({ sender }) => `${sender} cannot send tokens.`,
  ERC20InvalidSpender: ({ spender }) => `${spender} cannot be a spender.`,
  ERC2612ExpiredSignature: ({ deadline }) => `The permit expired at ${time(deadline)}.`,
  ERC2612InvalidSigner: ({ signer, owner }) => `The permit is signed by ${signer}, not by ${owner}.`,
  InvalidAccountNonce: ({ account, currentNonce }) => `The next nonce of ${account} is ${currentNonce}.`,
  TestUSD_InvalidAuthorization: ({ from, nonce }) =>
    `Authorization ${nonce} of ${from} is not signed by it, not for the caller, not valid now, or was used.`,
} satisfies Partial<Sentences>;

const groth16 = {
  Groth16Settler_InsufficientGas: ({ index }) =>
    `The transaction brought too little gas for row ${index} of the batch, so nothing is settled: send more.`,
  Groth16_InsufficientGas: () => "The call brought too little gas to tell whether the proof is valid: send more.",
  Groth16_InvalidG1: ({ offset }) => `The point at byte ${offset} of the verifying key is not a valid point of G1.`,
  Groth16_InvalidG2: ({ offset }) => `The point at byte ${offset} of the verifying key is not a valid point of G2.`,
  Groth16_LengthMismatch: ({ statements, proofs }) => `There are ${proofs} proofs for ${statements} statements.`,
  Groth16_MalformedKey: ({ length, header }) =>
    `These ${length} bytes with header ${header} are not an encoded verifying key.`,
  Groth16_UndeclaredCeremony: ({ contributions, zkeyHash }) =>
    `The key is not marked as a development key but names ${contributions} contributions and .zkey file ${zkeyHash}.`,
  Plonk_InsufficientGas: () => "The call brought too little gas to tell whether the PLONK proof is valid: send more.",
  Groth16_UnknownKey: ({ keyId }) => `No verifying key ${keyId} is registered.`,
} satisfies Partial<Sentences>;

const models = {
  ModelRegistry_AlreadyRegistered: ({ modelId }) => `Model ${modelId} is registered already.`,
  ModelRegistry_Unauthorized: ({ modelId, caller }) => `${caller} does not own model ${modelId}.`,
  ModelRegistry_UnknownModel: ({ modelId }) => `There is no model ${modelId}.`,
  ModelRegistry_UnknownRoute: (args) =>
    `Model ${args.modelId} has no version ${args.version} of the ${route(args.route)} route.`,
  ModelRegistry_UnusableVerifier: (args) =>
    `Verifier ${args.verifierId} is not a usable verifier of the ${route(args.route)} route.`,
  VerifierRegistry_NotAContract: (args) => `There is no contract at ${args.verifier}, so it cannot verify anything.`,
  VerifierRegistry_WrongStatus: ({ verifierId, status }) =>
    `Verifier ${verifierId} is ${verifier(status)}, which does not allow this.`,
} satisfies Partial<Sentences>;

const nodes = {
  NodeRegistry_AlreadyRegistered: ({ nodeId }) => `Node ${nodeId} is registered already: choose another salt.`,
  NodeRegistry_InexactTransfer: ({ expected, received }) =>
    `The OPG token moved ${received} base units instead of ${expected}, so it cannot be staked.`,
  NodeRegistry_InsufficientFree: ({ nodeId, free, needed }) =>
    `Node ${nodeId} has ${free} base units of free OPG and needs ${needed}: stake more, or use another node.`,
  NodeRegistry_InsufficientUnbonding: ({ nodeId, unbonding, needed }) =>
    `Node ${nodeId} has ${unbonding} base units of unbonding OPG, fewer than ${needed}.`,
  NodeRegistry_ModuleExists: ({ module }) => `Settlement module ${module} was added before.`,
  NodeRegistry_NotAModule: ({ caller, activeAt }) =>
    activeAt === 0n
      ? `${caller} is not a settlement module.`
      : `${caller} is a settlement module only from ${time(activeAt)} on.`,
  NodeRegistry_RewardTooLarge: ({ rewardBps }) =>
    `A reporter cannot get ${rewardBps} ten-thousandths of what a node loses: at most half.`,
  NodeRegistry_NotOpen: () => "Registration is not open yet: the deployment is not complete.",
  NodeRegistry_StillUnbonding: ({ nodeId, withdrawableAt }) =>
    `The unbonding OPG of node ${nodeId} can be withdrawn from ${time(withdrawableAt)} on.`,
  NodeRegistry_Unauthorized: ({ nodeId, caller }) => `${caller} may not do this for node ${nodeId}.`,
  NodeRegistry_UnknownNode: ({ nodeId }) => `There is no node ${nodeId}.`,
  NodeRegistry_UnknownOffer: ({ nodeId, offerHash }) =>
    `Node ${nodeId} does not have this offer (${offerHash}): read its offers again.`,
  NodeRegistry_WrongStatus: ({ nodeId, status }) => `Node ${nodeId} is ${node(status)}, which does not allow this.`,
  NodeRegistry_ZeroAddress: () => "The zero address cannot sign, be paid or receive.",
  NodeRegistry_ZeroAmount: () => "There is no amount: it has to be more than zero.",
} satisfies Partial<Sentences>;

const settlement = {
  Settlement_BadNodeSignature: ({ requestId, nodeId }) =>
    `The delivery for request ${requestId} is not signed by the signer of node ${nodeId}.`,
  Settlement_BadRequesterSignature: (args) => `Request ${args.requestId} is not signed by ${args.requester}.`,
  Settlement_DeliveryWindowClosed: ({ requestId, deadline }) =>
    `Request ${requestId} could be delivered until ${time(deadline)}.`,
  Settlement_DeliveryWindowOpen: ({ requestId, deadline }) =>
    `Request ${requestId} can still be delivered until ${time(deadline)}; a refund is possible after that.`,
  Settlement_InexactTransfer: ({ token, expected, received }) =>
    `Token ${token} moved ${received} base units instead of ${expected}, so it cannot pay for inferences.`,
  Settlement_InsufficientCallbackGas: ({ available, needed }) =>
    `${available} gas is left for the consumer's callback, which needs ${needed}: send more gas.`,
  Settlement_InvalidProof: ({ requestId, claimHash }) =>
    `The proof for request ${requestId} does not prove claim ${claimHash}.`,
  Settlement_MaxFeeTooLow: ({ maxFee, pricePerRequest }) =>
    `The highest fee of ${maxFee} base units is below the price of ${pricePerRequest} per request.`,
  Settlement_NoCredit: ({ token, account }) => `${account} has nothing to withdraw in token ${token}.`,
  Settlement_NotAContract: ({ token }) => `There is no token at ${token}.`,
  Settlement_NotTheDeliveredClaim: ({ requestId, claimHash }) =>
    `Claim ${claimHash} is not what was delivered for request ${requestId}.`,
  Settlement_NothingRevoked: ({ requestId }) =>
    `Nothing that request ${requestId} depends on was revoked, or it may still be proven: there is nothing to void yet.`,
  Settlement_NothingToApply: ({ applicableAt }) =>
    applicableAt === 0n
      ? "No parameters are scheduled."
      : `The scheduled parameters can be applied from ${time(applicableAt)} on.`,
  Settlement_OpenRequestNeedsProof: ({ requestId }) =>
    `Request ${requestId} names no node, so it can be taken only together with its proof.`,
  Settlement_OpenRequestWithBond: () => "A request that names no node cannot ask for coverage or a proof window.",
  Settlement_OutdatedTerms: ({ requestId }) =>
    `The terms of request ${requestId} name fees or shares that are no longer in force: build them again.`,
  Settlement_OutputNotPublishable: ({ outputCommitment }) =>
    `An output with ${nameIn(OutputCommitment, outputCommitment)} commitment cannot be delivered on chain.`,
  Settlement_ParameterOutOfBounds: ({ value, limit }) => `${value} is more than the limit of ${limit}.`,
  Settlement_Paused: () => "New requests are paused; everything that is open goes on.",
  Settlement_ProofWindowClosed: ({ requestId, deadline, deadlineBlock }) =>
    `Request ${requestId} could be settled until ${time(deadline)} and block ${deadlineBlock}.`,
  Settlement_ProofWindowOpen: ({ requestId, deadline, deadlineBlock }) =>
    `Request ${requestId} can still be settled until ${time(deadline)} and block ${deadlineBlock}; a default can be claimed after both.`,
  Settlement_RequestExists: ({ requestId }) => `Request ${requestId} was made before: use another nonce.`,
  Settlement_RequestExpired: ({ requestId, deadline }) => `Request ${requestId} could be made until ${time(deadline)}.`,
  Settlement_RequestVoid: ({ requestId }) =>
    `What request ${requestId} depends on was revoked: void the request to get the money back.`,
  Settlement_TokenNotListed: ({ token }) => `Token ${token} is not on the list of fee tokens.`,
  Settlement_Unauthorized: ({ requestId, caller }) => `${caller} may not do this for request ${requestId}.`,
  Settlement_UnbondingTooShort: ({ unbondingDelay, needed }) =>
    `Unbonding takes ${unbondingDelay} seconds and has to take longer than ${needed}.`,
  Settlement_UnknownRoute: (args) =>
    `Version ${args.version} of the ${route(args.route)} route of model ${args.modelId} is not in force.`,
  Settlement_VerifierNotActive: ({ verifierId, status }) =>
    `Verifier ${verifierId} of the model's route is ${verifier(status)}, so it takes no new requests.`,
  Settlement_VerifierRevoked: ({ verifierId }) =>
    `Verifier ${verifierId} was revoked, so nothing settles by it: void the request to get the money back.`,
  Settlement_WindowTooLong: ({ window, limit }) =>
    `A window of ${window} seconds is longer than the ${limit} that the protocol allows.`,
  Settlement_WrongNode: ({ requestId, nodeId }) => `Request ${requestId} does not name node ${nodeId}.`,
  Settlement_WrongOutput: ({ requestId, outputHash }) =>
    `The output bytes for request ${requestId} do not match ${outputHash}, or do not belong in this delivery mode.`,
  Settlement_WrongStatus: ({ requestId, status }) =>
    `Request ${requestId} is ${request(status)}, which does not allow this.`,
  Settlement_ZeroAddress: () => "The zero address cannot receive.",
} satisfies Partial<Sentences>;

const x402 = {
  X402Gate_GasTooLow: ({ left, required }) =>
    `${left} gas is left to try a row with, and ${required} is needed: send more gas, or fewer rows.`,
  X402Gate_MalformedRows: ({ offset }) => `The row at byte ${offset} is cut short, or of no kind that there is.`,
  X402Gate_NothingToRefund: ({ channelId }) =>
    `Nothing is left in x402 channel ${channelId} that is neither claimed nor proven.`,
  X402Gate_NotTheBatchSettlement: ({ caller, nodeId }) =>
    `Only the batch settlement may claim, and only for the gate's own node: ${caller} did for node ${nodeId}.`,
  X402Gate_NotTheNode: ({ nodeId, caller }) =>
    `${caller} is neither owner nor signer of node ${nodeId}, so it cannot refund its payers.`,
} satisfies Partial<Sentences>;

const channels = {
  Channels_AmountTooLarge: ({ amount }) => `A channel cannot hold ${amount} base units more.`,
  Channels_BadConsent: ({ signer, payer }) => `${signer} has not signed that it serves a channel of ${payer}.`,
  Channels_DelayOutOfBounds: ({ delay, shortest, longest }) =>
    `A withdrawal delay of ${delay} seconds is not between ${shortest} and ${longest}.`,
  Channels_Exists: ({ channelId }) =>
    `Channel ${channelId} exists already: deposit into it, or use another signer key.`,
  Channels_MalformedRows: ({ length }) => `${length} bytes are not a whole number of rows of 96 bytes.`,
  Channels_NotThePayer: ({ channelId, caller }) =>
    `Channel ${channelId} does not exist, or ${caller} is not its payer.`,
  Channels_NotWithdrawable: ({ channelId, withdrawableAt }) =>
    withdrawableAt === 0n
      ? `No withdrawal from channel ${channelId} is announced.`
      : `What is left in channel ${channelId} can be withdrawn from ${time(withdrawableAt)} on.`,
  Channels_Unknown: ({ channelId }) => `There is no channel ${channelId}.`,
  Channels_ZeroAmount: () => "There is no amount: it has to be more than zero.",
} satisfies Partial<Sentences>;

const batches = {
  Batch_Empty: () => "The batch holds no inference.",
  Batch_InvalidProof: ({ digest }) =>
    `Batch ${digest} is not signed by a key that is attested for the node with a measurement that the model trusts.`,
  Batch_KeyTooOld: ({ key, endedAt }) =>
    `Key ${key} ended at ${time(endedAt)}, longer ago than an equivocation can be reported.`,
  Batch_NoEquivocation: ({ digestA, digestB }) =>
    `Batches ${digestA} and ${digestB} are one, of different streams, or hold no inference in common.`,
  Batch_UnknownLedger: ({ nodeId, ledger }) =>
    `Ledger ${ledger} is neither the batch settlement nor the gate of node ${nodeId} for this model.`,
  Batch_UnusableVerifier: ({ verifierId, status }) =>
    `Verifier ${verifierId} of the model's route is ${verifier(status)}, so no batch settles by it.`,
  Batch_WrongRows: ({ expected, actual }) =>
    `The rows hash to ${actual}, but the enclave signed the batch with rows that hash to ${expected}.`,
  Batch_WrongSequence: ({ streamId, next, first }) =>
    `The batch begins with inference ${first}, but the next one of stream ${streamId} is ${next}.`,
} satisfies Partial<Sentences>;

/** One sentence for every custom error; see {@link decodeError}. */
export const sentences: Sentences = {
  ...accessManager,
  ...attestationSentences,
  ...libraries,
  ...tokens,
  ...groth16,
  ...models,
  ...nodes,
  ...settlement,
  ...x402,
  ...channels,
  ...batches,
};
