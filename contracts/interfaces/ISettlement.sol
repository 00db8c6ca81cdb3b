// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICredits} from "./ICredits.sol";
import {InferenceClaim} from "./IProofVerifier.sol";
import {Offer} from "./INodeRegistry.sol";
import {OutputCommitment} from "./IModelRegistry.sol";
import {Route, VerifierStatus} from "./IVerifierRegistry.sol";

/// @notice Where a request stands. Time alone moves nothing; it opens `refund` for REQUESTED and `claimDefault` for
/// DELIVERED. The last four are terminal.
enum RequestStatus {
    NONE,
    REQUESTED,
    DELIVERED,
    SETTLED,
    REFUNDED,
    DEFAULTED,
    VOIDED
}

/// @notice How the output reaches the requester.
/// - DIRECT: the node sends it; the chain sees only the commitment, and availability is trusted.
/// - ONCHAIN: the output bytes are in the delivery, and the contract checks them against the commitment.
enum DeliveryMode {
    DIRECT,
    ONCHAIN
}

/// @notice All that a request fixes. `requestId` is the EIP-712 digest of it in the settlement's domain:
/// `Terms(address requester,uint256 nonce,uint64 deadline,uint128 maxFee,uint96 verificationFee,uint16 compensationBps,
/// uint16 rewardBps,uint24 proofBlocks,bytes32 inputHash,uint8 mode,address consumer,Offer offer)` followed by
/// `Offer(bytes32 nodeId,bytes32 modelId,uint8 route,uint32 routeVersion,address token,uint128 pricePerRequest,
/// uint128 pricePerUnit,uint128 coverage,uint32 deliveryWindow,uint32 proofWindow)`.
/// @param requester Who asks and pays, and is refunded and compensated.
/// @param nonce Tells the requester's requests apart; any unused value.
/// @param deadline The last second at which the request can be made.
/// @param maxFee What is escrowed, in base units of the offer's token.
/// @param verificationFee OPG burned at settlement: the fee in force for the route.
/// @param compensationBps The requester's share of the coverage at default, in 1/10,000: the value in force.
/// @param rewardBps The share of whoever claims the default, in 1/10,000: the value in force.
/// @param proofBlocks Blocks since the delivery before which no default can be claimed: the value in force.
/// @param inputHash The salted commitment to the input, as the route defines it.
/// @param mode How the output is delivered.
/// @param consumer An {IInferenceConsumer} to call; zero for none.
/// @param offer The node's offer; in an open request (`nodeId` zero) the requester's own, without coverage and proof
/// window.
struct Terms {
    address requester;
    uint256 nonce;
    uint64 deadline;
    uint128 maxFee;
    uint96 verificationFee;
    uint16 compensationBps;
    uint16 rewardBps;
    uint24 proofBlocks;
    bytes32 inputHash;
    DeliveryMode mode;
    address consumer;
    Offer offer;
}

/// @notice A node's answer to a request.
/// @param outputHash The commitment to the output.
/// @param units What is metered.
/// @param output The output bytes, for an on-chain delivery; empty otherwise.
/// @param signature The node's signature of `Delivery(bytes32 requestId,bytes32 outputHash,uint64 units)`; may be
/// empty if the node's signer is the caller.
struct Answer {
    bytes32 outputHash;
    uint64 units;
    bytes output;
    bytes signature;
}

