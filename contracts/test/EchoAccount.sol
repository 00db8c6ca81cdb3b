// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title EchoAccount
/// @notice Answers every call with the call itself: what it returns to an ERC-1271 question starts with the right four
/// bytes, and is no agreement.
contract EchoAccount {
    fallback(bytes calldata data) external returns (bytes memory) {
        return data;
    }
}
