// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {VerifierDouble} from "./VerifierDouble.sol";

/// @title BatchVerifierDouble
/// @notice Stands in for the enclaves in tests of what batches do with money: a proof is the encoding of everything that it
/// is asked about.
contract BatchVerifierDouble is VerifierDouble, IBatchVerifier {
    /// @notice The key is faulty already.
    error Double_Faulty(bytes32 nodeId, address key);

    /// @notice Whether a node's key was revoked.
    mapping(bytes32 nodeId => mapping(address key => bool)) public isRevoked;

    /// @inheritdoc IBatchVerifier
    function verifyBatch(
        bytes32 nodeId,
        address key,
        bytes32 digest,
        uint64,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool) {
        return keccak256(proof) == keccak256(abi.encode(nodeId, key, digest, parameters)) && !isRevoked[nodeId][key];
    }

    /// @inheritdoc IBatchVerifier
    function isSignedBy(
        bytes32 nodeId,
        address key,
        bytes32 digest,
        bytes calldata proof
    ) external view returns (bool signed, uint64 validUntil) {
        (bytes32 nodeId_, address key_, bytes32 digest_, ) = abi.decode(proof, (bytes32, address, bytes32, bytes));
        return (nodeId == nodeId_ && key == key_ && digest == digest_, uint64(block.timestamp));
    }

    /// @inheritdoc IBatchVerifier
    function revokeEquivocator(bytes32 nodeId, bytes calldata proof) external {
        (, address key, , ) = abi.decode(proof, (bytes32, address, bytes32, bytes));
        require(!isRevoked[nodeId][key], Double_Faulty(nodeId, key));
        isRevoked[nodeId][key] = true;
    }
}
