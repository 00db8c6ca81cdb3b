// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BatchedInference, IBatchSettlement, InferenceBatch} from "../interfaces/IBatchSettlement.sol";
import {IBatchLedger} from "../interfaces/IBatchLedger.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {IX402BatchSettlement} from "../interfaces/IX402BatchSettlement.sol";
import {IX402Gates} from "../interfaces/IX402Gates.sol";
import {IVerifierRegistry, Route, VerifierStatus} from "../interfaces/IVerifierRegistry.sol";
import {BatchLib} from "../libraries/BatchLib.sol";
import {Channels} from "./Channels.sol";
import {X402Gates} from "./X402Gates.sol";

/// @title BatchSettlement
/// @notice See {IBatchSettlement}.
contract BatchSettlement is IBatchSettlement, Channels {
    using BatchLib for InferenceBatch;
    using BatchLib for BatchedInference;

    /// @dev A quarter, in 1/10,000: who equivocates loses three quarters even if it reports itself.
    uint16 private constant REPORTER_BPS = 2_500;

    /// @notice The models and their routes.
    IModelRegistry public immutable models;
    /// @notice The verifiers that the routes name.
    IVerifierRegistry public immutable verifiers;
    /// @notice The token of fees and stakes.
    address public immutable opg;
    /// @notice Makes the gates to x402's channels, which obey this contract.
    IX402Gates public immutable gates;
    /// @notice Seconds after a key's end within which its misbehaviour can still be shown.
    uint64 public immutable evidenceWindow;

    /// @inheritdoc IBatchSettlement
    mapping(bytes32 streamId => uint64) public nextSequence;
    /// By keccak256(nodeId ‖ modelId ‖ root).
    mapping(bytes32 => bool) private _roots;

    /// @param settlement_ Whose fee for the TEE route, list of tokens and pause hold here, too.
    /// @param x402 The channel contract of x402's `batch-settlement` scheme on this chain.
    constructor(
        ISettlement settlement_,
        INodeRegistry nodes_,
        IModelRegistry models_,
        IVerifierRegistry verifiers_,
        IX402BatchSettlement x402,
        uint32 minWithdrawalDelay_,
        uint32 maxWithdrawalDelay_
    ) Channels(settlement_, nodes_, minWithdrawalDelay_, maxWithdrawalDelay_) EIP712("OPG Settlement", "1") {
        models = models_;
        verifiers = verifiers_;
        opg = nodes_.opg();
        gates = new X402Gates(x402, nodes_);
        evidenceWindow = settlement_.limits().evidenceWindow;
    }

    /// @inheritdoc IBatchSettlement
    function settleBatch(
        InferenceBatch calldata batch,
        bytes calldata proof,
        bytes calldata rows
    ) external nonReentrant returns (uint256 paid) {
        bytes32 rowsHash = keccak256(rows);
        require(rowsHash == batch.rowsHash, Batch_WrongRows(batch.rowsHash, rowsHash));
        bytes32 stream = _advance(batch);
        bytes32 digest = hashBatch(batch);
        _requireProof(batch, digest, proof);
        _roots[_rootKey(batch.nodeId, batch.modelId, batch.root)] = true;

        uint256 fee = uint256(settlement.parameters().teeVerificationFee) * batch.count;
        address payout = nodes.burnOwed(batch.nodeId, digest, SafeCast.toUint128(fee));
        paid = _collect(batch, rows);
        _credit(batch.token, payout, paid);
        emit BatchSettled(digest, batch.nodeId, stream, batch, payout, paid, fee);
    }

    /// @inheritdoc IBatchSettlement
    function claimLedger(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        bytes calldata rows
    ) external nonReentrant returns (uint256 paid) {
        address gate = gates.gateOf(nodeId, modelId, routeVersion);
        paid = _receive(gate, token, abi.encodeCall(IBatchLedger.claimUnpaid, (nodeId, token, rows)));
        address payout = nodes.nodeOf(nodeId).payout;
        _credit(token, payout, paid);
        emit LedgerClaimed(nodeId, gate, token, payout, paid);
    }

    /// @inheritdoc IBatchSettlement
    function reportEquivocation(
        InferenceBatch calldata a,
        bytes calldata proofA,
        InferenceBatch calldata b,
        bytes calldata proofB
    ) external nonReentrant {
        bytes32 digestA = hashBatch(a);
        bytes32 digestB = hashBatch(b);
        require(
            a.streamId() == b.streamId() && digestA != digestB && _meet(a, b),
            Batch_NoEquivocation(digestA, digestB)
        );
        (IBatchVerifier verifier, ) = _proofSystem(a);
        _requireAccountable(verifier, a, digestA, proofA);
        _requireAccountable(verifier, b, digestB, proofB);
        verifier.revokeEquivocator(a.nodeId, proofA);
        (uint128 burned, uint128 reward) = nodes.slash(a.nodeId, digestA, REPORTER_BPS);
        owed[opg] += reward;
        _credit(opg, msg.sender, reward);
        emit Equivocated(a.nodeId, a.key, msg.sender, digestA, digestB, burned, reward);
    }

    // --- reading ------------------------------------------------------------------------------------------------

    /// @inheritdoc IBatchSettlement
    function isSettled(
        bytes32 nodeId,
        bytes32 modelId,
        bytes32 root,
        bytes32 leaf,
        bytes32[] calldata path
    ) public view returns (bool) {
        return _roots[_rootKey(nodeId, modelId, root)] && MerkleProof.verifyCalldata(path, root, leaf);
    }

    /// @inheritdoc IBatchSettlement
    function isInferenceSettled(
        BatchedInference calldata inference,
        bytes32 root,
        bytes32[] calldata path
    ) external view returns (bool) {
        return isSettled(inference.nodeId, inference.modelId, root, inference.leaf(), path);
    }

    /// @inheritdoc IBatchSettlement
    function hashBatch(InferenceBatch calldata batch) public view returns (bytes32) {
        return _hashTypedDataV4(batch.hash());
    }

    /// @inheritdoc IBatchSettlement
    function streamIdOf(InferenceBatch calldata batch) external pure returns (bytes32) {
        return batch.streamId();
    }

    // --- settling -----------------------------------------------------------------------------------------------

    /// @dev Requires the batch to continue its stream, and moves that on: no sequence number settles twice.
    function _advance(InferenceBatch calldata batch) private returns (bytes32 stream) {
        require(batch.count != 0, Batch_Empty());
        stream = batch.streamId();
        uint64 next = nextSequence[stream];
        require(batch.first == next, Batch_WrongSequence(stream, next, batch.first));
        nextSequence[stream] = next + batch.count;
    }

    function _requireProof(InferenceBatch calldata batch, bytes32 digest, bytes calldata proof) private view {
        (IBatchVerifier verifier, bytes memory data) = _proofSystem(batch);
        require(
            verifier.verifyBatch(batch.nodeId, batch.key, digest, uint64(block.timestamp), data, proof),
            Batch_InvalidProof(digest)
        );
    }

    /// @dev What the batch's route names: a verifier that is active or frozen, and the model's parameters for it.
    function _proofSystem(
        InferenceBatch calldata batch
    ) private view returns (IBatchVerifier verifier, bytes memory data) {
        uint32 id;
        (id, , data) = models.routeAt(batch.modelId, Route.TEE, batch.routeVersion);
        (address verifierAddress, , VerifierStatus status) = verifiers.verifierOf(id);
        require(status == VerifierStatus.ACTIVE || status == VerifierStatus.FROZEN, Batch_UnusableVerifier(id, status));
        return (IBatchVerifier(verifierAddress), data);
    }

    /// @dev Takes from the payers what the rows prove and is payable.
    function _collect(InferenceBatch calldata batch, bytes calldata rows) private returns (uint256) {
        (bytes32 nodeId, address token, address ledger) = (batch.nodeId, batch.token, batch.ledger);
        if (ledger == address(this)) {
            return _draw(nodeId, batch.modelId, batch.routeVersion, token, rows, type(uint128).max);
        }
        require(ledger == gates.gateOf(nodeId, batch.modelId, batch.routeVersion), Batch_UnknownLedger(nodeId, ledger));
        return _receive(ledger, token, abi.encodeCall(IBatchLedger.claimProven, (nodeId, token, rows)));
    }

    /// @dev Calls a ledger, and takes what it hands over.
    function _receive(address ledger, address token, bytes memory data) private returns (uint256 received) {
        uint256 balance = IERC20(token).balanceOf(address(this));
        Address.functionCall(ledger, data);
        received = IERC20(token).balanceOf(address(this)) - balance;
        owed[token] += received;
    }

    // --- equivocation -------------------------------------------------------------------------------------------

    /// @dev Requires that the batch's key signed it, and did not end longer ago than misbehaviour can be shown.
    function _requireAccountable(
        IBatchVerifier verifier,
        InferenceBatch calldata batch,
        bytes32 digest,
        bytes calldata proof
    ) private view {
        (bool signed, uint64 endedAt) = verifier.isSignedBy(batch.nodeId, batch.key, digest, proof);
        require(signed, Batch_InvalidProof(digest));
        require(block.timestamp <= uint256(endedAt) + evidenceWindow, Batch_KeyTooOld(batch.key, endedAt));
    }

    /// @dev Whether there is an inference that both batches hold.
    function _meet(InferenceBatch calldata a, InferenceBatch calldata b) private pure returns (bool) {
        uint256 endA = uint256(a.first) + a.count;
        uint256 endB = uint256(b.first) + b.count;
        return (a.first > b.first ? a.first : b.first) < (endA < endB ? endA : endB);
    }

    function _rootKey(bytes32 nodeId, bytes32 modelId, bytes32 root) private pure returns (bytes32) {
        return keccak256(abi.encode(nodeId, modelId, root));
    }
}
