// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {INodeRegistry, Account, Node, NodeStatus, Offer} from "../interfaces/INodeRegistry.sol";
import {Route} from "../interfaces/IVerifierRegistry.sol";
import {TermsLib} from "../libraries/TermsLib.sol";

/// @title NodeRegistry
/// @notice See {INodeRegistry}.
/// @dev No reentrancy guard: the only contract called is the OPG token, a deployment parameter that is trusted; it is
/// called after every change, but for staking, which credits what arrived.
contract NodeRegistry is INodeRegistry, AccessManaged {
    using SafeERC20 for IERC20;
    using TermsLib for Offer;

    struct Description {
        string endpoint;
        string metadataURI;
    }

    uint256 private constant BPS = 10_000;
    /// @inheritdoc INodeRegistry
    address public immutable opg;
    /// @inheritdoc INodeRegistry
    address public immutable burnSink;
    /// @inheritdoc INodeRegistry
    uint64 public immutable unbondingDelay;
    /// @inheritdoc INodeRegistry
    uint64 public immutable moduleDelay;
    /// @inheritdoc INodeRegistry
    uint256 public nodeCount;
    /// @inheritdoc INodeRegistry
    bool public isOpen;
    /// @inheritdoc INodeRegistry
    mapping(address module => uint64) public moduleActiveAt;
    mapping(bytes32 nodeId => Node) private _nodes;
    mapping(bytes32 nodeId => Account) private _accounts;
    mapping(bytes32 nodeId => Description) private _descriptions;
    mapping(bytes32 nodeId => mapping(bytes32 offerKey => bytes32 offerHash)) private _offers;

    /// @param manager The AccessManager that says who may add modules.
    /// @param opg_ The OPG token.
    /// @param burnSink_ Zero if the token has `burn(uint256)`; otherwise a {BurnSink}.
    /// @param unbondingDelay_ Seconds from unbonding to withdrawal.
    /// @param moduleNotice Seconds that a new module is announced beyond the unbonding delay.
    constructor(
        address manager,
        address opg_,
        address burnSink_,
        uint64 unbondingDelay_,
        uint64 moduleNotice
    ) AccessManaged(manager) {
        opg = opg_;
        burnSink = burnSink_;
        unbondingDelay = unbondingDelay_;
        moduleDelay = unbondingDelay_ + moduleNotice;
    }

    modifier onlyOwner(bytes32 nodeId) {
        _requireOwner(nodeId);
        _;
    }

    modifier onlyModule() {
        uint64 activeAt = moduleActiveAt[msg.sender];
        require(activeAt != 0 && block.timestamp >= activeAt, NodeRegistry_NotAModule(msg.sender, activeAt));
        _;
    }

    // --- identity -----------------------------------------------------------------------------------------------

    /// @inheritdoc INodeRegistry
    function register(
        bytes32 salt,
        address signer,
        address payout,
        string calldata endpoint,
        string calldata metadataURI
    ) external returns (bytes32 nodeId) {
        require(isOpen, NodeRegistry_NotOpen());
        require(signer != address(0) && payout != address(0), NodeRegistry_ZeroAddress());
        nodeId = keccak256(abi.encode(msg.sender, salt));
        require(_nodes[nodeId].status == NodeStatus.NONE, NodeRegistry_AlreadyRegistered(nodeId));
        _nodes[nodeId] = Node(msg.sender, NodeStatus.ACTIVE, address(0), signer, payout);
        _descriptions[nodeId] = Description(endpoint, metadataURI);
        ++nodeCount;
        emit NodeRegistered(nodeId, msg.sender, salt, signer, payout, endpoint, metadataURI);
    }

    /// @inheritdoc INodeRegistry
    function transferNode(bytes32 nodeId, address pendingOwner) external onlyOwner(nodeId) {
        _nodes[nodeId].pendingOwner = pendingOwner;
        emit NodeTransferStarted(nodeId, msg.sender, pendingOwner);
    }

    /// @inheritdoc INodeRegistry
    function acceptNode(bytes32 nodeId) external {
        Node storage node = _existing(nodeId);
        require(msg.sender == node.pendingOwner, NodeRegistry_Unauthorized(nodeId, msg.sender));
        emit NodeTransferred(nodeId, node.owner, msg.sender);
        node.owner = msg.sender;
        node.pendingOwner = address(0);
    }

    /// @inheritdoc INodeRegistry
    function setSigner(bytes32 nodeId, address signer) external onlyOwner(nodeId) {
        require(signer != address(0), NodeRegistry_ZeroAddress());
        _nodes[nodeId].signer = signer;
        emit SignerChanged(nodeId, signer);
    }

    /// @inheritdoc INodeRegistry
    function setPayout(bytes32 nodeId, address payout) external onlyOwner(nodeId) {
        require(payout != address(0), NodeRegistry_ZeroAddress());
        _nodes[nodeId].payout = payout;
        emit PayoutChanged(nodeId, payout);
    }

    /// @inheritdoc INodeRegistry
    function describe(
        bytes32 nodeId,
        string calldata endpoint,
        string calldata metadataURI
    ) external onlyOwner(nodeId) {
        _descriptions[nodeId] = Description(endpoint, metadataURI);
        emit NodeDescribed(nodeId, endpoint, metadataURI);
    }

    /// @inheritdoc INodeRegistry
    function pause(bytes32 nodeId) external {
        Node storage node = _existing(nodeId);
        require(msg.sender == node.owner || msg.sender == node.signer, NodeRegistry_Unauthorized(nodeId, msg.sender));
        _requireActive(nodeId);
        _setStatus(nodeId, NodeStatus.PAUSED);
    }

    /// @inheritdoc INodeRegistry
    function unpause(bytes32 nodeId) external onlyOwner(nodeId) {
        NodeStatus status = _nodes[nodeId].status;
        require(status == NodeStatus.PAUSED, NodeRegistry_WrongStatus(nodeId, status));
        _setStatus(nodeId, NodeStatus.ACTIVE);
    }

    /// @inheritdoc INodeRegistry
    function retire(bytes32 nodeId) external onlyOwner(nodeId) {
        NodeStatus status = _nodes[nodeId].status;
        require(status != NodeStatus.RETIRED, NodeRegistry_WrongStatus(nodeId, status));
        _setStatus(nodeId, NodeStatus.RETIRED);
    }

    // --- offers -------------------------------------------------------------------------------------------------

    /// @inheritdoc INodeRegistry
    function postOffer(Offer calldata offer) external onlyOwner(offer.nodeId) returns (bytes32 offerHash) {
        offerHash = offer.hash();
        _offers[offer.nodeId][offer.key()] = offerHash;
        emit OfferPosted(offer.nodeId, offer.modelId, offerHash, offer);
    }

    /// @inheritdoc INodeRegistry
    function withdrawOffer(bytes32 nodeId, bytes32 modelId, Route route, address token) external onlyOwner(nodeId) {
        bytes32 key = TermsLib.offerKey(modelId, route, token);
        require(_offers[nodeId][key] != 0, NodeRegistry_UnknownOffer(nodeId, 0));
        delete _offers[nodeId][key];
        emit OfferWithdrawn(nodeId, modelId, route, token);
    }

    // --- stake --------------------------------------------------------------------------------------------------

    /// @inheritdoc INodeRegistry
    function stake(bytes32 nodeId, uint128 amount) public {
        require(amount != 0, NodeRegistry_ZeroAmount());
        NodeStatus status = _existing(nodeId).status;
        require(status != NodeStatus.RETIRED, NodeRegistry_WrongStatus(nodeId, status));
        uint256 balance = IERC20(opg).balanceOf(address(this));
        IERC20(opg).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(opg).balanceOf(address(this)) - balance;
        require(received == amount, NodeRegistry_InexactTransfer(amount, received));
        _accounts[nodeId].free += amount;
        emit Staked(nodeId, msg.sender, amount);
    }

    /// @inheritdoc INodeRegistry
    function stakeWithPermit(bytes32 nodeId, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Anybody can use up a permit that is in the mempool; then the allowance is there already.
        try IERC20Permit(opg).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        stake(nodeId, amount);
    }

    /// @inheritdoc INodeRegistry
    function unbond(bytes32 nodeId, uint128 amount) external onlyOwner(nodeId) {
        require(amount != 0, NodeRegistry_ZeroAmount());
        Account storage account = _accounts[nodeId];
        _takeFree(account, nodeId, amount);
        account.unbonding += amount;
        account.withdrawableAt = uint64(block.timestamp) + unbondingDelay;
        emit Unbonded(nodeId, amount, account.withdrawableAt);
    }

    /// @inheritdoc INodeRegistry
    function rebond(bytes32 nodeId, uint128 amount) external onlyOwner(nodeId) {
        require(amount != 0, NodeRegistry_ZeroAmount());
        Account storage account = _accounts[nodeId];
        uint128 unbonding = account.unbonding;
        require(amount <= unbonding, NodeRegistry_InsufficientUnbonding(nodeId, unbonding, amount));
        account.unbonding = unbonding - amount;
        account.free += amount;
        emit Rebonded(nodeId, amount);
    }

    /// @inheritdoc INodeRegistry
    function withdraw(bytes32 nodeId, address to) external onlyOwner(nodeId) {
        require(to != address(0), NodeRegistry_ZeroAddress());
        Account storage account = _accounts[nodeId];
        uint128 amount = account.unbonding;
        require(amount != 0, NodeRegistry_ZeroAmount());
        require(block.timestamp >= account.withdrawableAt, NodeRegistry_StillUnbonding(nodeId, account.withdrawableAt));
        account.unbonding = 0;
        emit Withdrawn(nodeId, to, amount);
        IERC20(opg).safeTransfer(to, amount);
    }

    // --- for settlement modules ---------------------------------------------------------------------------------

    /// @inheritdoc INodeRegistry
    function lock(
        bytes32 nodeId,
        bytes32 ref,
        bytes32 offerKey,
        bytes32 offerHash,
        uint128 amount
    ) external onlyModule {
        _requireActive(nodeId);
        require(offerHash != 0 && _offers[nodeId][offerKey] == offerHash, NodeRegistry_UnknownOffer(nodeId, offerHash));
        Account storage account = _accounts[nodeId];
        _takeFree(account, nodeId, amount);
        account.bonded += amount;
        emit BondLocked(nodeId, ref, amount);
    }

    /// @inheritdoc INodeRegistry
    function unlock(
        bytes32 nodeId,
        bytes32 ref,
        uint128 amount,
        uint128 burned,
        uint128 paid
    ) external onlyModule returns (address payout) {
        Account storage account = _accounts[nodeId];
        account.bonded -= amount;
        account.free += amount - burned - paid;
        emit BondUnlocked(nodeId, ref, amount, burned, paid);
        _burn(nodeId, ref, burned);
        if (paid != 0) IERC20(opg).safeTransfer(msg.sender, paid);
        return _nodes[nodeId].payout;
    }

    /// @inheritdoc INodeRegistry
    function burnFree(bytes32 nodeId, bytes32 ref, uint128 amount) external returns (address payout) {
        _requireActive(nodeId);
        return burnOwed(nodeId, ref, amount);
    }

    /// @inheritdoc INodeRegistry
    function burnOwed(bytes32 nodeId, bytes32 ref, uint128 amount) public onlyModule returns (address payout) {
        _takeFree(_accounts[nodeId], nodeId, amount);
        _burn(nodeId, ref, amount);
        return _nodes[nodeId].payout;
    }

    /// @inheritdoc INodeRegistry
    function slash(
        bytes32 nodeId,
        bytes32 ref,
        uint16 rewardBps
    ) external onlyModule returns (uint128 burned, uint128 paid) {
        require(rewardBps <= BPS / 2, NodeRegistry_RewardTooLarge(rewardBps));
        Account storage account = _accounts[nodeId];
        uint128 taken = account.free + account.unbonding;
        (account.free, account.unbonding) = (0, 0);
        // At most half of `taken`.
        paid = uint128((uint256(taken) * rewardBps) / BPS);
        burned = taken - paid;
        emit Slashed(nodeId, ref, burned, paid);
        _burn(nodeId, ref, burned);
        if (paid != 0) IERC20(opg).safeTransfer(msg.sender, paid);
    }

    /// @inheritdoc INodeRegistry
    function addModule(address module) external restricted {
        require(moduleActiveAt[module] == 0, NodeRegistry_ModuleExists(module));
        uint64 activeAt = uint64(block.timestamp) + (isOpen ? moduleDelay : 0);
        moduleActiveAt[module] = activeAt;
        emit ModuleAdded(module, activeAt);
    }

    /// @inheritdoc INodeRegistry
    function open() external restricted {
        isOpen = true;
        emit RegistrationOpened();
    }

    // --- reading ------------------------------------------------------------------------------------------------

    /// @inheritdoc INodeRegistry
    function nodeOf(bytes32 nodeId) external view returns (Node memory) {
        return _nodes[nodeId];
    }

    /// @inheritdoc INodeRegistry
    function signerOf(bytes32 nodeId) external view returns (address) {
        return _nodes[nodeId].signer;
    }

    /// @inheritdoc INodeRegistry
    function accountOf(bytes32 nodeId) external view returns (Account memory) {
        return _accounts[nodeId];
    }

    /// @inheritdoc INodeRegistry
    function descriptionOf(bytes32 nodeId) external view returns (string memory endpoint, string memory metadataURI) {
        Description storage description = _descriptions[nodeId];
        return (description.endpoint, description.metadataURI);
    }

    /// @inheritdoc INodeRegistry
    function offerOf(bytes32 nodeId, bytes32 modelId, Route route, address token) external view returns (bytes32) {
        return _offers[nodeId][TermsLib.offerKey(modelId, route, token)];
    }

    // --- internals ----------------------------------------------------------------------------------------------

    function _takeFree(Account storage account, bytes32 nodeId, uint128 amount) private {
        uint128 free = account.free;
        require(amount <= free, NodeRegistry_InsufficientFree(nodeId, free, amount));
        account.free = free - amount;
    }

    function _burn(bytes32 nodeId, bytes32 ref, uint128 amount) private {
        if (amount == 0) return;
        emit Burned(nodeId, ref, amount);
        if (burnSink == address(0)) ERC20Burnable(opg).burn(amount);
        else IERC20(opg).safeTransfer(burnSink, amount);
    }

    function _setStatus(bytes32 nodeId, NodeStatus status) private {
        _nodes[nodeId].status = status;
        emit NodeStatusChanged(nodeId, status);
    }

    function _existing(bytes32 nodeId) private view returns (Node storage node) {
        node = _nodes[nodeId];
        require(node.status != NodeStatus.NONE, NodeRegistry_UnknownNode(nodeId));
    }

    function _requireOwner(bytes32 nodeId) private view {
        require(msg.sender == _existing(nodeId).owner, NodeRegistry_Unauthorized(nodeId, msg.sender));
    }

    function _requireActive(bytes32 nodeId) private view {
        NodeStatus status = _existing(nodeId).status;
        require(status == NodeStatus.ACTIVE, NodeRegistry_WrongStatus(nodeId, status));
    }
}
