// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IGroth16Settler} from "../interfaces/IGroth16Settler.sol";
import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {IModelRegistry, OutputCommitment} from "../interfaces/IModelRegistry.sol";
import {Offer} from "../interfaces/INodeRegistry.sol";
import {InferenceClaim} from "../interfaces/IProofVerifier.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";

/// @title Groth16Settler
/// @notice See {IGroth16Settler}.
contract Groth16Settler is IGroth16Settler {
    /// @dev How much of a revert's data an event repeats.
    uint256 private constant MAX_REASON = 100;

    /// @notice The settlement.
    ISettlement public immutable settlement;
    /// @notice The models and their routes.
    IModelRegistry public immutable models;
    /// @notice The verifier that the routes name.
    IGroth16Verifier public immutable verifier;

    constructor(ISettlement settlement_, IModelRegistry models_, IGroth16Verifier verifier_) {
        settlement = settlement_;
        models = models_;
        verifier = verifier_;
    }

    /// @inheritdoc IGroth16Settler
    function settleMany(bytes32 keyId, Row[] calldata rows) external returns (bool[] memory settled) {
        bytes32[] memory requestIds = _verify(keyId, rows);
        settled = new bool[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            Row calldata row = rows[i];
            try settlement.settle(row.terms, row.outputHash, row.units, "") {
                settled[i] = true;
            } catch {
                emit RowSkipped(i, requestIds[i], _reason(i));
            }
        }
    }

    /// @dev Verifies the rows' proofs together. Which are bad is not read: of those the settlement will find no proof.
    function _verify(bytes32 keyId, Row[] calldata rows) private returns (bytes32[] memory requestIds) {
        requestIds = new bytes32[](rows.length);
        uint256[][] memory signals = new uint256[][](rows.length);
        bytes[] memory proofs = new bytes[](rows.length);
        bytes memory parameters;
        for (uint256 i = 0; i < rows.length; ++i) {
            Row calldata row = rows[i];
            requestIds[i] = settlement.hashTerms(row.terms);
            if (i == 0 || !_sameRoute(row.terms.offer, rows[i - 1].terms.offer)) {
                parameters = _parameters(row.terms.offer);
            }
            signals[i] = _signals(keyId, parameters, row, requestIds[i]);
            proofs[i] = row.proof;
        }
        verifier.verifyBatch(keyId, signals, proofs);
    }

    /// @dev What the row's proof has to prove; nothing, of which there is no proof under a key for claims, where the row's
    /// model has another key.
    function _signals(
        bytes32 keyId,
        bytes memory parameters,
        Row calldata row,
        bytes32 requestId
    ) private view returns (uint256[] memory signals) {
        InferenceClaim memory claim = InferenceClaim(
            requestId,
            row.terms.offer.modelId,
            row.terms.offer.nodeId,
            row.terms.inputHash,
            row.outputHash,
            row.units
        );
        bytes32 key;
        (key, signals) = verifier.publicSignals(claim, settlement.hashClaim(claim), parameters);
        if (key != keyId) delete signals;
    }

    /// @dev The model's parameters for the offer's route; none if it has no such route. If it was gas that the registry
    /// lacked, what is left of it ends here.
    function _parameters(Offer calldata offer) private view returns (bytes memory parameters) {
        try models.routeAt(offer.modelId, offer.route, offer.routeVersion) returns (
            uint32,
            OutputCommitment,
            bytes memory found
        ) {
            return found;
        } catch {
            return "";
        }
    }

    /// @dev What the settlement just reverted with, cut. Data that say nothing are what the end of gas leaves: no contract on
    /// the way reverts without a word.
    function _reason(uint256 index) private pure returns (bytes memory reason) {
        uint256 size;
        assembly ("memory-safe") {
            size := returndatasize()
        }
        reason = new bytes(Math.min(size, MAX_REASON));
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0, mload(reason))
        }
        bool starved = size == 0 || bytes4(reason) == ISettlement.Settlement_InsufficientCallbackGas.selector;
        if (starved) revert Groth16Settler_InsufficientGas(index);
    }

    function _sameRoute(Offer calldata a, Offer calldata b) private pure returns (bool) {
        return a.modelId == b.modelId && a.route == b.route && a.routeVersion == b.routeVersion;
    }
}