/// @notice An ERC-2612 permit by the requester for the settlement.
struct Permit {
    uint256 value;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice What governance sets, behind a delay, and a request reads. Terms name the values, so a change binds later
/// requests only.
/// @param zkVerificationFee OPG (base units) burned per settlement on the ZK route.
/// @param teeVerificationFee OPG (base units) burned per settlement on the TEE route.
/// @param compensationBps See {Terms}.
/// @param rewardBps See {Terms}; at most 1,000, so that a node gains nothing by claiming its own default.
/// @param proofBlocks See {Terms}.
struct Parameters {
    uint96 zkVerificationFee;
    uint96 teeVerificationFee;
    uint16 compensationBps;
    uint16 rewardBps;
    uint24 proofBlocks;
}

/// @notice What governance can never exceed, and how long it has to announce a change.
/// @param verificationFee The largest verification fee, in OPG base units.
/// @param deliveryWindow The longest delivery window, in seconds.
/// @param proofWindow The longest proof window, in seconds.
/// @param evidenceWindow Seconds after a proof window within which misbehaviour can still be shown; unbonding takes
/// longer than both together.
/// @param proofBlocks The largest `proofBlocks`.
/// @param parameterDelay Seconds from announcing parameters to applying them.
struct Limits {
    uint96 verificationFee;
    uint32 deliveryWindow;
    uint32 proofWindow;
    uint32 evidenceWindow;
    uint24 proofBlocks;
    uint32 parameterDelay;
}

/// @title ISettlement
/// @notice One inference: requested and paid for, delivered, proven, settled. The fee is the operator's in full; the
/// verification fee, in OPG, burns from the node's bond.
///
/// Safety trusts: the verifier that the model's route names; listed tokens to move exactly what they say and not to
/// take balances away (no fee on transfer: checked; no rebasing: the list's duty); the OPG token.
/// Liveness trusts: the node to deliver and prove (or its bond pays); a listed token that stops transfers stops
/// only requests and withdrawals in that token.
///
/// Every request ends in exactly one of SETTLED, REFUNDED, DEFAULTED and VOIDED, and paid + returned = escrowed.
/// Pausing stops new requests and nothing else.
interface ISettlement is ICredits {
    /// @notice A request was made and its `maxFee` escrowed; a named node's bond is locked.
    event Requested(bytes32 indexed requestId, address indexed requester, bytes32 indexed nodeId, Terms terms);
    /// @notice The node committed to its answer: the trust gap starts.
    event Delivered(bytes32 indexed requestId, bytes32 indexed nodeId, bytes32 outputHash, uint64 units);
    /// @notice The output of an on-chain delivery.
    event OutputPublished(bytes32 indexed requestId, bytes output);
    /// @notice The answer is proven: the trust gap ends.
    /// @param payout Whose credit the fee is.
    /// @param fee The fee, in base units of the offer's token.
    /// @param returned The rest of `maxFee`, credited to the requester.
    event Settled(
        bytes32 indexed requestId,
        bytes32 indexed nodeId,
        address indexed payout,
        uint128 fee,
        uint128 returned
    );
    /// @notice The node declined; everything is back.
    event Declined(bytes32 indexed requestId, bytes32 indexed nodeId);
    /// @notice Nobody delivered in time; everything is back.
    event Refunded(bytes32 indexed requestId, bytes32 indexed nodeId);
    /// @notice The node delivered and did not prove. `compensation` (OPG) and the whole `maxFee` are the requester's.
    event Defaulted(
        bytes32 indexed requestId,
        bytes32 indexed nodeId,
        address indexed claimer,
        uint128 compensation,
        uint128 reward,
        uint128 burned
    );
    /// @notice What the request depends on was revoked in an emergency; everything is back.
    event Voided(bytes32 indexed requestId, bytes32 indexed nodeId);
    /// @notice A consumer's callback reverted or ran out of gas. Nothing else happened.
    event CallbackFailed(bytes32 indexed requestId, address indexed consumer);
    /// @notice New parameters can be applied at `applicableAt` (seconds).
    event ParametersScheduled(Parameters parameters, uint64 applicableAt);
    /// @notice New parameters are in force.
    event ParametersApplied(Parameters parameters);
    /// @notice A token can, or can no longer, pay for new requests.
    event TokenListed(address indexed token, bool listed);
    /// @notice New requests are, or are no longer, refused.
    event RequestsPaused(bool paused);

