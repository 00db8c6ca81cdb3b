// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IVerifierRegistry, Route, VerifierStatus} from "../interfaces/IVerifierRegistry.sol";

/// @title VerifierRegistry
/// @notice See {IVerifierRegistry}.
contract VerifierRegistry is IVerifierRegistry, AccessManaged {
    /// One slot: verifier 160 | activeAt 64 | route 8 | status 8.
    struct Entry {
        address verifier;
        uint64 activeAt;
        Route route;
        VerifierStatus status;
    }

    /// @inheritdoc IVerifierRegistry
    uint64 public immutable activationDelay;
    /// @inheritdoc IVerifierRegistry
    uint32 public count;
    mapping(uint32 verifierId => Entry) private _entries;

    /// @param manager The AccessManager that says who may add, freeze and revoke.
    /// @param delay Seconds between adding a verifier and its first use.
    /// @param initialRoutes The routes of the verifiers that the deployment starts with: they need no delay, since
    /// nobody relies on the registry yet.
    /// @param initialVerifiers Those verifiers.
    constructor(
        address manager,
        uint64 delay,
        Route[] memory initialRoutes,
        address[] memory initialVerifiers
    ) AccessManaged(manager) {
        activationDelay = delay;
        for (uint256 i; i < initialVerifiers.length; ++i) {
            _add(initialRoutes[i], initialVerifiers[i], uint64(block.timestamp));
        }
    }

    /// @inheritdoc IVerifierRegistry
    function add(Route route, address verifier) external restricted returns (uint32 verifierId) {
        return _add(route, verifier, uint64(block.timestamp) + activationDelay);
    }

    /// @inheritdoc IVerifierRegistry
    function freeze(uint32 verifierId) external restricted {
        VerifierStatus status = _entries[verifierId].status;
        require(status == VerifierStatus.ACTIVE, VerifierRegistry_WrongStatus(verifierId, status));
        _entries[verifierId].status = VerifierStatus.FROZEN;
        emit VerifierFrozen(verifierId);
    }

    /// @inheritdoc IVerifierRegistry
    function revoke(uint32 verifierId) external restricted {
        VerifierStatus status = _entries[verifierId].status;
        require(
            status == VerifierStatus.ACTIVE || status == VerifierStatus.FROZEN,
            VerifierRegistry_WrongStatus(verifierId, status)
        );
        _entries[verifierId].status = VerifierStatus.REVOKED;
        emit VerifierRevoked(verifierId);
    }

    /// @inheritdoc IVerifierRegistry
    function verifierOf(
        uint32 verifierId
    ) external view returns (address verifier, Route route, VerifierStatus status) {
        Entry memory entry = _entries[verifierId];
        bool pending = entry.status == VerifierStatus.ACTIVE && block.timestamp < entry.activeAt;
        return (entry.verifier, entry.route, pending ? VerifierStatus.PENDING : entry.status);
    }

    function _add(Route route, address verifier, uint64 activeAt) private returns (uint32 verifierId) {
        require(verifier.code.length != 0, VerifierRegistry_NotAContract(verifier));
        verifierId = ++count;
        _entries[verifierId] = Entry(verifier, activeAt, route, VerifierStatus.ACTIVE);
        emit VerifierAdded(verifierId, route, verifier, activeAt);
    }
}
