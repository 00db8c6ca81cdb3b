// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceClaim} from "../../../contracts/interfaces/IProofVerifier.sol";
import {Groth16Verifier} from "../../../contracts/verifiers/zk/Groth16Verifier.sol";
import {Groth16Reference} from "./Groth16Reference.sol";
import {Groth16Simulator} from "./Groth16Simulator.sol";

/// @notice Compares a batch with the same proofs one by one. A test is one transaction, so that what a batch has proven is
/// remembered until its end.
contract Groth16BatchTest is Groth16Simulator {
    using Groth16Reference for Groth16Reference.Key;

    uint256 private constant SIZE = 4;

    Groth16Verifier private immutable verifier = new Groth16Verifier();

    bytes32 private keyId;
    uint256[][] private signals;
    bytes[] private proofs;

    function testFuzz_NamesExactlyTheProofsThatAreFalseAlone(uint256 seed, uint256[SIZE] calldata how) external {
        _batch(seed, uint256(keccak256(abi.encode(seed))) % 7);
        for (uint256 i = 0; i < how.length; ++i) {
            // A quarter of them are left alone. (The high bits decide, the low ones say how.)
            if (how[i] >> 254 == 0) continue;
            uint256 word = how[i] >> 128;
            if (how[i] >> 254 == 1 && signals[i].length != 0) {
                word %= signals[i].length;
                signals[i][word] = _alter(signals[i][word], how[i], R);
            } else {
                bytes memory proof = proofs[i];
                _alterProof(proof, word, how[i]);
                proofs[i] = proof;
            }
        }
        _requireAgreement();
    }

    function testFuzz_NamesProofsThatAreSwapped(uint256 seed, uint8 left, uint8 right) external {
        _batch(seed, 1);
        bytes memory moved = proofs[left % SIZE];
        proofs[left % SIZE] = proofs[right % SIZE];
        proofs[right % SIZE] = moved;
        _requireAgreement();
    }

    function testFuzz_NamesStatementsOfAnotherForm(uint256 seed, uint8 index, bytes calldata proof) external {
        _batch(seed, 2);
        proofs[index % SIZE] = proof;
        signals[(index >> 4) % SIZE].push(0);
        _requireAgreement();
    }

    function testFuzz_RemembersWhatIsProvenAndNothingElse(uint256 seed, uint8 badOnes) external {
        _batch(seed, 4);
        for (uint256 i = 0; i < SIZE; ++i) {
            require(!_isProven(keyId, signals[i]), "known before");
            if ((badOnes >> i) & 1 == 1) proofs[i] = proofs[(i + 1) % SIZE];
        }
        verifier.badProofs(keyId, signals, proofs);
        for (uint256 i = 0; i < SIZE; ++i) require(!_isProven(keyId, signals[i]), "a view remembers");
        verifier.verifyBatch(keyId, signals, proofs);

        bytes32 otherKey = verifier.registerKey(_setup(~seed, 4).key.encode());
        for (uint256 i = 0; i < SIZE; ++i) {
            require(_isProven(keyId, signals[i]) == ((badOnes >> i) & 1 == 0), "not what was proven");
            require(!_isProven(otherKey, signals[i]), "under another key");
            require(!verifier.verifyProof(keyId, signals[i], ""), "no proof is a proof");
            uint256[] memory changed = signals[i];
            changed[i % 4] = addmod(changed[i % 4], 1, R);
            require(!_isProven(keyId, changed), "another statement");
        }
    }

    function testFuzz_FindsEveryProofBadUnderAnUnknownKey(uint256 seed, bytes32 unknown) external {
        _batch(seed, 3);
        require(verifier.badProofs(unknown, signals, proofs).length == SIZE, "accepted");
    }

    function test_TakesNothingAtAll() external {
        require(verifier.verifyBatch(keyId, signals, proofs).length == 0, "something is bad");
    }

    /// @dev Whether `verify` needs no proof of a claim with these signals.
    function _isProven(bytes32 key, uint256[] memory s) private view returns (bool) {
        InferenceClaim memory claim = InferenceClaim(0, 0, 0, bytes32(s[2]), bytes32(s[3]), 7);
        return verifier.verify(claim, bytes32(s[0]), 0, abi.encode(key, s[1], 7), "");
    }

    function _requireAgreement() private {
        uint256[] memory bad = verifier.verifyBatch(keyId, signals, proofs);
        uint256 next;
        for (uint256 i = 0; i < proofs.length; ++i) {
            if (verifier.verifyProof(keyId, signals[i], proofs[i])) continue;
            require(next < bad.length && bad[next++] == i, "a bad proof is not named");
        }
        require(next == bad.length, "a good proof is named");
    }

    function _batch(uint256 seed, uint256 numPublic) private {
        Setup memory setup = _setup(seed, numPublic);
        keyId = verifier.registerKey(setup.key.encode());
        for (uint256 i = 0; i < SIZE; ++i) {
            (uint256[] memory statement, bytes memory proof) = _prove(setup);
            signals.push(statement);
            proofs.push(proof);
        }
    }
}
