// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchedInference, IBatchSettlement} from "../interfaces/IBatchSettlement.sol";
import {SettledInference} from "../libraries/SettledInference.sol";

/// @title Tally
/// @notice An example of a contract that acts on proven inferences: it counts how often a model gave each answer to each
/// question. Anybody may bring an inference; none counts twice.
contract Tally {
    using SettledInference for BatchedInference;

    /// @notice An inference was counted.
    event Counted(bytes32 indexed inputHash, bytes32 indexed outputHash, bytes32 requestId);

    /// @notice The inference was counted before.
    error Tally_CountedBefore(bytes32 requestId);

    /// @notice Where inferences are settled.
    IBatchSettlement public immutable batches;
    /// @notice The model that is asked.
    bytes32 public immutable modelId;
    /// @notice How often an answer was given to a question.
    mapping(bytes32 inputHash => mapping(bytes32 outputHash => uint256)) public count;
    /// @notice Whether an inference was counted.
    mapping(bytes32 requestId => bool) public isCounted;

    /// @param batches_ The batch settlement.
    /// @param modelId_ The model.
    constructor(IBatchSettlement batches_, bytes32 modelId_) {
        batches = batches_;
        modelId = modelId_;
    }

    /// @notice Counts a proven inference. Emits {Counted}.
    function add(BatchedInference calldata inference, bytes32 root, bytes32[] calldata path) external {
        inference.requireSettled(batches, modelId, root, path);
        require(!isCounted[inference.requestId], Tally_CountedBefore(inference.requestId));
        isCounted[inference.requestId] = true;
        ++count[inference.inputHash][inference.outputHash];
        emit Counted(inference.inputHash, inference.outputHash, inference.requestId);
    }
}
