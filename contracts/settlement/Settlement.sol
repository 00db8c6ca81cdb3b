// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IInferenceConsumer} from "../interfaces/IInferenceConsumer.sol";
import {IModelRegistry, OutputCommitment} from "../interfaces/IModelRegistry.sol";
import {INodeRegistry, Node, Offer} from "../interfaces/INodeRegistry.sol";
import {InferenceClaim, IProofVerifier} from "../interfaces/IProofVerifier.sol";
import {
    Answer,
    DeliveryMode,
    ISettlement,
    Limits,
    Parameters,
    Permit,
    RequestStatus,
    Terms
} from "../interfaces/ISettlement.sol";
import {IVerifierRegistry, Route, VerifierStatus} from "../interfaces/IVerifierRegistry.sol";
import {TermsLib} from "../libraries/TermsLib.sol";
import {Credits} from "./Credits.sol";
import {Governed} from "./Governed.sol";

/// @title Settlement
/// @notice See {ISettlement}.
contract Settlement is Governed, Credits, EIP712 {
    using TermsLib for InferenceClaim;
    using TermsLib for Offer;
    using TermsLib for Terms;

    /// One slot: status 8 | since 32 | sinceBlock 32 | claim 184.
    /// `since` is the block time of the request, then of the delivery; 32 bits last until the year 2106, and for 34
    /// years of blocks at four a second. `claim` is the delivered claim's hash, cut to 23 bytes: a node that wants two
    /// claims to choose from has to find a collision, which takes 2^92 hashes.
    struct Request {
        RequestStatus status;
        uint32 since;
        uint32 sinceBlock;
        bytes23 claim;
    }

    /// @dev What {_notify} needs besides the callback's own gas: a cold call, a failure event, and the return.
    uint256 private constant CALLBACK_RESERVE = 10_000;
    /// @inheritdoc ISettlement
    uint256 public constant CALLBACK_GAS = 150_000;

    /// @notice The nodes and their bonds.
    INodeRegistry public immutable nodes;
    /// @notice The models and their routes.
    IModelRegistry public immutable models;
    /// @notice The verifiers that the routes name.
    IVerifierRegistry public immutable verifiers;
    /// @notice The token of bonds, compensations and rewards.
    address public immutable opg;
    mapping(bytes32 requestId => Request) private _requests;
    /// @param manager The AccessManager that says who may list tokens, pause and schedule parameters.
    constructor(
        address manager,
        INodeRegistry nodes_,
        IModelRegistry models_,
        IVerifierRegistry verifiers_,
        Limits memory limits_,
        Parameters memory parameters_
    ) Governed(manager, limits_, parameters_) EIP712("OPG Settlement", "1") {
        nodes = nodes_;
        models = models_;
        verifiers = verifiers_;
        opg = nodes_.opg();
        uint256 longest = uint256(limits_.proofWindow) + limits_.evidenceWindow;
        uint64 unbondingDelay = nodes_.unbondingDelay();
        require(unbondingDelay > longest, Settlement_UnbondingTooShort(unbondingDelay, longest));
    }

    // --- the life of a request ----------------------------------------------------------------------------------

    /// @inheritdoc ISettlement
    function request(Terms calldata terms, bytes calldata signature) external returns (bytes32 requestId) {
        return _request(terms, signature);
    }

    /// @inheritdoc ISettlement
    function requestWithPermit(
        Terms calldata terms,
        bytes calldata signature,
        Permit calldata permit
    ) external returns (bytes32 requestId) {
        address token = terms.offer.token;
        require(isListed[token], Settlement_TokenNotListed(token));
        _permit(token, terms.requester, permit);
        return _request(terms, signature);
    }

    /// @inheritdoc ISettlement
    function decline(Terms calldata terms) external nonReentrant {
        bytes32 requestId = hashTerms(terms);
        _expect(requestId, RequestStatus.REQUESTED);
        Node memory node = nodes.nodeOf(terms.offer.nodeId);
        // An open request's node has neither owner nor signer, so nobody passes.
        require(msg.sender == node.signer || msg.sender == node.owner, Settlement_Unauthorized(requestId, msg.sender));
        _giveBack(requestId, terms, RequestStatus.REFUNDED);
        emit Declined(requestId, terms.offer.nodeId);
    }

    /// @inheritdoc ISettlement
    function deliver(Terms calldata terms, Answer calldata answer) external {
        bytes32 requestId = _deliver(terms, answer);
        _notifyDelivered(terms.consumer, requestId, answer);
    }

    /// @inheritdoc ISettlement
    function settle(Terms calldata terms, bytes32 outputHash, uint64 units, bytes calldata proof) external {
        bytes32 requestId = _settle(terms, outputHash, units, proof);
        _notifySettled(terms.consumer, requestId, outputHash, units);
    }

    /// @inheritdoc ISettlement
    function deliverAndSettle(
        Terms calldata terms,
        bytes32 nodeId,
        Answer calldata answer,
        bytes calldata proof
    ) external {
        bytes32 requestId = _deliverAndSettle(terms, nodeId, answer, proof);
        _notifyDelivered(terms.consumer, requestId, answer);
        _notifySettled(terms.consumer, requestId, answer.outputHash, answer.units);
    }

    /// @inheritdoc ISettlement
    function refund(Terms calldata terms) external nonReentrant {
        bytes32 requestId = hashTerms(terms);
        uint256 deadline = _deliveryDeadline(terms, _expect(requestId, RequestStatus.REQUESTED));
        require(block.timestamp > deadline, Settlement_DeliveryWindowOpen(requestId, deadline));
        _giveBack(requestId, terms, RequestStatus.REFUNDED);
        emit Refunded(requestId, terms.offer.nodeId);
    }

    /// @inheritdoc ISettlement
    function claimDefault(Terms calldata terms) external nonReentrant {
        bytes32 requestId = hashTerms(terms);
        Request memory state = _expect(requestId, RequestStatus.DELIVERED);
        (bool open, uint256 deadline, uint256 deadlineBlock) = _proofWindow(terms, state);
        require(!open, Settlement_ProofWindowOpen(requestId, deadline, deadlineBlock));
        // What nobody could prove after an emergency revocation is void, and no fault of the node's.
        require(!_isVoid(terms, state), Settlement_RequestVoid(requestId));
        _requests[requestId].status = RequestStatus.DEFAULTED;

        Offer calldata offer = terms.offer;
        // Both shares were bounded together by 10,000 when they came into force, and the request checked them.
        uint128 compensation = uint128((uint256(offer.coverage) * terms.compensationBps) / BPS);
        uint128 reward = uint128((uint256(offer.coverage) * terms.rewardBps) / BPS);
        uint128 burned = offer.coverage - compensation - reward;
        _credit(offer.token, terms.requester, terms.maxFee);
        owed[opg] += compensation + reward;
        _credit(opg, terms.requester, compensation);
        _credit(opg, msg.sender, reward);
        nodes.unlock(offer.nodeId, requestId, _bond(terms), burned, compensation + reward);
        emit Defaulted(requestId, offer.nodeId, msg.sender, compensation, reward, burned);
    }

    /// @inheritdoc ISettlement
    function voidRequest(Terms calldata terms) external nonReentrant {
        bytes32 requestId = hashTerms(terms);
        Request memory state = _requests[requestId];
        require(
            state.status == RequestStatus.REQUESTED || state.status == RequestStatus.DELIVERED,
            Settlement_WrongStatus(requestId, state.status)
        );
        require(_isVoid(terms, state), Settlement_NothingRevoked(requestId));
        _giveBack(requestId, terms, RequestStatus.VOIDED);
        emit Voided(requestId, terms.offer.nodeId);
    }

    // --- reading ------------------------------------------------------------------------------------------------

    /// @inheritdoc ISettlement
    function statusOf(bytes32 requestId) external view returns (RequestStatus) {
        return _requests[requestId].status;
    }

    /// @inheritdoc ISettlement
    function clockOf(bytes32 requestId) external view returns (RequestStatus status, uint64 since, uint64 sinceBlock) {
        Request memory state = _requests[requestId];
        return (state.status, state.since, state.sinceBlock);
    }

    /// @inheritdoc ISettlement
    function isSettled(bytes32 requestId) external view returns (bool) {
        return _requests[requestId].status == RequestStatus.SETTLED;
    }

    /// @inheritdoc ISettlement
    function isClaimSettled(InferenceClaim calldata claim) external view returns (bool) {
        Request memory state = _requests[claim.requestId];
        return state.status == RequestStatus.SETTLED && state.claim == bytes23(hashClaim(claim));
    }

    /// @inheritdoc ISettlement
    function hashTerms(Terms calldata terms) public view returns (bytes32 requestId) {
        return _hashTypedDataV4(terms.hash(terms.offer.hash()));
    }

    /// @inheritdoc ISettlement
    function hashClaim(InferenceClaim memory claim) public view returns (bytes32) {
        return _hashTypedDataV4(claim.hash());
    }

    /// @inheritdoc ISettlement
    function hashDelivery(bytes32 requestId, bytes32 outputHash, uint64 units) public view returns (bytes32) {
        return _hashTypedDataV4(TermsLib.hashDelivery(requestId, outputHash, units));
    }

    // --- transitions --------------------------------------------------------------------------------------------

    function _request(Terms calldata terms, bytes calldata signature) private nonReentrant returns (bytes32 requestId) {
        Offer calldata offer = terms.offer;
        bytes32 offerHash = offer.hash();
        requestId = _hashTypedDataV4(terms.hash(offerHash));
        require(_requests[requestId].status == RequestStatus.NONE, Settlement_RequestExists(requestId));
        require(block.timestamp <= terms.deadline, Settlement_RequestExpired(requestId, terms.deadline));
        require(
            msg.sender == terms.requester || _isSignedBy(terms.requester, requestId, signature),
            Settlement_BadRequesterSignature(requestId, terms.requester)
        );
        _requireAcceptable(requestId, terms);
        _requireProvable(terms);

        _requests[requestId] = Request(RequestStatus.REQUESTED, uint32(block.timestamp), 0, 0);
        owed[offer.token] += terms.maxFee;
        emit Requested(requestId, terms.requester, offer.nodeId, terms);
        if (offer.nodeId != 0) nodes.lock(offer.nodeId, requestId, offer.key(), offerHash, _bond(terms));
        if (terms.maxFee != 0) _pull(offer.token, terms.requester, terms.maxFee);
    }

    function _deliver(Terms calldata terms, Answer calldata answer) private nonReentrant returns (bytes32 requestId) {
        requestId = hashTerms(terms);
        Request memory state = _expect(requestId, RequestStatus.REQUESTED);
        bytes32 nodeId = terms.offer.nodeId;
        require(nodeId != 0, Settlement_OpenRequestNeedsProof(requestId));
        (, bytes32 claimHash) = _accept(requestId, terms, nodeId, answer, state);
        _commit(requestId, RequestStatus.DELIVERED, claimHash);
    }

    function _settle(
        Terms calldata terms,
        bytes32 outputHash,
        uint64 units,
        bytes calldata proof
    ) private nonReentrant returns (bytes32 requestId) {
        requestId = hashTerms(terms);
        Request memory state = _expect(requestId, RequestStatus.DELIVERED);
        (InferenceClaim memory claim, bytes32 claimHash) = _claim(
            requestId,
            terms,
            terms.offer.nodeId,
            outputHash,
            units
        );
        require(bytes23(claimHash) == state.claim, Settlement_NotTheDeliveredClaim(requestId, claimHash));
        (bool open, uint256 deadline, uint256 deadlineBlock) = _proofWindow(terms, state);
        require(open, Settlement_ProofWindowClosed(requestId, deadline, deadlineBlock));
        _requireProof(terms, claim, claimHash, state.since, proof);
        _requests[requestId].status = RequestStatus.SETTLED;
        _pay(terms, claim);
    }

    function _deliverAndSettle(
        Terms calldata terms,
        bytes32 nodeId,
        Answer calldata answer,
        bytes calldata proof
    ) private nonReentrant returns (bytes32 requestId) {
        requestId = hashTerms(terms);
        Request memory state = _expect(requestId, RequestStatus.REQUESTED);
        require(terms.offer.nodeId == 0 || terms.offer.nodeId == nodeId, Settlement_WrongNode(requestId, nodeId));
        (InferenceClaim memory claim, bytes32 claimHash) = _accept(requestId, terms, nodeId, answer, state);
        _requireProof(terms, claim, claimHash, uint64(block.timestamp), proof);
        _commit(requestId, RequestStatus.SETTLED, claimHash);
        _pay(terms, claim);
    }

    function _commit(bytes32 requestId, RequestStatus status, bytes32 claimHash) private {
        _requests[requestId] = Request(status, uint32(block.timestamp), uint32(block.number), bytes23(claimHash));
    }

    /// @dev Ends a request with everything back: `maxFee` to the requester's credit, the whole bond to the node.
    function _giveBack(bytes32 requestId, Terms calldata terms, RequestStatus status) private {
        _requests[requestId].status = status;
        _credit(terms.offer.token, terms.requester, terms.maxFee);
        if (terms.offer.nodeId != 0) nodes.unlock(terms.offer.nodeId, requestId, _bond(terms), 0, 0);
    }

    // --- checks -------------------------------------------------------------------------------------------------

    function _expect(bytes32 requestId, RequestStatus status) private view returns (Request memory state) {
        state = _requests[requestId];
        require(state.status == status, Settlement_WrongStatus(requestId, state.status));
    }

    /// @dev Requires the terms to be what the protocol accepts now.
    function _requireAcceptable(bytes32 requestId, Terms calldata terms) private view {
        Offer calldata offer = terms.offer;
        Current memory current = _current;
        require(!current.paused, Settlement_Paused());
        require(isListed[offer.token], Settlement_TokenNotListed(offer.token));
        uint96 fee = offer.route == Route.ZK ? current.zkVerificationFee : current.teeVerificationFee;
        require(
            terms.verificationFee == fee &&
                terms.compensationBps == current.compensationBps &&
                terms.rewardBps == current.rewardBps &&
                terms.proofBlocks == current.proofBlocks,
            Settlement_OutdatedTerms(requestId)
        );
        require(
            offer.deliveryWindow <= MAX_DELIVERY_WINDOW,
            Settlement_WindowTooLong(offer.deliveryWindow, MAX_DELIVERY_WINDOW)
        );
        require(offer.proofWindow <= MAX_PROOF_WINDOW, Settlement_WindowTooLong(offer.proofWindow, MAX_PROOF_WINDOW));
        require(terms.maxFee >= offer.pricePerRequest, Settlement_MaxFeeTooLow(terms.maxFee, offer.pricePerRequest));
        require(offer.nodeId != 0 || (offer.coverage == 0 && offer.proofWindow == 0), Settlement_OpenRequestWithBond());
    }

    /// @dev Requires the route to be in force, its verifier active, and the delivery mode possible.
    function _requireProvable(Terms calldata terms) private view {
        Offer calldata offer = terms.offer;
        (uint32 version, uint32 verifierId, OutputCommitment commitment) = models.currentRoute(
            offer.modelId,
            offer.route
        );
        require(
            version != 0 && version == offer.routeVersion,
            Settlement_UnknownRoute(offer.modelId, offer.route, offer.routeVersion)
        );
        (, , VerifierStatus status) = verifiers.verifierOf(verifierId);
        require(status == VerifierStatus.ACTIVE, Settlement_VerifierNotActive(verifierId, status));
        require(
            terms.mode == DeliveryMode.DIRECT || commitment != OutputCommitment.OPAQUE,
            Settlement_OutputNotPublishable(commitment)
        );
    }

    /// @dev Requires `answer` to be `nodeId`'s, in time and in the mode agreed; then announces it.
    function _accept(
        bytes32 requestId,
        Terms calldata terms,
        bytes32 nodeId,
        Answer calldata answer,
        Request memory state
    ) private returns (InferenceClaim memory claim, bytes32 claimHash) {
        uint256 deadline = _deliveryDeadline(terms, state);
        require(block.timestamp <= deadline, Settlement_DeliveryWindowClosed(requestId, deadline));
        address signer = nodes.signerOf(nodeId);
        if (msg.sender != signer) {
            bytes32 digest = hashDelivery(requestId, answer.outputHash, answer.units);
            (address recovered, , ) = ECDSA.tryRecoverCalldata(digest, answer.signature);
            // A node that does not exist has signer zero, which is also what a failed recovery yields.
            require(recovered == signer && signer != address(0), Settlement_BadNodeSignature(requestId, nodeId));
        }
        require(_isAgreedOutput(terms, answer), Settlement_WrongOutput(requestId, answer.outputHash));
        emit Delivered(requestId, nodeId, answer.outputHash, answer.units);
        if (terms.mode == DeliveryMode.ONCHAIN) emit OutputPublished(requestId, answer.output);
        return _claim(requestId, terms, nodeId, answer.outputHash, answer.units);
    }

    function _requireProof(
        Terms calldata terms,
        InferenceClaim memory claim,
        bytes32 claimHash,
        uint64 claimedAt,
        bytes calldata proof
    ) private view {
        (uint32 id, address verifier, bool revoked, bytes memory data) = _proofSystem(terms.offer);
        require(!revoked, Settlement_VerifierRevoked(id));
        require(
            IProofVerifier(verifier).verify(claim, claimHash, claimedAt, data, proof),
            Settlement_InvalidProof(claim.requestId, claimHash)
        );
    }

    /// @dev Whether an emergency revocation hit what the request depends on: its verifier, or a key of the node's at the
    /// time of the delivery. While the proof window is open the node can still prove by another key.
    function _isVoid(Terms calldata terms, Request memory state) private view returns (bool) {
        (, address verifier, bool revoked, ) = _proofSystem(terms.offer);
        if (revoked || state.status == RequestStatus.REQUESTED) return revoked;
        (bool open, , ) = _proofWindow(terms, state);
        return !open && IProofVerifier(verifier).isVoid(terms.offer.nodeId, state.since);
    }

    /// @dev What the offer's route names: a verifier, whether it is revoked, and the model's parameters for it.
    function _proofSystem(
        Offer calldata offer
    ) private view returns (uint32 id, address verifier, bool revoked, bytes memory data) {
        VerifierStatus status;
        (id, , data) = models.routeAt(offer.modelId, offer.route, offer.routeVersion);
        (verifier, , status) = verifiers.verifierOf(id);
        revoked = status == VerifierStatus.REVOKED;
    }

    /// @dev An account with code may be an EOA that delegates (EIP-7702): its own key is as good as ERC-1271.
    function _isSignedBy(address account, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        return
            (failure == ECDSA.RecoverError.NoError && recovered == account) ||
            SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }

    function _isAgreedOutput(Terms calldata terms, Answer calldata answer) private view returns (bool) {
        if (terms.mode == DeliveryMode.DIRECT) return answer.output.length == 0;
        Offer calldata offer = terms.offer;
        (, OutputCommitment commitment, ) = models.routeAt(offer.modelId, offer.route, offer.routeVersion);
        return
            commitment == OutputCommitment.VALUE
                ? answer.output.length == 32 && bytes32(answer.output) == answer.outputHash
                : keccak256(answer.output) == answer.outputHash;
    }

    function _deliveryDeadline(Terms calldata terms, Request memory state) private pure returns (uint256) {
        return uint256(state.since) + terms.offer.deliveryWindow;
    }

    /// @dev The window is open until both deadlines have passed: a chain that halted, or a sequencer that censored for
    /// a while, defaults nobody.
    function _proofWindow(
        Terms calldata terms,
        Request memory state
    ) private view returns (bool open, uint256 deadline, uint256 deadlineBlock) {
        deadline = uint256(state.since) + terms.offer.proofWindow;
        deadlineBlock = uint256(state.sinceBlock) + terms.proofBlocks;
        open = block.timestamp <= deadline || block.number <= deadlineBlock;
    }

    function _claim(
        bytes32 requestId,
        Terms calldata terms,
        bytes32 nodeId,
        bytes32 outputHash,
        uint64 units
    ) private view returns (InferenceClaim memory claim, bytes32 claimHash) {
        claim = InferenceClaim(requestId, terms.offer.modelId, nodeId, terms.inputHash, outputHash, units);
        claimHash = hashClaim(claim);
    }

    function _bond(Terms calldata terms) private pure returns (uint128) {
        return terms.offer.coverage + terms.verificationFee;
    }

    // --- money --------------------------------------------------------------------------------------------------

    /// @dev Burns the verification fee, from the bond, or from free OPG for an open request, and turns the escrow into
    /// credits: paid + returned = escrowed, so `owed` does not change.
    function _pay(Terms calldata terms, InferenceClaim memory claim) private {
        Offer calldata offer = terms.offer;
        // At most 2^128 + 2^64 * 2^128 < 2^256.
        uint256 metered = uint256(offer.pricePerRequest) + uint256(claim.units) * offer.pricePerUnit;
        uint128 fee = metered < terms.maxFee ? uint128(metered) : terms.maxFee;
        uint128 returned = terms.maxFee - fee;
        address payout =
            offer.nodeId == 0
                ? nodes.burnFree(claim.nodeId, claim.requestId, terms.verificationFee)
                : nodes.unlock(claim.nodeId, claim.requestId, _bond(terms), terms.verificationFee, 0);
        _credit(offer.token, payout, fee);
        _credit(offer.token, terms.requester, returned);
        emit Settled(claim.requestId, claim.nodeId, payout, fee, returned);
    }

    // --- callbacks: last, and with the guard released ------------------------------------------------------------

    function _notifyDelivered(address consumer, bytes32 requestId, Answer calldata answer) private {
        if (consumer == address(0)) return;
        _notify(
            consumer,
            requestId,
            abi.encodeCall(
                IInferenceConsumer.onInferenceDelivered,
                (requestId, answer.outputHash, answer.units, answer.output)
            )
        );
    }

    function _notifySettled(address consumer, bytes32 requestId, bytes32 outputHash, uint64 units) private {
        if (consumer == address(0)) return;
        _notify(
            consumer,
            requestId,
            abi.encodeCall(IInferenceConsumer.onInferenceSettled, (requestId, outputHash, units))
        );
    }

    /// @dev Calls with exactly {CALLBACK_GAS} (EIP-150 withholds 1/64), and copies nothing of what comes back.
    function _notify(address consumer, bytes32 requestId, bytes memory data) private {
        uint256 needed = (CALLBACK_GAS * 64) / 63 + CALLBACK_RESERVE;
        require(gasleft() >= needed, Settlement_InsufficientCallbackGas(gasleft(), needed));
        bool success;
        assembly ("memory-safe") {
            success := call(CALLBACK_GAS, consumer, 0, add(data, 0x20), mload(data), 0, 0)
        }
        if (!success) emit CallbackFailed(requestId, consumer);
    }
}
