// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Groth16 over BN254 as the paper writes it, without assembly: what the fast verifier is compared with.
library Groth16Reference {
    struct G1 {
        uint256 x;
        uint256 y;
    }

    /// @dev Each coordinate is (imaginary, real).
    struct G2 {
        uint256[2] x;
        uint256[2] y;
    }

    struct Key {
        G1 alpha;
        G2 beta;
        G2 gamma;
        G2 delta;
        G1[] ic;
    }

    uint256 internal constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    function verify(Key memory key, uint256[] memory signals, bytes memory proof) internal view returns (bool) {
        if (proof.length != 256 || key.ic.length != signals.length + 1) return false;
        (G1 memory a, G2 memory b, G1 memory c) = abi.decode(proof, (G1, G2, G1));

        G1 memory sum = key.ic[0];
        for (uint256 i = 0; i < signals.length; ++i) {
            if (signals[i] >= R) return false;
            sum = add(sum, mul(key.ic[i + 1], signals[i]));
        }
        if (a.y == 0 || a.y >= P) return false;
        G1 memory negatedA = G1(a.x, P - a.y);
        (bool ok, bytes memory result) = address(8).staticcall(
            bytes.concat(abi.encode(negatedA, b, key.alpha, key.beta), abi.encode(sum, key.gamma, c, key.delta))
        );
        return ok && abi.decode(result, (bool));
    }

    /// @dev The encoding that `IGroth16Verifier` documents, as a development key.
    function encode(Key memory key) internal pure returns (bytes memory encoded) {
        encoded = abi.encodePacked(
            abi.encodePacked(
                bytes20("opg.groth16.bn254.v1"),
                uint8(1),
                uint24(0),
                uint32(0),
                uint32(key.ic.length - 1),
                bytes32(0),
                bytes32(0)
            ),
            abi.encode(key.delta, key.alpha, key.beta, key.ic[0], key.gamma)
        );
        for (uint256 i = 1; i < key.ic.length; ++i) encoded = abi.encodePacked(encoded, abi.encode(key.ic[i]));
    }

    function add(G1 memory p, G1 memory q) internal view returns (G1 memory) {
        (bool ok, bytes memory result) = address(6).staticcall(abi.encode(p, q));
        require(ok, "ecAdd");
        return abi.decode(result, (G1));
    }

    function mul(G1 memory p, uint256 scalar) internal view returns (G1 memory) {
        (bool ok, bytes memory result) = address(7).staticcall(abi.encode(p, scalar));
        require(ok, "ecMul");
        return abi.decode(result, (G1));
    }
}
