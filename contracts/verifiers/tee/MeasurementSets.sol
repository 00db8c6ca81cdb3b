// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMeasurementSets, Trust} from "../../interfaces/IMeasurementSets.sol";

/// @title MeasurementSets
/// @notice Sets of enclave measurements, addressed by their content.
abstract contract MeasurementSets is IMeasurementSets {
    /// @inheritdoc IMeasurementSets
    mapping(bytes32 setId => Trust) public trustOf;
    /// @inheritdoc IMeasurementSets
    mapping(bytes32 setId => mapping(bytes32 measurement => bool)) public contains;

    /// @inheritdoc IMeasurementSets
    function registerMeasurementSet(
        Trust trust,
        string calldata backend,
        bytes32[] calldata measurements
    ) external returns (bytes32 setId) {
        if (trust == Trust.NONE || (trust == Trust.GATEWAY) != (bytes(backend).length != 0)) {
            revert MeasurementSets_BadTrust(trust, backend);
        }
        setId = keccak256(abi.encode(trust, backend, measurements));
        if (trustOf[setId] != Trust.NONE) return setId;

        if (measurements.length == 0) revert MeasurementSets_BadMeasurements(0);
        bytes32 previous;
        for (uint256 i; i < measurements.length; ++i) {
            if (measurements[i] <= previous) revert MeasurementSets_BadMeasurements(i);
            previous = measurements[i];
            contains[setId][previous] = true;
        }
        trustOf[setId] = trust;
        emit MeasurementSetRegistered(setId, trust, backend, measurements);
    }
}
