// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInferenceConsumer} from "../interfaces/IInferenceConsumer.sol";

/// @title TestConsumer
/// @notice A consumer whose manners a test chooses.
contract TestConsumer is IInferenceConsumer {
    /// @notice What a callback does after it is recorded.
    /// CALL makes the call of {instruct} and records whether it succeeded. BURN_GAS uses up all but what it takes to
    /// keep its record. The others undo their record as they fail.
    enum Manners {
        RECORD,
        CALL,
        BURN_GAS,
        REVERT,
        EXHAUST_GAS,
        RETURN_BOMB,
        REVERT_BOMB
    }

    /// @notice The callback before the proof.
    event DeliveredTo(address caller, bytes32 requestId, bytes32 outputHash, uint64 units, bytes output, uint256 gas);
    /// @notice The callback with the proof.
    event SettledTo(address caller, bytes32 requestId, bytes32 outputHash, uint64 units, uint256 gas);
    /// @notice What became of the call that CALL makes.
    event Called(bool success, bytes result);

    /// @notice A callback that refuses.
    error TestConsumer_Refused();

    Manners private _manners;
    address private _target;
    bytes private _data;

    /// @notice Sets the manners of later callbacks, and for CALL the call.
    function instruct(Manners manners, address target, bytes calldata data) external {
        _manners = manners;
        _target = target;
        _data = data;
    }

    /// @inheritdoc IInferenceConsumer
    function onInferenceDelivered(bytes32 requestId, bytes32 outputHash, uint64 units, bytes calldata output) external {
        emit DeliveredTo(msg.sender, requestId, outputHash, units, output, gasleft());
        _behave();
    }

    /// @inheritdoc IInferenceConsumer
    function onInferenceSettled(bytes32 requestId, bytes32 outputHash, uint64 units) external {
        emit SettledTo(msg.sender, requestId, outputHash, units, gasleft());
        _behave();
    }

    function _behave() private {
        Manners manners = _manners;
        if (manners == Manners.CALL) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory result) = _target.call(_data);
            emit Called(success, result);
        } else if (manners == Manners.BURN_GAS) {
            while (gasleft() > 1_000) {}
        } else if (manners == Manners.REVERT) {
            revert TestConsumer_Refused();
        } else if (manners == Manners.EXHAUST_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        } else if (manners == Manners.RETURN_BOMB) {
            // Memory is charged quadratically: about 100 KB is what the gas of a callback affords.
            assembly ("memory-safe") {
                return(0, 100000)
            }
        } else if (manners == Manners.REVERT_BOMB) {
            assembly ("memory-safe") {
                revert(0, 100000)
            }
        }
    }
}
