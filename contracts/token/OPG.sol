// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title OPG
/// @notice The token that verification burns: fixed supply, burnable by its holders, ERC-2612 permits, no owner.
/// @dev Nothing can mint after construction, so `totalSupply()` + everything burned = the initial supply, for ever.
contract OPG is ERC20, ERC20Burnable, ERC20Permit {
    /// @param holder Receives the whole supply.
    /// @param supply The initial supply in base units (18 decimals).
    constructor(address holder, uint256 supply) ERC20("OPG", "OPG") ERC20Permit("OPG") {
        _mint(holder, supply);
    }
}
