// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ISettlement, Limits, Parameters} from "../interfaces/ISettlement.sol";

/// @title Governed
/// @notice What governance may set, within limits that are fixed for life: parameters behind a delay, the list of fee
/// tokens, and the pause of new requests. Only a request reads any of it.
abstract contract Governed is ISettlement, AccessManaged {
    /// One slot: parameters 96 + 96 + 16 + 16 + 24 would fill a slot of their own as a struct, so they stand here one
    /// by one, with the switch that is read together with them.
    struct Current {
        uint96 zkVerificationFee;
        uint96 teeVerificationFee;
        uint16 compensationBps;
        uint16 rewardBps;
        uint24 proofBlocks;
        bool paused;
    }

    uint256 internal constant BPS = 10_000;
    /// Of the coverage, for whoever claims a default: that may be the node itself.
    uint256 private constant MAX_REWARD_BPS = 1_000;
    uint96 internal immutable MAX_VERIFICATION_FEE;
    uint32 internal immutable MAX_DELIVERY_WINDOW;
    uint32 internal immutable MAX_PROOF_WINDOW;
    uint32 internal immutable EVIDENCE_WINDOW;
    uint24 internal immutable MAX_PROOF_BLOCKS;
    uint32 internal immutable PARAMETER_DELAY;

    Current internal _current;
    Parameters private _next;
    uint64 private _applicableAt;
    /// @inheritdoc ISettlement
    mapping(address token => bool) public isListed;

    constructor(address manager, Limits memory limits_, Parameters memory parameters_) AccessManaged(manager) {
        MAX_VERIFICATION_FEE = limits_.verificationFee;
        MAX_DELIVERY_WINDOW = limits_.deliveryWindow;
        MAX_PROOF_WINDOW = limits_.proofWindow;
        EVIDENCE_WINDOW = limits_.evidenceWindow;
        MAX_PROOF_BLOCKS = limits_.proofBlocks;
        PARAMETER_DELAY = limits_.parameterDelay;
        _requireWithinLimits(parameters_);
        _setParameters(parameters_);
    }

    /// @inheritdoc ISettlement
    function scheduleParameters(Parameters calldata next) external restricted {
        _requireWithinLimits(next);
        _next = next;
        _applicableAt = uint64(block.timestamp) + PARAMETER_DELAY;
        emit ParametersScheduled(next, _applicableAt);
    }

    /// @inheritdoc ISettlement
    function applyParameters() external {
        uint64 applicableAt = _applicableAt;
        require(applicableAt != 0 && block.timestamp >= applicableAt, Settlement_NothingToApply(applicableAt));
        _applicableAt = 0;
        _setParameters(_next);
    }

    /// @inheritdoc ISettlement
    function setToken(address token, bool listed) external restricted {
        require(!listed || token.code.length != 0, Settlement_NotAContract(token));
        isListed[token] = listed;
        emit TokenListed(token, listed);
    }

    /// @inheritdoc ISettlement
    function pause() external restricted {
        _current.paused = true;
        emit RequestsPaused(true);
    }

    /// @inheritdoc ISettlement
    function unpause() external restricted {
        _current.paused = false;
        emit RequestsPaused(false);
    }

    /// @inheritdoc ISettlement
    function isPaused() external view returns (bool) {
        return _current.paused;
    }

    /// @inheritdoc ISettlement
    function parameters() external view returns (Parameters memory) {
        Current memory p = _current;
        return Parameters(p.zkVerificationFee, p.teeVerificationFee, p.compensationBps, p.rewardBps, p.proofBlocks);
    }

    /// @inheritdoc ISettlement
    function scheduledParameters() external view returns (Parameters memory next, uint64 applicableAt) {
        return (_next, _applicableAt);
    }

    /// @inheritdoc ISettlement
    function limits() external view returns (Limits memory) {
        return
            Limits(
                MAX_VERIFICATION_FEE,
                MAX_DELIVERY_WINDOW,
                MAX_PROOF_WINDOW,
                EVIDENCE_WINDOW,
                MAX_PROOF_BLOCKS,
                PARAMETER_DELAY
            );
    }

    function _requireWithinLimits(Parameters memory p) private view {
        _requireAtMost(p.zkVerificationFee, MAX_VERIFICATION_FEE);
        _requireAtMost(p.teeVerificationFee, MAX_VERIFICATION_FEE);
        _requireAtMost(p.rewardBps, MAX_REWARD_BPS);
        _requireAtMost(uint256(p.compensationBps) + p.rewardBps, BPS);
        _requireAtMost(p.proofBlocks, MAX_PROOF_BLOCKS);
    }

    function _requireAtMost(uint256 value, uint256 limit) private pure {
        require(value <= limit, Settlement_ParameterOutOfBounds(value, limit));
    }

    function _setParameters(Parameters memory p) private {
        _current = Current(
            p.zkVerificationFee,
            p.teeVerificationFee,
            p.compensationBps,
            p.rewardBps,
            p.proofBlocks,
            _current.paused
        );
        emit ParametersApplied(p);
    }
}
