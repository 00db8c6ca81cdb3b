// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceClaim} from "../interfaces/IProofVerifier.sol";
import {Offer} from "../interfaces/INodeRegistry.sol";
import {Terms} from "../interfaces/ISettlement.sol";
import {Route} from "../interfaces/IVerifierRegistry.sol";

/// @title TermsLib
/// @notice EIP-712 struct hashes of everything that is signed or proven.
/// @dev All structs are static, so `abi.encode` lays each member out as `encodeData` asks (EIP-712).
library TermsLib {
    // Each is one literal, so that the compiler hashes it: an expression would be hashed at every use.
    bytes32 internal constant OFFER_TYPEHASH = keccak256(
        "Offer(bytes32 nodeId,bytes32 modelId,uint8 route,uint32 routeVersion,address token,uint128 pricePerRequest,"
        "uint128 pricePerUnit,uint128 coverage,uint32 deliveryWindow,uint32 proofWindow)"
    );
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(address requester,uint256 nonce,uint64 deadline,uint128 maxFee,uint96 verificationFee,"
        "uint16 compensationBps,uint16 rewardBps,uint24 proofBlocks,bytes32 inputHash,uint8 mode,address consumer,"
        "Offer offer)"
        "Offer(bytes32 nodeId,bytes32 modelId,uint8 route,uint32 routeVersion,address token,uint128 pricePerRequest,"
        "uint128 pricePerUnit,uint128 coverage,uint32 deliveryWindow,uint32 proofWindow)"
    );
    bytes32 internal constant CLAIM_TYPEHASH = keccak256(
        "InferenceClaim(bytes32 requestId,bytes32 modelId,bytes32 nodeId,bytes32 inputHash,bytes32 outputHash,"
        "uint64 units)"
    );
    bytes32 internal constant DELIVERY_TYPEHASH = keccak256(
        "Delivery(bytes32 requestId,bytes32 outputHash,uint64 units)"
    );

    /// @notice The struct hash of an offer.
    /// @dev Calldata words are hashed as they are. A word with dirty high bits gives a hash that no request or offer
    /// can have: posting and requesting emit the whole struct, and encoding it reverts on such a word.
    function hash(Offer calldata offer) internal pure returns (bytes32 digest) {
        bytes32 typehash = OFFER_TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            calldatacopy(add(m, 0x20), offer, 0x140)
            digest := keccak256(m, 0x160)
        }
    }

    /// @notice What a node has one offer for: a model, a route and a token.
    function offerKey(bytes32 modelId, Route route, address token) internal pure returns (bytes32) {
        return keccak256(abi.encode(modelId, route, token));
    }

    /// @notice {offerKey} of an offer.
    function key(Offer calldata offer) internal pure returns (bytes32) {
        return offerKey(offer.modelId, offer.route, offer.token);
    }

    /// @notice The struct hash of terms whose offer hashes to `offerHash`.
    /// @dev `offer` is the last member, so `encodeData` is the words before it and then its hash. See {hash} on dirty
    /// words.
    function hash(Terms calldata terms, bytes32 offerHash) internal pure returns (bytes32 digest) {
        bytes32 typehash = TERMS_TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            calldatacopy(add(m, 0x20), terms, 0x160)
            mstore(add(m, 0x180), offerHash)
            digest := keccak256(m, 0x1a0)
        }
    }

    /// @notice The struct hash of a claim.
    function hash(InferenceClaim memory claim) internal pure returns (bytes32) {
        return keccak256(abi.encode(CLAIM_TYPEHASH, claim));
    }

    /// @notice The struct hash of a delivery.
    function hashDelivery(bytes32 requestId, bytes32 outputHash, uint64 units) internal pure returns (bytes32) {
        return keccak256(abi.encode(DELIVERY_TYPEHASH, requestId, outputHash, units));
    }
}
