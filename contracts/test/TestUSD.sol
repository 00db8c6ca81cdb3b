// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title TestUSD
/// @notice A fee token for local chains and testnets, shaped like USDC (6 decimals, ERC-2612, ERC-3009's
/// `receiveWithAuthorization`). Anyone can mint.
contract TestUSD is ERC20, ERC20Permit {
    bytes32 private constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,"
        "bytes32 nonce)"
    );

    /// @notice Whether an authorization was used (ERC-3009).
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    /// @notice An authorization was used (ERC-3009).
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    /// @notice The authorization is not `from`'s, not the caller's, not valid now, or was used.
    error TestUSD_InvalidAuthorization(address from, bytes32 nonce);

    constructor() ERC20("Test USD", "tUSD") ERC20Permit("Test USD") {}

    /// @notice Mints `amount` base units to `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Moves `value` from `from`, who signed for it, to the caller (ERC-3009, signature as bytes).
    /// @param validAfter In seconds, excluded.
    /// @param validBefore In seconds, excluded.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce))
        );
        bool usable =
            to == msg.sender &&
                block.timestamp > validAfter &&
                block.timestamp < validBefore &&
                !authorizationState[from][nonce];
        require(
            usable && SignatureChecker.isValidSignatureNowCalldata(from, digest, signature),
            TestUSD_InvalidAuthorization(from, nonce)
        );
        authorizationState[from][nonce] = true;
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    /// @notice 6, as USDC has.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
