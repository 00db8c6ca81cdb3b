// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IX402BatchSettlement} from "../interfaces/IX402BatchSettlement.sol";
import {IX402Gates} from "../interfaces/IX402Gates.sol";
import {X402Gate} from "./X402Gate.sol";

/// @title X402Gates
/// @notice See {IX402Gates}. Made by the batch settlement that its gates obey.
contract X402Gates is IX402Gates {
    /// @inheritdoc IX402Gates
    address public immutable implementation;

    /// @param x402 The channel contract of x402's `batch-settlement` scheme on this chain.
    /// @param nodes The nodes.
    constructor(IX402BatchSettlement x402, INodeRegistry nodes) {
        implementation = address(new X402Gate(x402, nodes, msg.sender));
    }

    /// @inheritdoc IX402Gates
    function make(bytes32 nodeId, bytes32 modelId, uint32 routeVersion) external returns (address gate) {
        gate = gateOf(nodeId, modelId, routeVersion);
        if (gate.code.length != 0) return gate;
        Clones.cloneDeterministicWithImmutableArgs(implementation, abi.encode(nodeId, modelId, routeVersion), 0);
        emit GateMade(nodeId, modelId, routeVersion, gate);
    }

    /// @inheritdoc IX402Gates
    function gateOf(bytes32 nodeId, bytes32 modelId, uint32 routeVersion) public view returns (address) {
        bytes memory stream = abi.encode(nodeId, modelId, routeVersion);
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, stream, 0);
    }
}
