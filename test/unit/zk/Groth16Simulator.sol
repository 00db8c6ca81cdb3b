// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Groth16Reference} from "./Groth16Reference.sol";

/// @notice Random keys whose secrets are known, so that a proof of any statement can be made:
/// c = (a·b − alpha·beta − sum·gamma) / delta.
abstract contract Groth16Simulator {
    uint256 internal constant P = Groth16Reference.P;
    uint256 internal constant R = Groth16Reference.R;

    uint256 private state;

    /// @param factors Which multiples of the generator of G2 are beta, gamma and delta.
    struct Setup {
        Groth16Reference.Key key;
        uint256 alpha;
        uint256[3] factors;
        uint256[] ic;
    }

    function _setup(uint256 seed, uint256 numPublic) internal returns (Setup memory setup) {
        state = seed;
        setup.factors = [_next() % 4, _next() % 4, _next() % 4];
        setup.alpha = 1 + (_next() % (R - 1));
        setup.key.alpha = _g1(setup.alpha);
        (setup.key.beta, setup.key.gamma) = (_g2(setup.factors[0]), _g2(setup.factors[1]));
        setup.key.delta = _g2(setup.factors[2]);
        setup.key.ic = new Groth16Reference.G1[](numPublic + 1);
        setup.ic = new uint256[](numPublic + 1);
        for (uint256 i = 0; i <= numPublic; ++i) {
            setup.ic[i] = 1 + (_next() % (R - 1));
            setup.key.ic[i] = _g1(setup.ic[i]);
        }
    }

    /// @dev A random statement, with signals of any size (small ones take another path), and a proof of it.
    function _prove(Setup memory setup) internal returns (uint256[] memory signals, bytes memory proof) {
        signals = new uint256[](setup.ic.length - 1);
        uint256 sum = setup.ic[0];
        for (uint256 i = 0; i < signals.length; ++i) {
            signals[i] = (_next() >> (_next() % 256)) % R;
            sum = addmod(sum, mulmod(signals[i], setup.ic[i + 1], R), R);
        }
        uint256 a = 1 + (_next() % (R - 1));
        uint256 b = _next() % 4;
        uint256 c = mulmod(a, _factor(b), R);
        c = addmod(c, R - mulmod(setup.alpha, _factor(setup.factors[0]), R), R);
        c = addmod(c, R - mulmod(sum, _factor(setup.factors[1]), R), R);
        c = mulmod(c, _inverse(_factor(setup.factors[2])), R);
        proof = abi.encode(_g1(a), _g2(b), _g1(c));
    }

    /// @dev Another representative, the negative, an edge, or anything; "unchanged" among them, so that true is compared too.
    function _alter(uint256 value, uint256 how, uint256 modulus) internal pure returns (uint256) {
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

    /// @dev Alters one of the eight words of a proof, in place.
    function _alterProof(bytes memory proof, uint256 word, uint256 how) internal pure {
        uint256 position = 32 + 32 * (word % 8);
        uint256 value;
        assembly {
            value := mload(add(proof, position))
        }
        value = _alter(value, how, P);
        assembly {
            mstore(add(proof, position), value)
        }
    }

    function _next() internal returns (uint256) {
        return state = uint256(keccak256(abi.encode(state)));
    }

    function _g1(uint256 scalar) internal view returns (Groth16Reference.G1 memory) {
        return Groth16Reference.mul(Groth16Reference.G1(1, 2), scalar);
    }

    /// @dev x^(R - 2), by the precompile of EIP-198.
    function _inverse(uint256 x) internal view returns (uint256) {
        (bool ok, bytes memory result) = address(5).staticcall(
            abi.encode(uint256(32), uint256(32), uint256(32), x, R - 2, R)
        );
        require(ok, "modexp");
        return abi.decode(result, (uint256));
    }

    function _factor(uint256 index) internal pure returns (uint256) {
        return [uint256(1), 2, 3, 5][index];
    }

    /// @dev The generator of G2 times `_factor(index)`.
    function _g2(uint256 index) internal pure returns (Groth16Reference.G2 memory) {
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
