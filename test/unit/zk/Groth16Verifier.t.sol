// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Groth16Verifier} from "../../../contracts/verifiers/zk/Groth16Verifier.sol";
import {Groth16Reference} from "./Groth16Reference.sol";
import {Groth16Simulator} from "./Groth16Simulator.sol";

/// @notice Compares the verifier with the reference on random keys.
contract Groth16VerifierTest is Groth16Simulator {
    using Groth16Reference for Groth16Reference.Key;

    Groth16Verifier private immutable verifier = new Groth16Verifier();
    struct Instance {
        Groth16Reference.Key key;
        uint256[] signals;
        bytes proof;
    }

    function testFuzz_AcceptsProofsOfTrueStatements(uint256 seed) external {
        Instance memory made = _instance(seed);
        bytes32 keyId = verifier.registerKey(made.key.encode());
        require(made.key.verify(made.signals, made.proof), "the reference refuses");
        require(verifier.verifyProof(keyId, made.signals, made.proof), "the verifier refuses");
    }

    function testFuzz_AgreesWithTheReferenceOnAlteredProofs(uint256 seed, uint256 word, uint256 how) external {
        Instance memory made = _instance(seed);
        bytes32 keyId = verifier.registerKey(made.key.encode());
        _alterProof(made.proof, word, how);
        _requireAgreement(keyId, made.key, made.signals, made.proof);
    }

    function testFuzz_AgreesWithTheReferenceOnAlteredSignals(uint256 seed, uint256 index, uint256 how) external {
        Instance memory made = _instance(seed);
        bytes32 keyId = verifier.registerKey(made.key.encode());
        if (made.signals.length == 0) return;
        index %= made.signals.length;
        made.signals[index] = _alter(made.signals[index], how, R);
        _requireAgreement(keyId, made.key, made.signals, made.proof);
    }

    function testFuzz_AgreesWithTheReferenceOnAnotherNumberOfSignals(uint256 seed, uint256[] memory signals) external {
        Instance memory made = _instance(seed);
        bytes32 keyId = verifier.registerKey(made.key.encode());
        for (uint256 i = 0; i < signals.length; ++i) signals[i] %= R;
        _requireAgreement(keyId, made.key, signals, made.proof);
    }

    function testFuzz_RefusesArbitraryBytes(uint256 seed, bytes calldata proof) external {
        Instance memory made = _instance(seed);
        require(!verifier.verifyProof(verifier.registerKey(made.key.encode()), made.signals, proof), "accepted");
    }

    function testFuzz_RefusesUnknownKeys(bytes32 keyId, uint256 seed) external {
        Instance memory made = _instance(seed);
        require(!verifier.verifyProof(keyId, made.signals, made.proof), "accepted");
        require(!verifier.verifyProof(keyId, new uint256[](0), made.proof), "accepted");
    }

    function _requireAgreement(
        bytes32 keyId,
        Groth16Reference.Key memory key,
        uint256[] memory signals,
        bytes memory proof
    ) private view {
        require(verifier.verifyProof(keyId, signals, proof) == key.verify(signals, proof), "they differ");
    }

    function _instance(uint256 seed) private returns (Instance memory made) {
        Setup memory setup = _setup(seed, uint256(keccak256(abi.encode(seed))) % 7);
        made.key = setup.key;
        (made.signals, made.proof) = _prove(setup);
    }
}