    /// @notice New requests are paused.
    error Settlement_Paused();
    /// @notice The same terms were requested before.
    error Settlement_RequestExists(bytes32 requestId);
    /// @notice The request's deadline has passed.
    error Settlement_RequestExpired(bytes32 requestId, uint64 deadline);
    /// @notice The signature is not the requester's, over these terms.
    error Settlement_BadRequesterSignature(bytes32 requestId, address requester);
    /// @notice The token is not on the list.
    error Settlement_TokenNotListed(address token);
    /// @notice The terms name other fees or shares than those in force.
    error Settlement_OutdatedTerms(bytes32 requestId);
    /// @notice The model does not have this route in this version in force.
    error Settlement_UnknownRoute(bytes32 modelId, Route route, uint32 version);
    /// @notice The route's verifier takes no new requests.
    error Settlement_VerifierNotActive(uint32 verifierId, VerifierStatus status);
    /// @notice The route's verifier was revoked: nothing settles by it. {voidRequest} returns the money.
    error Settlement_VerifierRevoked(uint32 verifierId);
    /// @notice Nothing that the request depends on was revoked in an emergency, or it may still be proven.
    error Settlement_NothingRevoked(bytes32 requestId);
    /// @notice What the proof depends on was revoked in an emergency. {voidRequest} returns the money.
    error Settlement_RequestVoid(bytes32 requestId);
    /// @notice The window is longer than the protocol allows.
    error Settlement_WindowTooLong(uint32 window, uint32 limit);
    /// @notice The escrow does not cover the price of the request alone.
    error Settlement_MaxFeeTooLow(uint128 maxFee, uint128 pricePerRequest);
    /// @notice An open request has no node that could pledge coverage or promise a proof later.
    error Settlement_OpenRequestWithBond();
    /// @notice The model's output cannot be delivered on chain by this route.
    error Settlement_OutputNotPublishable(OutputCommitment outputCommitment);
    /// @notice The request is not in the status that this needs.
    error Settlement_WrongStatus(bytes32 requestId, RequestStatus status);
    /// @notice An open request can only be taken with its proof: by {deliverAndSettle}.
    error Settlement_OpenRequestNeedsProof(bytes32 requestId);
    /// @notice The request names another node.
    error Settlement_WrongNode(bytes32 requestId, bytes32 nodeId);
    /// @notice The delivery deadline (seconds) has passed.
    error Settlement_DeliveryWindowClosed(bytes32 requestId, uint256 deadline);
    /// @notice The delivery deadline (seconds) has not passed.
    error Settlement_DeliveryWindowOpen(bytes32 requestId, uint256 deadline);
    /// @notice The proof deadline (seconds, and block) has passed.
    error Settlement_ProofWindowClosed(bytes32 requestId, uint256 deadline, uint256 deadlineBlock);
    /// @notice The proof deadline (seconds, and block) has not passed.
    error Settlement_ProofWindowOpen(bytes32 requestId, uint256 deadline, uint256 deadlineBlock);
    /// @notice The delivery is not signed by the node's signer.
    error Settlement_BadNodeSignature(bytes32 requestId, bytes32 nodeId);
    /// @notice The output bytes do not match the commitment, or there are some in a direct delivery.
    error Settlement_WrongOutput(bytes32 requestId, bytes32 outputHash);
    /// @notice This is not the claim that was delivered.
    error Settlement_NotTheDeliveredClaim(bytes32 requestId, bytes32 claimHash);
    /// @notice The verifier says that the proof does not prove the claim.
    error Settlement_InvalidProof(bytes32 requestId, bytes32 claimHash);
    /// @notice The caller may not do this for the node.
    error Settlement_Unauthorized(bytes32 requestId, address caller);
    /// @notice Too little gas is left for the consumer's callback.
    error Settlement_InsufficientCallbackGas(uint256 available, uint256 needed);
    /// @notice A parameter exceeds its limit.
    error Settlement_ParameterOutOfBounds(uint256 value, uint256 limit);
    /// @notice Stake could leave before a default or misbehaviour is shown: unbonding has to take longer than `needed`.
    error Settlement_UnbondingTooShort(uint64 unbondingDelay, uint256 needed);
    /// @notice No parameters are scheduled, or they cannot be applied before `applicableAt` (seconds; zero: none).
    error Settlement_NothingToApply(uint64 applicableAt);
    /// @notice A token to list has to be a contract.
    error Settlement_NotAContract(address token);

    // --- the life of a request ----------------------------------------------------------------------------------

    /// @notice Requests an inference: escrows `maxFee` from the requester, who has approved it, and locks a named
    /// node's bond (coverage + verification fee). Emits {Requested}.
    /// @param terms The terms; everything that is read later is fixed here.
    /// @param signature The requester's signature of the terms (EIP-712; ECDSA or ERC-1271), for a relayed request;
    /// ignored if the requester is the caller.
    /// @return requestId The EIP-712 digest of the terms.
    function request(Terms calldata terms, bytes calldata signature) external returns (bytes32 requestId);

    /// @notice {request} with an ERC-2612 permit by the requester. A permit that was used already is no obstacle.
    function requestWithPermit(
        Terms calldata terms,
        bytes calldata signature,
        Permit calldata permit
    ) external returns (bytes32 requestId);

