// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "solady/src/utils/ECDSA.sol";
import {IBatchVerifier} from "../../interfaces/IBatchVerifier.sol";
import {Enclave, KeyFault} from "../../interfaces/IEnclaveRegistry.sol";
import {INitroVerifier} from "../../interfaces/INitroVerifier.sol";
import {INodeRegistry} from "../../interfaces/INodeRegistry.sol";
import {InferenceClaim, IProofVerifier} from "../../interfaces/IProofVerifier.sol";
import {ITeeVerifier, Trust} from "../../interfaces/ITeeVerifier.sol";
import {EnclaveRegistry} from "./EnclaveRegistry.sol";

/// @title TeeVerifier
/// @notice The TEE route: the registry of enclaves, and the verifier of the claims and batches that they sign.
/// @dev One contract, because a settlement would pay 5,000 gas for asking another one.
contract TeeVerifier is ITeeVerifier, IBatchVerifier, EnclaveRegistry {
    uint256 private constant SIGNATURE_LENGTH = 65;
    uint256 private constant PROOF_LENGTH = 69;
    /// @dev Trust and the length of the backend's name.
    uint256 private constant PARAMETERS_HEAD = 2;

    /// @param manager The AccessManager that says who may revoke in an emergency and ban measurements.
    constructor(
        address manager,
        INodeRegistry nodes_,
        INitroVerifier verifier_,
        uint48 freshness_,
        uint48 futureSkew_,
        uint48 lifetime_
    ) EnclaveRegistry(manager, nodes_, verifier_, freshness_, futureSkew_, lifetime_) {}

    /// @inheritdoc IProofVerifier
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool) {
        (Enclave storage enclave, address key, uint256 validFrom, uint256 validUntil) = _signature(
            claim.nodeId,
            claimHash,
            proof
        );
        return
            key != address(0) &&
            validFrom <= claimedAt &&
            claimedAt < validUntil &&
            _isTrusted(parameters, enclave.measurement);
    }

    /// @inheritdoc IBatchVerifier
    function verifyBatch(
        bytes32 nodeId,
        address key,
        bytes32 digest,
        uint64 claimedAt,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool) {
        (Enclave storage enclave, address signer, uint256 validFrom, uint256 validUntil) = _signature(
            nodeId,
            digest,
            proof
        );
        return
            key != address(0) &&
            signer == key &&
            validFrom <= claimedAt &&
            claimedAt < validUntil &&
            _isTrusted(parameters, enclave.measurement) &&
            faultOf[nodeId][key] == KeyFault.NONE;
    }

    /// @inheritdoc IBatchVerifier
    function isSignedBy(
        bytes32 nodeId,
        address key,
        bytes32 digest,
        bytes calldata proof
    ) external view returns (bool signed, uint64 validUntil) {
        (, address signer, , uint256 end) = _signature(nodeId, digest, proof);
        signed = key != address(0) && signer == key;
        if (signed) validUntil = uint64(end);
    }

    /// @inheritdoc IBatchVerifier
    function revokeEquivocator(bytes32 nodeId, bytes calldata proof) external {
        uint64 activeAt = nodes.moduleActiveAt(msg.sender);
        if (activeAt == 0 || block.timestamp < activeAt) revert EnclaveRegistry_NotAModule(msg.sender);
        uint256 index = uint32(bytes4(proof[SIGNATURE_LENGTH:PROOF_LENGTH]));
        Enclave storage enclave = _enclaves[nodeId][index];
        _requireFaultless(nodeId, enclave.key);
        _setFault(nodeId, enclave.key, KeyFault.EQUIVOCATED);
        if (block.timestamp < enclave.validUntil) _end(nodeId, index, uint48(block.timestamp), false);
    }

    /// @inheritdoc ITeeVerifier
    function decodeParameters(
        bytes calldata parameters
    ) external pure returns (Trust trust, string memory backend, bytes32[] memory measurements) {
        bytes calldata list;
        (trust, list) = _split(parameters);
        if (trust == Trust.NONE) return (trust, backend, measurements);
        backend = string(parameters[PARAMETERS_HEAD:parameters.length - list.length]);
        measurements = new bytes32[](list.length / 32);
        for (uint256 i; i < measurements.length; ++i) measurements[i] = bytes32(list[32 * i:]);
    }

    /// @dev The attestation that a proof names; the key is zero unless it signed the digest.
    function _signature(
        bytes32 nodeId,
        bytes32 digest,
        bytes calldata proof
    ) private view returns (Enclave storage enclave, address key, uint256 validFrom, uint256 validUntil) {
        bytes calldata signature = proof;
        uint256 index;
        assembly ("memory-safe") {
            // Bound: a proof of another length is refused below, whatever is read here.
            signature.length := SIGNATURE_LENGTH
            index := shr(224, calldataload(add(proof.offset, SIGNATURE_LENGTH)))
        }
        enclave = _enclaves[nodeId][index];
        if (proof.length != PROOF_LENGTH) return (enclave, address(0), 0, 0);
        // Zero when there is no such signature; an attestation that does not exist has the key zero.
        address signer = ECDSA.tryRecoverCalldata(digest, signature);
        (key, validFrom, validUntil) = _firstSlot(enclave);
        if (signer != key) key = address(0);
    }

    /// @dev The fields that share an enclave's first slot, by one read.
    function _firstSlot(
        Enclave storage enclave
    ) private view returns (address key, uint256 validFrom, uint256 validUntil) {
        assembly ("memory-safe") {
            let slot := sload(enclave.slot)
            key := shr(96, shl(96, slot))
            validFrom := and(shr(160, slot), 0xffffffffffff)
            validUntil := shr(208, slot)
        }
    }

    function _isTrusted(bytes calldata parameters, bytes32 measurement) private pure returns (bool found) {
        (Trust trust, bytes calldata list) = _split(parameters);
        if (trust == Trust.NONE) return false;
        assembly ("memory-safe") {
            // Bound: the list is a whole number of words.
            let end := add(list.offset, list.length)
            for {
                let at := list.offset
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                found := or(found, eq(calldataload(at), measurement))
            }
        }
    }

    /// @dev The trust, and the measurements. NONE unless the trust is LOCAL without a backend or GATEWAY with one, and
    /// there is a whole number of measurements, at least one.
    function _split(bytes calldata parameters) private pure returns (Trust trust, bytes calldata list) {
        list = parameters;
        if (parameters.length < PARAMETERS_HEAD) return (Trust.NONE, list);
        uint256 head = uint16(bytes2(parameters));
        uint256 start = PARAMETERS_HEAD + (head & 0xff);
        trust = start == PARAMETERS_HEAD ? Trust.LOCAL : Trust.GATEWAY;
        if (head >> 8 != uint256(trust) || parameters.length <= start || (parameters.length - start) & 31 != 0) {
            return (Trust.NONE, list);
        }
        assembly ("memory-safe") {
            // Bound: start < parameters.length.
            list.offset := add(list.offset, start)
            list.length := sub(list.length, start)
        }
    }

    /// @inheritdoc IProofVerifier
    /// @dev From the earliest `since` of the node's emergency revocations to the latest of them, or to its key's end if that
    /// was before.
    function isVoid(bytes32 nodeId, uint64 claimedAt) external view returns (bool) {
        Span memory span = _voided[nodeId];
        return span.from <= claimedAt && claimedAt <= span.until;
    }
}
