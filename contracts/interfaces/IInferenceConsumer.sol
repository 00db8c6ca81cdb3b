// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IInferenceConsumer
/// @notice A contract that wants to be told of an inference. The request names it.
/// @dev Called by the settlement, last and with a fixed amount of gas. Whatever it returns is ignored, and if it
/// reverts or runs out of gas nothing but its own call is lost. It may call the settlement again. An implementation
/// has to check that the caller is the settlement.
interface IInferenceConsumer {
    /// @notice The node has committed to its answer. Fast, and not proven: nothing that cannot be undone should
    /// depend on it.
    /// @param requestId The request.
    /// @param outputHash The commitment to the output.
    /// @param units What is metered.
    /// @param output The output, if the request asked for an on-chain delivery; empty otherwise.
    function onInferenceDelivered(bytes32 requestId, bytes32 outputHash, uint64 units, bytes calldata output) external;

    /// @notice The answer is proven.
    /// @param requestId The request.
    /// @param outputHash The commitment to the output: the same as was delivered.
    /// @param units What is metered.
    function onInferenceSettled(bytes32 requestId, bytes32 outputHash, uint64 units) external;
}
