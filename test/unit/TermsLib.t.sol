// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Offer} from "../../contracts/interfaces/INodeRegistry.sol";
import {InferenceClaim} from "../../contracts/interfaces/IProofVerifier.sol";
import {DeliveryMode, Terms} from "../../contracts/interfaces/ISettlement.sol";
import {Route} from "../../contracts/interfaces/IVerifierRegistry.sol";
import {TermsLib} from "../../contracts/libraries/TermsLib.sol";

/// @notice Compares the hashes that assembly takes from calldata with the plain ones of EIP-712. (That the type strings
/// are the documented ones, the tests in TypeScript show, which hash with ethers.)
contract TermsLibTest {
    function hashOffer(Offer calldata offer) external pure returns (bytes32) {
        return TermsLib.hash(offer);
    }

    function hashTerms(Terms calldata terms) external pure returns (bytes32) {
        return TermsLib.hash(terms, TermsLib.hash(terms.offer));
    }

    /// @dev With other arguments before and after, so that the structs do not lie where calldata starts.
    function hashTermsBetween(uint256, Terms calldata terms, bytes calldata) external pure returns (bytes32) {
        return TermsLib.hash(terms, TermsLib.hash(terms.offer));
    }

    function offerKey(Offer calldata offer) external pure returns (bytes32) {
        return TermsLib.key(offer);
    }

    /// @dev Leaves the free memory pointer and the zero slot alone, and does not care what is in free memory.
    function hashTwiceOnDirtyMemory(Terms calldata terms) external pure returns (bytes32 first, bytes32 second) {
        uint256 pointer;
        assembly ("memory-safe") {
            pointer := mload(0x40)
            for {
                let i := 0
            } lt(i, 0x400) {
                i := add(i, 0x20)
            } {
                mstore(add(pointer, i), not(0))
            }
        }
        first = TermsLib.hash(terms, TermsLib.hash(terms.offer));
        second = TermsLib.hash(terms, TermsLib.hash(terms.offer));
        uint256 zero;
        uint256 pointerAfter;
        assembly ("memory-safe") {
            zero := mload(0x60)
            pointerAfter := mload(0x40)
        }
        require(zero == 0 && pointer == pointerAfter, "memory was not left as it was");
    }

    function testFuzz_OffersHashAsEip712(uint256 seed) external view {
        Offer memory offer = _offer(seed);
        require(this.hashOffer(offer) == _plain(offer), "another hash of the offer");
        bytes32 key = keccak256(abi.encode(offer.modelId, offer.route, offer.token));
        require(this.offerKey(offer) == key, "another key of the offer");
    }

    function testFuzz_TermsHashAsEip712(uint256 seed, bytes calldata tail) external view {
        Terms memory terms = _terms(seed);
        bytes32 expected = _plain(terms);
        require(this.hashTerms(terms) == expected, "another hash of the terms");
        require(this.hashTermsBetween(seed, terms, tail) == expected, "another hash in another place");
        (bytes32 first, bytes32 second) = this.hashTwiceOnDirtyMemory(terms);
        require(first == expected && second == expected, "another hash on dirty memory");
    }

    function testFuzz_ClaimsHashAsEip712(InferenceClaim memory claim) external pure {
        bytes32 expected = keccak256(
            abi.encode(
                TermsLib.CLAIM_TYPEHASH,
                claim.requestId,
                claim.modelId,
                claim.nodeId,
                claim.inputHash,
                claim.outputHash,
                claim.units
            )
        );
        require(TermsLib.hash(claim) == expected, "another hash of the claim");
    }

    function _plain(Offer memory offer) private pure returns (bytes32) {
        return
            keccak256(
                bytes.concat(
                    abi.encode(
                        TermsLib.OFFER_TYPEHASH,
                        offer.nodeId,
                        offer.modelId,
                        offer.route,
                        offer.routeVersion,
                        offer.token
                    ),
                    abi.encode(
                        offer.pricePerRequest,
                        offer.pricePerUnit,
                        offer.coverage,
                        offer.deliveryWindow,
                        offer.proofWindow
                    )
                )
            );
    }

    function _plain(Terms memory terms) private pure returns (bytes32) {
        return
            keccak256(
                bytes.concat(
                    abi.encode(
                        TermsLib.TERMS_TYPEHASH,
                        terms.requester,
                        terms.nonce,
                        terms.deadline,
                        terms.maxFee,
                        terms.verificationFee,
                        terms.compensationBps
                    ),
                    abi.encode(
                        terms.rewardBps,
                        terms.proofBlocks,
                        terms.inputHash,
                        terms.mode,
                        terms.consumer,
                        _plain(terms.offer)
                    )
                )
            );
    }

    function _offer(uint256 seed) private pure returns (Offer memory) {
        return
            Offer({
                nodeId: _word(seed, 1),
                modelId: _word(seed, 2),
                route: Route(uint256(_word(seed, 3)) % 2),
                routeVersion: uint32(uint256(_word(seed, 4))),
                token: address(uint160(uint256(_word(seed, 5)))),
                pricePerRequest: uint128(uint256(_word(seed, 6))),
                pricePerUnit: uint128(uint256(_word(seed, 7))),
                coverage: uint128(uint256(_word(seed, 8))),
                deliveryWindow: uint32(uint256(_word(seed, 9))),
                proofWindow: uint32(uint256(_word(seed, 10)))
            });
    }

    function _terms(uint256 seed) private pure returns (Terms memory) {
        return
            Terms({
                requester: address(uint160(uint256(_word(seed, 11)))),
                nonce: uint256(_word(seed, 12)),
                deadline: uint64(uint256(_word(seed, 13))),
                maxFee: uint128(uint256(_word(seed, 14))),
                verificationFee: uint96(uint256(_word(seed, 15))),
                compensationBps: uint16(uint256(_word(seed, 16))),
                rewardBps: uint16(uint256(_word(seed, 17))),
                proofBlocks: uint24(uint256(_word(seed, 18))),
                inputHash: _word(seed, 19),
                mode: DeliveryMode(uint256(_word(seed, 20)) % 2),
                consumer: address(uint160(uint256(_word(seed, 21)))),
                offer: _offer(seed)
            });
    }

    function _word(uint256 seed, uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode(seed, index));
    }
}
