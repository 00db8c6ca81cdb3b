// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Groth16Verifier} from "../../../contracts/verifiers/zk/Groth16Verifier.sol";
import {Groth16Reference} from "./Groth16Reference.sol";

/// @notice Compares the verifier with the reference on random keys. The setup's secrets are known here, so that a proof
/// of any statement can be made: c = (a·b − alpha·beta − sum·gamma) / delta.
contract Groth16VerifierTest {
    using Groth16Reference for Groth16Reference.Key;

    uint256 private constant P = Groth16Reference.P;
    uint256 private constant R = Groth16Reference.R;

    Groth16Verifier private immutable verifier = new Groth16Verifier();
    uint256 private state;

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
        bytes memory proof = made.proof;
        uint256 position = 32 + 32 * (word % 8);
        uint256 value;
        assembly {
            value := mload(add(proof, position))
        }
        value = _alter(value, how, P);
        assembly {
            mstore(add(proof, position), value)
        }
        _requireAgreement(keyId, made.key, made.signals, proof);
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

    /// @dev Another representative, the negative, an edge, or anything; "unchanged" among them, so that true is compared too.
    function _alter(uint256 value, uint256 how, uint256 modulus) private pure returns (uint256) {
        uint256 kind = how % 8;
        unchecked {
            if (kind == 0) return value;
            if (kind == 1) return value + modulus;
            if (kind == 2) return modulus - value;
            if (kind == 3) return 0;
            if (kind == 4) return modulus;
            if (kind == 5) return type(uint256).max;
            if (kind == 6) return value ^ (1 << (how >> 248));
            return how;
        }
    }

    function _instance(uint256 seed) private returns (Instance memory made) {
        state = seed;
        uint256[4] memory twist = [_next() % 4, _next() % 4, _next() % 4, _next() % 4];
        uint256 alpha = 1 + (_next() % (R - 1));
        uint256 a = 1 + (_next() % (R - 1));
        made.key.alpha = _g1(alpha);
        (made.key.beta, made.key.gamma, made.key.delta) = (_g2(twist[0]), _g2(twist[1]), _g2(twist[2]));

        made.signals = new uint256[](_next() % 7);
        made.key.ic = new Groth16Reference.G1[](made.signals.length + 1);
        uint256 sum;
        for (uint256 i = 0; i <= made.signals.length; ++i) {
            uint256 ic = 1 + (_next() % (R - 1));
            made.key.ic[i] = _g1(ic);
            // Of any size, small ones too: they take another path.
            uint256 signal = i == 0 ? 1 : (_next() >> (_next() % 256)) % R;
            if (i != 0) made.signals[i - 1] = signal;
            sum = addmod(sum, mulmod(signal, ic, R), R);
        }

        uint256 c = mulmod(a, _factor(twist[3]), R);
        c = addmod(c, R - mulmod(alpha, _factor(twist[0]), R), R);
        c = addmod(c, R - mulmod(sum, _factor(twist[1]), R), R);
        c = mulmod(c, _inverse(_factor(twist[2])), R);
        made.proof = abi.encode(_g1(a), _g2(twist[3]), _g1(c));
    }

    function _next() private returns (uint256) {
        return state = uint256(keccak256(abi.encode(state)));
    }

    function _g1(uint256 scalar) private view returns (Groth16Reference.G1 memory) {
        return Groth16Reference.mul(Groth16Reference.G1(1, 2), scalar);
    }

    /// @dev x^(R - 2), by the precompile of EIP-198.
    function _inverse(uint256 x) private view returns (uint256) {
        (bool ok, bytes memory result) = address(5).staticcall(
            abi.encode(uint256(32), uint256(32), uint256(32), x, R - 2, R)
        );
        require(ok, "modexp");
        return abi.decode(result, (uint256));
    }

    function _factor(uint256 index) private pure returns (uint256) {
        return [uint256(1), 2, 3, 5][index];
    }

    /// @dev The generator of G2 times `_factor(index)`.
    function _g2(uint256 index) private pure returns (Groth16Reference.G2 memory) {
        if (index == 0) {
            return
                Groth16Reference.G2(
                    [
                        0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2,
                        0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed
                    ],
                    [
                        0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b,
                        0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa
                    ]
                );
        }
        if (index == 1) {
            return
                Groth16Reference.G2(
                    [
                        0x203e205db4f19b37b60121b83a7333706db86431c6d835849957ed8c3928ad79,
                        0x27dc7234fd11d3e8c36c59277c3e6f149d5cd3cfa9a62aee49f8130962b4b3b9
                    ],
                    [
                        0x195e8aa5b7827463722b8c153931579d3505566b4edf48d498e185f0509de152,
                        0x04bb53b8977e5f92a0bc372742c4830944a59b4fe6b1c0466e2a6dad122b5d2e
                    ]
                );
        }
        if (index == 2) {
            return
                Groth16Reference.G2(
                    [
                        0x1014772f57bb9742735191cd5dcfe4ebbc04156b6878a0a7c9824f32ffb66e85,
                        0x06064e784db10e9051e52826e192715e8d7e478cb09a5e0012defa0694fbc7f5
                    ],
                    [
                        0x021e2335f3354bb7922ffcc2f38d3323dd9453ac49b55441452aeaca147711b2,
                        0x058e1d5681b5b9e0074b0f9c8d2c68a069b920d74521e79765036d57666c5597
                    ]
                );
        }
        return
            Groth16Reference.G2(
                [
                    0x0a09ccf561b55fd99d1c1208dee1162457b57ac5af3759d50671e510e428b2a1,
                    0x2e539c423b302d13f4e5773c603948eaf5db5df8ae8a9a9113708390a06410d8
                ],
                [
                    0x19b763513924a736e4eebd0d78c91c1bc1d657fee4214057d21414011cfcc763,
                    0x2f8d9f9ab83727c77a2fec063cb7b6e5eb23044ccf535ad49d46d394fb6f6bf6
                ]
            );
    }
}
