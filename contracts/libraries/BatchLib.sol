// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchedInference, InferenceBatch} from "../interfaces/IBatchSettlement.sol";

/// @title BatchLib
/// @notice Hashes of batches: what an enclave signs, the stream that a batch continues, and the leaves under its root.
/// @dev All structs are static, so `abi.encode` lays each member out as `encodeData` asks (EIP-712).
library BatchLib {
    // One literal, so that the compiler hashes it: an expression would be hashed at every use.
    bytes32 internal constant BATCH_TYPEHASH = keccak256(
        "InferenceBatch(bytes32 nodeId,bytes32 modelId,uint32 routeVersion,address token,address ledger,address key,"
        "uint64 first,uint64 count,bytes32 root,bytes32 rowsHash)"
    );

    /// @notice The EIP-712 struct hash of a batch.
    function hash(InferenceBatch calldata batch) internal pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_TYPEHASH, batch));
    }

    /// @notice The stream that a batch continues.
    function streamId(InferenceBatch calldata batch) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(batch.nodeId, batch.modelId, batch.routeVersion, batch.token, batch.ledger, batch.key)
            );
    }

    /// @notice The leaf of an inference, hashed twice as OpenZeppelin's StandardMerkleTree does, so that no inner node of
    /// the tree is one.
    function leaf(BatchedInference calldata inference) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(inference))));
    }
}
