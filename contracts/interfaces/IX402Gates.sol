// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IX402Gates
/// @notice Makes the gates by which x402 clients pay nodes (see {IX402Gate}): one per node, model and version of the
/// model's TEE route, at an address that is known before.
interface IX402Gates {
    /// @notice A gate was made.
    event GateMade(bytes32 indexed nodeId, bytes32 indexed modelId, uint32 indexed routeVersion, address gate);

    /// @notice Makes a gate, unless it is there. Anyone may. Money can be deposited towards it before.
    function make(bytes32 nodeId, bytes32 modelId, uint32 routeVersion) external returns (address gate);

    /// @notice The address of a gate, made or not.
    function gateOf(bytes32 nodeId, bytes32 modelId, uint32 routeVersion) external view returns (address);

    /// @notice The contract that all gates are clones of.
    function implementation() external view returns (address);
}
