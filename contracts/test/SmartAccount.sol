// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title SmartAccount
/// @notice The least that makes an ERC-1271 account: one owner, who signs and executes.
contract SmartAccount is IERC1271 {
    /// @notice The caller is not the owner.
    error SmartAccount_NotTheOwner(address caller);

    /// @notice Who signs for this account.
    address public immutable owner;

    /// @param owner_ Who signs for this account.
    constructor(address owner_) {
        owner = owner_;
    }

    /// @notice Makes a call in the account's name. Owner only.
    function execute(address target, bytes calldata data) external returns (bytes memory) {
        require(msg.sender == owner, SmartAccount_NotTheOwner(msg.sender));
        return Address.functionCall(target, data);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return
            ECDSA.recoverCalldata(hash, signature) == owner ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
