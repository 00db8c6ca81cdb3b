// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VerifierStatus} from "./IVerifierRegistry.sol";

/// @notice What an attested enclave signs for many inferences at once. Hashed by EIP-712, in the batch settlement's
/// domain, as `InferenceBatch(bytes32 nodeId,bytes32 modelId,uint32 routeVersion,address token,address ledger,address key,
/// uint64 first,uint64 count,bytes32 root,bytes32 rowsHash)`.
/// @dev The first six members name a stream: `streamId = keccak256(abi.encode(nodeId, modelId, routeVersion, token, ledger,
/// key))`. Within a stream inferences have consecutive sequence numbers, from 0.
/// @param nodeId The node.
/// @param modelId The model that ran.
/// @param routeVersion The version of the model's TEE route, which says which measurements prove.
/// @param token What the payers pay in.
/// @param ledger Where the payers' money is: the batch settlement itself, for native channels, or the gate of this node,
/// model and route version to another protocol ({IBatchLedger}).
/// @param key The enclave's signing key.
/// @param first The sequence number of the first inference.
/// @param count How many inferences there are.
/// @param root The root of the Merkle tree of the inferences (OpenZeppelin's standard tree, see {BatchedInference}).
/// @param rowsHash keccak256 of the rows: who pays how much.
struct InferenceBatch {
    bytes32 nodeId;
    bytes32 modelId;
    uint32 routeVersion;
    address token;
    address ledger;
    address key;
    uint64 first;
    uint64 count;
    bytes32 root;
    bytes32 rowsHash;
}

/// @notice A leaf: one inference of a batch. Hashed as OpenZeppelin's StandardMerkleTree does it, twice and without
/// EIP-712: `keccak256(bytes.concat(keccak256(abi.encode(inference))))`.
/// @param requestId `keccak256(abi.encode(channelId, streamId, sequence))`.
/// @param modelId The batch's model.
/// @param nodeId The batch's node.
/// @param inputHash The commitment to the input.
/// @param outputHash The commitment to the output.
/// @param units What is metered.
/// @param amount What the payer is charged, in base units of the batch's token.
struct BatchedInference {
    bytes32 requestId;
    bytes32 modelId;
    bytes32 nodeId;
    bytes32 inputHash;
    bytes32 outputHash;
    uint64 units;
    uint128 amount;
}

/// @title IBatchSettlement
/// @notice A thousand inferences, one settlement: an attested enclave's signature over a Merkle root and the amounts that
/// each payer owes. The money is the operator's in full; the verification fee burns, times the number of inferences, from
/// the node's free OPG.
///
/// Safety trusts: the route's verifier and the measurements that the payer's voucher names; an enclave of that image to
/// count truly. Money moves only within what payers signed for.
/// Liveness trusts: nothing but the token. A batch can be settled by anyone who has it, at any status of the node.
interface IBatchSettlement {
    /// @notice A batch was settled.
    /// @param digest The batch's EIP-712 digest.
    /// @param paid What the node was credited now, in base units of the batch's token.
    /// @param burned The OPG burned: the verification fee times the number of inferences.
    event BatchSettled(
        bytes32 indexed digest,
        bytes32 indexed nodeId,
        bytes32 indexed streamId,
        InferenceBatch batch,
        address payout,
        uint256 paid,
        uint256 burned
    );
    /// @notice What earlier batches had proven was drawn from x402's channels by `ledger`, a node's gate.
    /// @param payout Whose credit it is.
    event LedgerClaimed(
        bytes32 indexed nodeId,
        address indexed ledger,
        address indexed token,
        address payout,
        uint256 paid
    );
    /// @notice An enclave's key signed two batches for one inference. The key is revoked and the node slashed.
    event Equivocated(
        bytes32 indexed nodeId,
        address indexed key,
        address indexed reporter,
        bytes32 digestA,
        bytes32 digestB,
        uint128 burned,
        uint128 reward
    );

