// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One way to prove an inference.
enum Route {
    ZK,
    TEE
}

/// @notice Where an entry stands. Time alone moves PENDING to ACTIVE; every other move is a transaction, and none goes
/// back.
enum VerifierStatus {
    NONE,
    PENDING,
    ACTIVE,
    FROZEN,
    REVOKED
}

/// @title IVerifierRegistry
/// @notice The verifiers that models may name, append-only: an entry is added behind a delay, may be frozen for new
/// requests, may be revoked in an emergency, and is never repointed.
/// @dev Trusts nobody with an existing request: freezing lets pending requests settle, and revoking voids them, which
/// returns every fee and every bond.
interface IVerifierRegistry {
    /// @notice A verifier was added; it can be used from `activeAt` (seconds).
    event VerifierAdded(uint32 indexed verifierId, Route indexed route, address verifier, uint64 activeAt);
    /// @notice No new request can use this verifier; pending ones still settle.
    event VerifierFrozen(uint32 indexed verifierId);
    /// @notice This verifier is broken: nothing settles by it any more, and what is pending can be voided.
    event VerifierRevoked(uint32 indexed verifierId);

    /// @notice The address has no code, so it cannot verify anything.
    error VerifierRegistry_NotAContract(address verifier);
    /// @notice There is no such entry, or it is not in a state that allows the move.
    error VerifierRegistry_WrongStatus(uint32 verifierId, VerifierStatus status);

    /// @notice Appends a verifier, usable after `activationDelay`.
    /// @dev Restricted. Emits {VerifierAdded}.
    /// @param route The route that it proves.
    /// @param verifier An {IProofVerifier}.
    /// @return verifierId Its number, from 1.
    function add(Route route, address verifier) external returns (uint32 verifierId);

    /// @notice Refuses new requests for this verifier, for good. Emits {VerifierFrozen}.
    /// @dev Restricted.
    function freeze(uint32 verifierId) external;

    /// @notice Declares this verifier broken, for good. Emits {VerifierRevoked}.
    /// @dev Restricted. An emergency measure: pending requests that depend on it can then be voided by anyone.
    function revoke(uint32 verifierId) external;

    /// @notice An entry's verifier, route and status now; zero and NONE if there is none.
    function verifierOf(uint32 verifierId) external view returns (address verifier, Route route, VerifierStatus status);

    /// @notice How many entries there are; the newest has this number.
    function count() external view returns (uint32);

    /// @notice Seconds between adding a verifier and its first use.
    function activationDelay() external view returns (uint64);
}
