// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IGroth16Verifier} from "../../interfaces/IGroth16Verifier.sol";
import {InferenceClaim, IProofVerifier} from "../../interfaces/IProofVerifier.sol";
// P is used in assembly only.
// solhint-disable-next-line no-unused-import
import {Bn254, G1, P, R} from "./Bn254.sol";
import {Groth16Batch} from "./Groth16Batch.sol";

/// @title Groth16Verifier
/// @notice One Groth16 verifier over BN254 for every circuit.
/// @dev A key is laid out so that, with the proof before it and without its header, it is the pairing precompile's input
/// as it stands, once A is negated and IC[0] replaced by the combined public signals:
/// (A, B) (C, delta) (alpha, beta) (IC, gamma).
contract Groth16Verifier is IGroth16Verifier {
    /// @dev `bytes20("opg.groth16.bn254.v1")`, at the top of a header.
    uint256 private constant MAGIC = 0x6f70672e67726f746831362e626e3235342e7631000000000000000000000000;
    /// @dev The bits of a header that say what the key verifies: the magic and the number of public signals.
    uint256 private constant SHAPE_MASK = 0xffffffffffffffffffffffffffffffffffffffff0000000000000000ffffffff;

    /// @dev The bits of a header that are zero: all of the development byte but its lowest bit, and the three bytes after it.
    uint256 private constant RESERVED_MASK = 0xfeffffff << 64;

    /// @dev Offsets into a key.
    uint256 private constant DELTA = 0x60;
    uint256 private constant ALPHA = 0xe0;
    uint256 private constant BETA = 0x120;
    uint256 private constant IC_0 = 0x1a0;
    uint256 private constant GAMMA = 0x1e0;
    uint256 private constant IC_1 = 0x260;

    /// @dev The bytes of a key that one contract holds: whole words within EIP-170's 24,576, less the STOP byte.
    uint256 private constant CHUNK = 24_544;

    /// @dev What the pairing precompile charges for four pairs (EIP-1108).
    uint256 private constant PAIRING_GAS = 45_000 + 4 * 34_000;

    /// @dev Below this, a signal costs less by doubling and adding: at most 19 additions, 330 gas each with the call, instead
    /// of a multiplication and an addition, 6,384. Labels, counts and flags are such signals.
    uint256 private constant SMALL = 1 << 10;

    /// @inheritdoc IGroth16Verifier
    function registerKey(bytes calldata key) external returns (bytes32 keyId) {
        keyId = keccak256(key);
        if (_chunk(keyId, 0).code.length != 0) return keyId;

        bytes32 header = bytes32(key);
        uint256 numPublic = uint32(uint256(header));
        bool wellFormed =
            key.length == IC_1 + 64 * numPublic &&
                uint256(header) & SHAPE_MASK == MAGIC | numPublic &&
                uint256(header) & RESERVED_MASK == 0;
        if (!wellFormed) revert Groth16_MalformedKey(key.length, header);

        Ceremony memory ceremony = _ceremony(key[:DELTA]);
        if (!ceremony.development && (ceremony.contributions == 0 || ceremony.zkeyHash == 0)) {
            revert Groth16_UndeclaredCeremony(ceremony.contributions, ceremony.zkeyHash);
        }

        _requireG1(key, ALPHA);
        _requireG1(key, IC_0);
        for (uint256 offset = IC_1; offset < key.length; offset += 64) _requireG1(key, offset);
        _requireG2(key, BETA);
        _requireG2(key, GAMMA);
        _requireG2(key, DELTA);

        for (uint256 i = 0; i * CHUNK < key.length; ++i) {
            uint256 end = Math.min((i + 1) * CHUNK, key.length);
            SSTORE2.writeDeterministic(key[i * CHUNK:end], _salt(keyId, i));
        }
        emit KeyRegistered(keyId, _chunk(keyId, 0), numPublic, ceremony);
    }

    /// @inheritdoc IGroth16Verifier
    function keyInfo(
        bytes32 keyId
    ) external view returns (address pointer, uint256 numPublic, Ceremony memory ceremony) {
        pointer = _chunk(keyId, 0);
        if (pointer.code.length == 0) revert Groth16_UnknownKey(keyId);
        bytes memory declared = SSTORE2.read(pointer, 0, DELTA);
        numPublic = uint32(uint256(bytes32(declared)));
        // The address of a later chunk is that of no key: a chunk starts with a coordinate, below P and so below MAGIC.
        if (uint256(bytes32(declared)) & SHAPE_MASK != MAGIC | numPublic) revert Groth16_UnknownKey(keyId);
        ceremony = _ceremony(declared);
    }

    /// @inheritdoc IGroth16Verifier
    function verifyProof(
        bytes32 keyId,
        uint256[] calldata publicSignals,
        bytes calldata proof
    ) external view returns (bool) {
        return _verify(keyId, publicSignals, proof);
    }

    /// @inheritdoc IGroth16Verifier
    function verify(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        uint64,
        bytes calldata parameters,
        bytes calldata proof
    ) external view returns (bool) {
        (bytes32 keyId, uint256[] memory signals) = _publicSignals(claim, claimHash, parameters);
        if (signals.length == 0) return false;
        if (proof.length == 0) return _isProven(keccak256(abi.encodePacked(keyId, signals)));
        return _verify(keyId, signals, proof);
    }

    /// @inheritdoc IGroth16Verifier
    function publicSignals(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        bytes calldata parameters
    ) external pure returns (bytes32 keyId, uint256[] memory signals) {
        return _publicSignals(claim, claimHash, parameters);
    }

    /// @inheritdoc IGroth16Verifier
    function verifyBatch(
        bytes32 keyId,
        uint256[][] calldata publicSignals,
        bytes[] calldata proofs
    ) external returns (uint256[] memory bad) {
        bool[] memory isBad;
        (isBad, bad) = _verifyBatch(keyId, publicSignals, proofs);
        for (uint256 i = 0; i < isBad.length; ++i) {
            if (isBad[i]) continue;
            bytes32 statement = keccak256(abi.encodePacked(keyId, publicSignals[i]));
            assembly ("memory-safe") {
                tstore(statement, 1)
            }
        }
    }

    /// @inheritdoc IGroth16Verifier
    function badProofs(
        bytes32 keyId,
        uint256[][] calldata publicSignals,
        bytes[] calldata proofs
    ) external view returns (uint256[] memory bad) {
        (, bad) = _verifyBatch(keyId, publicSignals, proofs);
    }

    /// @inheritdoc IProofVerifier
    /// @dev Keys are never revoked: a broken one is the model owner's to replace, and a broken circuit proves what it proves.
    function isVoid(bytes32, uint64) external pure returns (bool) {
        return false;
    }

    function _publicSignals(
        InferenceClaim calldata claim,
        bytes32 claimHash,
        bytes calldata parameters
    ) private pure returns (bytes32 keyId, uint256[] memory signals) {
        if (parameters.length != 96) return (keyId, signals);
        uint256 weightsCommitment;
        uint256 units;
        // Decoded as words, so that dirty high bits of `units` make the comparison fail instead of the call revert.
        (keyId, weightsCommitment, units) = abi.decode(parameters, (bytes32, uint256, uint256));
        if (units != claim.units) return (keyId, signals);
        signals = new uint256[](4);
        signals[0] = uint256(claimHash) % R;
        signals[1] = weightsCommitment;
        signals[2] = uint256(claim.inputHash);
        signals[3] = uint256(claim.outputHash);
    }

    /// @dev The contract that holds the key's `index`-th chunk. A sum that is another key's hash would be a preimage.
    function _chunk(bytes32 keyId, uint256 index) private view returns (address) {
        return SSTORE2.predictDeterministicAddress(_salt(keyId, index));
    }

    function _salt(bytes32 keyId, uint256 index) private pure returns (bytes32) {
        unchecked {
            return bytes32(uint256(keyId) + index);
        }
    }

    function _ceremony(bytes memory declared) private pure returns (Ceremony memory) {
        (uint256 header, bytes32 beacon, bytes32 zkeyHash) = abi.decode(declared, (uint256, bytes32, bytes32));
        return
            Ceremony({
                development: (header >> 88) & 1 == 1,
                contributions: uint32(header >> 32),
                beacon: beacon,
                zkeyHash: zkeyHash
            });
    }

    function _requireG1(bytes calldata key, uint256 offset) private pure {
        if (!Bn254.isOnCurve(abi.decode(key[offset:], (G1)))) revert Groth16_InvalidG1(offset);
    }

    /// @dev The pairing precompile decides on canonical coordinates, the twist and the subgroup: it must refuse an invalid
    /// point even beside the point at infinity of G1 (EIP-197). A node that did not would refuse the key at every use.
    function _requireG2(bytes calldata key, uint256 offset) private view {
        bytes calldata point = key[offset:offset + 128];
        bytes32[4] memory words = abi.decode(point, (bytes32[4]));
        bool infinity = words[0] | words[1] | words[2] | words[3] == 0;
        (bool canonical, ) = address(8).staticcall(bytes.concat(new bytes(64), point));
        if (infinity || !canonical) revert Groth16_InvalidG2(offset);
    }

    /// @dev Whether a batch has proven a statement, keccak256(keyId ‖ signals), in this transaction.
    function _isProven(bytes32 statement) private view returns (bool proven) {
        assembly ("memory-safe") {
            proven := tload(statement)
        }
    }

    function _verifyBatch(
        bytes32 keyId,
        uint256[][] calldata publicSignals,
        bytes[] calldata proofs
    ) private view returns (bool[] memory isBad, uint256[] memory bad) {
        if (publicSignals.length != proofs.length) {
            revert Groth16_LengthMismatch(publicSignals.length, proofs.length);
        }
        uint256 count;
        // The call's data are the key's hash, all signals and all proofs.
        (isBad, count) = Groth16Batch.check(_key(keyId), publicSignals, proofs, keccak256(msg.data));
        bad = new uint256[](count);
        for (uint256 i = isBad.length; count != 0;) {
            if (isBad[--i]) bad[--count] = i;
        }
    }

    /// @dev The key's bytes; none if it is unknown.
    function _key(bytes32 keyId) private view returns (bytes memory key) {
        address first = _chunk(keyId, 0);
        uint256 header;
        assembly ("memory-safe") {
            extcodecopy(first, 0x00, 1, 0x20)
            header := mload(0x00)
        }
        uint256 numPublic = uint32(header);
        if (header & SHAPE_MASK != MAGIC | numPublic) return key;
        key = new bytes(IC_1 + 64 * numPublic);
        uint256 target;
        assembly ("memory-safe") {
            target := add(key, 0x20)
        }
        _copyKey(keyId, target, key.length);
    }

    /// @dev Copies as many bytes of a key to memory; zeros where there are none.
    function _copyKey(bytes32 keyId, uint256 target, uint256 length) private view {
        unchecked {
            // No overflow: both are bounded by what memory costs.
            uint256 end = target + length;
            for (uint256 i = 0; target < end; ++i) {
                address chunk = _chunk(keyId, i);
                assembly ("memory-safe") {
                    let size := sub(end, target)
                    if gt(size, CHUNK) {
                        size := CHUNK
                    }
                    extcodecopy(chunk, target, 1, size)
                }
                target += CHUNK;
            }
        }
    }

    function _verify(bytes32 keyId, uint256[] memory signals, bytes calldata proof) private view returns (bool valid) {
        if (proof.length != 256) return false;

        // Memory, from m: A ‖ B ‖ C (0x100), delta ‖ alpha ‖ beta ‖ IC[0] ‖ gamma (0x200), IC[1] …, scratch. The key is
        // copied so that delta falls behind C; what stands before delta is read, then overwritten by the proof.
        uint256 m;
        assembly ("memory-safe") {
            m := mload(0x40)
        }
        unchecked {
            // No overflow: there are fewer signals than bytes of memory.
            _copyKey(keyId, m + 0x100 - DELTA, IC_1 + 64 * signals.length);
        }

        bool enoughGas = true;
        assembly ("memory-safe") {
            let n := mload(signals)
            // An unknown key reads as zeros, and the later chunks of a key as coordinates: neither has the magic.
            valid := eq(and(mload(add(m, sub(0x100, DELTA))), SHAPE_MASK), or(MAGIC, n))

            // A becomes -A. Negation takes y = 0 and y = P to each other, and every other y that is not canonical to one
            // that the precompile refuses: hence 0 < y < P. (No point but infinity has y = 0.)
            calldatacopy(m, proof.offset, 0x100)
            let y := mload(add(m, 0x20))
            valid := and(valid, lt(sub(y, 1), sub(P, 1)))
            mstore(add(m, 0x20), sub(P, y))

            // sum := IC[0] + Σ s[i]·IC[i + 1]. The points are valid since the key was registered, so that only gas can
            // make the precompiles for addition (6) and multiplication (7) fail.
            let ic := add(m, 0x300)
            let end := add(ic, shl(6, n))
            let sum := end
            let term := add(sum, 0x40)
            let spare := add(sum, 0x80)
            mcopy(sum, add(m, 0x240), 0x40)
            for {
                let signal := signals
            } and(valid, lt(ic, end)) {
                ic := add(ic, 0x40)
            } {
                signal := add(signal, 0x20)
                let scalar := mload(signal)
                valid := lt(scalar, R)
                mcopy(term, ic, 0x40)
                switch lt(scalar, SMALL)
                case 0 {
                    mstore(spare, scalar)
                    enoughGas := and(enoughGas, staticcall(gas(), 7, term, 0x60, term, 0x40))
                    enoughGas := and(enoughGas, staticcall(gas(), 6, sum, 0x80, sum, 0x40))
                }
                default {
                    for {} scalar {} {
                        if and(scalar, 1) {
                            enoughGas := and(enoughGas, staticcall(gas(), 6, sum, 0x80, sum, 0x40))
                        }
                        scalar := shr(1, scalar)
                        if scalar {
                            mcopy(spare, term, 0x40)
                            enoughGas := and(enoughGas, staticcall(gas(), 6, term, 0x80, term, 0x40))
                        }
                    }
                }
            }
            mcopy(add(m, 0x240), sum, 0x40)

            if valid {
                // The precompile fails on a point that is not valid, and when gas is short: then, having got 63/64 of what
                // there was (EIP-150), it leaves less than 1/63 of its price.
                valid := staticcall(gas(), 8, m, 0x300, 0x00, 0x20)
                enoughGas := and(enoughGas, or(valid, gt(gas(), div(PAIRING_GAS, 63))))
                valid := and(valid, mload(0x00))
            }
        }
        if (!enoughGas) revert Groth16_InsufficientGas();
    }
}