    /// @notice Declines a request before delivery: everything goes back. The node's signer or owner only.
    function decline(Terms calldata terms) external;

    /// @notice Commits a named node to its answer. Anyone who has the node's signed delivery may post it.
    /// Emits {Delivered}, and {OutputPublished} for an on-chain delivery.
    function deliver(Terms calldata terms, Answer calldata answer) external;

    /// @notice Settles a delivered request by a proof of exactly what was delivered. Anyone may.
    /// Pays the fee into the payout's credit, the rest of `maxFee` into the requester's, burns the verification fee
    /// from the bond and frees its rest. Emits {Settled}.
    /// @dev Possible until {claimDefault} is, never together with it.
    function settle(Terms calldata terms, bytes32 outputHash, uint64 units, bytes calldata proof) external;

    /// @notice Delivers and settles at once: no trust gap. The only way to take an open request; then the verification
    /// fee burns from the node's free OPG.
    function deliverAndSettle(
        Terms calldata terms,
        bytes32 nodeId,
        Answer calldata answer,
        bytes calldata proof
    ) external;

    /// @notice After the delivery deadline: `maxFee` to the requester's credit, the bond unlocked. Anyone may.
    function refund(Terms calldata terms) external;

    /// @notice After the proof deadline, in time and in blocks: `maxFee` and the compensation to the requester's
    /// credit, the reward to the caller's, the rest of the coverage burned. Anyone may.
    /// @dev Not for a request that is void: the node could not prove it, and {voidRequest} is the way out.
    function claimDefault(Terms calldata terms) external;

    /// @notice After an emergency revocation of what the request depends on: everything back, bond unlocked. Anyone may.
    /// @dev That is its route's verifier; or, once the proof window of what was delivered is over, a key of the node's at
    /// the time of the delivery. Until then the node may prove by another key, and nobody can take that from it.
    function voidRequest(Terms calldata terms) external;

    // --- governance ---------------------------------------------------------------------------------------------

    /// @notice Announces parameters. Restricted.
    function scheduleParameters(Parameters calldata next) external;

    /// @notice Applies the announced parameters after the delay. Anyone may.
    function applyParameters() external;

    /// @notice Lists a token for new requests, or takes it off the list. Restricted.
    function setToken(address token, bool listed) external;

    /// @notice Refuses new requests, and touches nothing else. Restricted (guardian). Emits {RequestsPaused}.
    function pause() external;

    /// @notice Takes new requests again. Restricted (governor). Emits {RequestsPaused}.
    function unpause() external;

    // --- reading ------------------------------------------------------------------------------------------------

    /// @notice Where a request stands.
    function statusOf(bytes32 requestId) external view returns (RequestStatus);

    /// @notice A request's clock.
    /// @return status Where it stands.
    /// @return since The block time, in seconds, of the request, or of the delivery once there is one.
    /// @return sinceBlock The block of the delivery; zero before it.
    function clockOf(bytes32 requestId) external view returns (RequestStatus status, uint64 since, uint64 sinceBlock);

    /// @notice Whether a request is settled: its output is proven and paid for.
    function isSettled(bytes32 requestId) external view returns (bool);

    /// @notice Whether exactly this claim is settled.
    function isClaimSettled(InferenceClaim calldata claim) external view returns (bool);

    /// @notice The request's identifier: the EIP-712 digest of its terms.
    function hashTerms(Terms calldata terms) external view returns (bytes32 requestId);

    /// @notice The EIP-712 digest of a claim: what a proof has to bind.
    function hashClaim(InferenceClaim calldata claim) external view returns (bytes32);

    /// @notice The EIP-712 digest of a delivery: what the node signs.
    function hashDelivery(bytes32 requestId, bytes32 outputHash, uint64 units) external view returns (bytes32);

    /// @notice Whether a token can pay for new requests.
    function isListed(address token) external view returns (bool);

    /// @notice Whether new requests are refused.
    function isPaused() external view returns (bool);

    /// @notice The parameters in force.
    function parameters() external view returns (Parameters memory);

    /// @notice The announced parameters, and when they can be applied (seconds; zero: none).
    function scheduledParameters() external view returns (Parameters memory next, uint64 applicableAt);

    /// @notice The limits, fixed for life.
    function limits() external view returns (Limits memory);

    /// @notice Gas that a consumer's callback gets.
    function CALLBACK_GAS() external view returns (uint256);
}
