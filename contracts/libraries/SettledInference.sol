// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchedInference, IBatchSettlement} from "../interfaces/IBatchSettlement.sol";

/// @title SettledInference
/// @notice For contracts that act on inferences which were settled in batches: requires one to be proven.
/// @dev Whoever brings the inference brings all of it, so a consumer has to say what it trusts and what it asked:
/// - the model, here. Anybody can settle any root under a model of their own. To trust a model is to trust its owner, who
///   sets its route's versions and with them the measurements; for a GATEWAY model it is to trust the backend, too;
/// - the input, by comparing `inputHash`;
/// - and each inference once, by remembering `requestId`: it is unique, and the same one may stand under a root twice.
library SettledInference {
    /// @notice The inference is of another model.
    error SettledInference_WrongModel(bytes32 expected, bytes32 actual);
    /// @notice No batch with this root, of the inference's node and model, holds the inference.
    error SettledInference_NotSettled(bytes32 requestId, bytes32 root);

    /// @notice Requires that a batch proved this inference, of this model, on whichever node.
    /// @param inference The inference, all of whose members the enclave signed for.
    /// @param batches The batch settlement.
    /// @param modelId The model that is trusted.
    /// @param root The batch's root.
    /// @param path The leaf's path under the root, as the node hands it out.
    function requireSettled(
        BatchedInference calldata inference,
        IBatchSettlement batches,
        bytes32 modelId,
        bytes32 root,
        bytes32[] calldata path
    ) internal view {
        require(inference.modelId == modelId, SettledInference_WrongModel(modelId, inference.modelId));
        require(
            batches.isInferenceSettled(inference, root, path),
            SettledInference_NotSettled(inference.requestId, root)
        );
    }
}
