// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a measured image is trusted for.
/// - NONE: no such set.
/// - LOCAL: the image contains weights and runtime; a claim proves execution.
/// - GATEWAY: the image relays to a named backend; a claim proves the prompt and the relayed answer, not execution.
enum Trust {
    NONE,
    LOCAL,
    GATEWAY
}

/// @title IMeasurementSets
/// @notice Sets of enclave measurements, which models name in their TEE route's parameters.
/// @dev A set is addressed by its content and never changes. A model that trusts other measurements sets a new version
/// of its route with another set: that is what versions them, and requests name the version that they are proven under.
interface IMeasurementSets {
    /// @notice A set was registered.
    event MeasurementSetRegistered(bytes32 indexed setId, Trust trust, string backend, bytes32[] measurements);

    /// @notice The trust is NONE, a LOCAL set names a backend, or a GATEWAY set names none.
    error MeasurementSets_BadTrust(Trust trust, string backend);
    /// @notice The measurements are empty, or not strictly ascending and above zero from `index` on.
    error MeasurementSets_BadMeasurements(uint256 index);

    /// @notice Registers a set. Anyone may; doing it again changes nothing.
    /// @param trust What the images are trusted for.
    /// @param backend Where a gateway relays to, such as a host name; empty for LOCAL.
    /// @param measurements keccak256(PCR0 ‖ PCR1 ‖ PCR2) of each image, strictly ascending.
    /// @return setId keccak256(abi.encode(trust, backend, measurements)).
    function registerMeasurementSet(
        Trust trust,
        string calldata backend,
        bytes32[] calldata measurements
    ) external returns (bytes32 setId);

    /// @notice What the set's images are trusted for; NONE when there is no such set.
    function trustOf(bytes32 setId) external view returns (Trust);

    /// @notice Whether the set contains the measurement.
    function contains(bytes32 setId, bytes32 measurement) external view returns (bool);
}
