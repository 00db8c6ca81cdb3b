// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title BurnSink
/// @notice Where OPG is sent to be gone, on networks where the token itself has no `burn`.
/// @dev Provably unspendable: an address with code has no key, and this code has no function, no fallback and no call.
/// Its balance is what was burned.
contract BurnSink {}