    /// @notice The rows are not those that the enclave signed.
    error Batch_WrongRows(bytes32 expected, bytes32 actual);
    /// @notice The batch does not continue its stream: the next sequence number is `next`.
    error Batch_WrongSequence(bytes32 streamId, uint64 next, uint64 first);
    /// @notice A batch holds at least one inference.
    error Batch_Empty();
    /// @notice The route's verifier is revoked, or not active yet.
    error Batch_UnusableVerifier(uint32 verifierId, VerifierStatus status);
    /// @notice No enclave that the model trusts has signed this batch.
    error Batch_InvalidProof(bytes32 digest);
    /// @notice The ledger is neither this contract nor the node's gate.
    error Batch_UnknownLedger(bytes32 nodeId, address ledger);
    /// @notice The two batches are one, of different streams, or of ranges that do not meet.
    error Batch_NoEquivocation(bytes32 digestA, bytes32 digestB);
    /// @notice The key ended, at `endedAt` (seconds), too long ago. (One that ended by an emergency is refused by the
    /// verifier: what it signs says nothing about the node.)
    error Batch_KeyTooOld(address key, uint64 endedAt);

    /// @notice Settles a batch: checks the enclave's signature, burns the verification fee times `count`, records what the
    /// rows prove, pays what is payable, and records the root. Anyone may. Emits {BatchSettled} and, for native channels,
    /// {IChannels-ChannelsClaimed}.
    /// @dev A bad row is skipped and reported; it never blocks the rest. Reverts as a whole if the node's free OPG does not
    /// cover the burn (NodeRegistry_InsufficientFree): the same batch settles after staking.
    /// @param proof See {ITeeVerifier}: signature and the number of the key's attestation.
    /// @param rows See {IChannels}, or the ledger's own encoding.
    /// @return paid What the node was credited.
    function settleBatch(
        InferenceBatch calldata batch,
        bytes calldata proof,
        bytes calldata rows
    ) external returns (uint256 paid);

    /// @notice Draws by the node's gate to x402 what earlier batches have proven and could not draw: see
    /// {IBatchLedger-claimUnpaid}, and {IChannels-claim} for native channels. Anyone may; the money is the node's credit. Emits {LedgerClaimed}.
    function claimLedger(
        bytes32 nodeId,
        bytes32 modelId,
        uint32 routeVersion,
        address token,
        bytes calldata rows
    ) external returns (uint256 paid);

    /// @notice Shows that a key signed two different batches of one stream whose ranges meet. Revokes the key and slashes
    /// the node's free and unbonding OPG, never bonds: a share to the caller, the rest burns. Emits {Equivocated}.
    /// @dev Neither batch need have been settled. The same batch twice is an honest retry. One key is punished once
    /// ({IBatchVerifier-revokeEquivocator}).
    function reportEquivocation(
        InferenceBatch calldata a,
        bytes calldata proofA,
        InferenceBatch calldata b,
        bytes calldata proofB
    ) external;

    // --- reading --------------------------------------------------------------------------------------------------

    /// @notice Whether a leaf is under a root that was settled for this node and model.
    /// @dev Node and model have to be named: anybody can settle any root under a model of their own.
    function isSettled(
        bytes32 nodeId,
        bytes32 modelId,
        bytes32 root,
        bytes32 leaf,
        bytes32[] calldata path
    ) external view returns (bool);

    /// @notice Whether an inference was settled by a batch with this root: {isSettled} of its own leaf, node and model.
    function isInferenceSettled(
        BatchedInference calldata inference,
        bytes32 root,
        bytes32[] calldata path
    ) external view returns (bool);

    /// @notice The next sequence number of a stream.
    function nextSequence(bytes32 streamId) external view returns (uint64);

    /// @notice The EIP-712 digest of a batch.
    function hashBatch(InferenceBatch calldata batch) external view returns (bytes32);

    /// @notice The stream that a batch continues.
    function streamIdOf(InferenceBatch calldata batch) external pure returns (bytes32);
}
