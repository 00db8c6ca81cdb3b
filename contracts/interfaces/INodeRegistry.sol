// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Route} from "./IVerifierRegistry.sol";

/// @notice Where a node stands. RETIRED is for good; the others are the owner's switch.
enum NodeStatus {
    NONE,
    ACTIVE,
    PAUSED,
    RETIRED
}

/// @notice A node's standing terms for one model, route and fee token.
/// @dev Hashed by EIP-712 as a part of the request's terms; see {ISettlement}.
/// @param nodeId The node; zero in an open request, which any node may take.
/// @param modelId The model.
/// @param route How its inferences are proven.
/// @param routeVersion The version of the route's parameters that the node can prove under.
/// @param token The fee token.
/// @param pricePerRequest Base units of `token` per request.
/// @param pricePerUnit Base units of `token` per metered unit.
/// @param coverage OPG (base units) that the node pledges for one request, from the request on.
/// @param deliveryWindow Seconds from the request within which the node has to deliver.
/// @param proofWindow Seconds from the delivery within which the proof has to settle.
struct Offer {
    bytes32 nodeId;
    bytes32 modelId;
    Route route;
    uint32 routeVersion;
    address token;
    uint128 pricePerRequest;
    uint128 pricePerUnit;
    uint128 coverage;
    uint32 deliveryWindow;
    uint32 proofWindow;
}

/// @notice A node's identity. `nodeId` is fixed for life; these three rotate.
/// @param owner Controls the node and its stake.
/// @param status Whether the node takes new requests.
/// @param pendingOwner Who may accept the ownership; zero if nobody.
/// @param signer The hot key that signs deliveries.
/// @param payout Where fees are credited.
struct Node {
    address owner;
    NodeStatus status;
    address pendingOwner;
    address signer;
    address payout;
}

/// @notice A node's OPG, in base units.
/// @param free Can be bonded, burned for a proof that settles an open request or a batch, or unbonded.
/// @param bonded Locked for open requests.
/// @param unbonding On its way out.
/// @param withdrawableAt When `unbonding` can be withdrawn, in seconds.
struct Account {
    uint128 free;
    uint128 bonded;
    uint128 unbonding;
    uint64 withdrawableAt;
}

/// @title INodeRegistry
/// @notice Inference nodes, their offers, and their OPG accounts.
/// @dev `nodeId = keccak256(abi.encode(owner, salt))` for the first owner. Holds OPG, and only OPG.
///
/// Trusts: the OPG token to move exactly what it says; the settlement modules to bond and unbond by the rules that
/// they publish. A module can touch bonds, and a node's free and unbonding OPG, so a new one gains that power only after
/// `moduleDelay`, which is longer than the unbonding delay: whoever does not trust it is out before. Modules added
/// before registration opens have nobody to warn and act at once.
///
/// Invariant: the OPG held here ≥ Σ free + Σ bonded + Σ unbonding. Accounts are counters of their own, so a donation
/// changes none of them.
interface INodeRegistry {
    /// @notice A node was registered.
    event NodeRegistered(
        bytes32 indexed nodeId,
        address indexed owner,
        bytes32 salt,
        address signer,
        address payout,
        string endpoint,
        string metadataURI
    );
    /// @notice The owner offered the node to `pendingOwner`.
    event NodeTransferStarted(bytes32 indexed nodeId, address indexed owner, address indexed pendingOwner);
    /// @notice The node, and its stake with it, has a new owner.
    event NodeTransferred(bytes32 indexed nodeId, address indexed previousOwner, address indexed owner);
    /// @notice The node signs with another key from now on.
    event SignerChanged(bytes32 indexed nodeId, address signer);
    /// @notice The node's fees are credited to another address from now on.
    event PayoutChanged(bytes32 indexed nodeId, address payout);
    /// @notice The node says where it is reached and described.
    event NodeDescribed(bytes32 indexed nodeId, string endpoint, string metadataURI);
    /// @notice The node was activated, paused or retired.
    event NodeStatusChanged(bytes32 indexed nodeId, NodeStatus status);
    /// @notice An offer stands, and replaces the one for the same model, route and token.
    event OfferPosted(bytes32 indexed nodeId, bytes32 indexed modelId, bytes32 offerHash, Offer offer);
    /// @notice The offer for this model, route and token stands no more.
    event OfferWithdrawn(bytes32 indexed nodeId, bytes32 indexed modelId, Route route, address token);
    /// @notice OPG was added to the node's free balance.
    event Staked(bytes32 indexed nodeId, address indexed from, uint128 amount);
    /// @notice OPG moved from free to unbonding; all of it can be withdrawn at `withdrawableAt` (seconds).
    event Unbonded(bytes32 indexed nodeId, uint128 amount, uint64 withdrawableAt);
    /// @notice OPG moved back from unbonding to free.
    event Rebonded(bytes32 indexed nodeId, uint128 amount);
    /// @notice OPG left the registry.
    event Withdrawn(bytes32 indexed nodeId, address indexed to, uint128 amount);
    /// @notice OPG moved from free to bonded, for `ref` (a request).
    event BondLocked(bytes32 indexed nodeId, bytes32 indexed ref, uint128 amount);
    /// @notice A bond ended: `burned` was burned, `paid` went to the module, the rest is free again.
    event BondUnlocked(bytes32 indexed nodeId, bytes32 indexed ref, uint128 amount, uint128 burned, uint128 paid);
    /// @notice OPG was burned, from a bond or from what was free or unbonding, for `ref`. The sum over all of these is the
    /// protocol's burn.
    event Burned(bytes32 indexed nodeId, bytes32 indexed ref, uint128 amount);
    /// @notice A node was slashed for `ref` (the proof of its misdeed): of its free and unbonding OPG, `burned` was burned
    /// and `paid` went to the module.
    event Slashed(bytes32 indexed nodeId, bytes32 indexed ref, uint128 burned, uint128 paid);
    /// @notice A settlement module can bond and burn from `activeAt` (seconds) on.
    event ModuleAdded(address indexed module, uint64 activeAt);
    /// @notice Nodes can register, and a module that is added later has to give notice.
    event RegistrationOpened();

    /// @notice No node can register before {open}.
    error NodeRegistry_NotOpen();
    /// @notice The caller registered this salt before.
    error NodeRegistry_AlreadyRegistered(bytes32 nodeId);
    /// @notice There is no such node.
    error NodeRegistry_UnknownNode(bytes32 nodeId);
    /// @notice The caller may not do this for the node.
    error NodeRegistry_Unauthorized(bytes32 nodeId, address caller);
    /// @notice The zero address cannot sign, be paid or receive.
    error NodeRegistry_ZeroAddress();
    /// @notice The amount is zero.
    error NodeRegistry_ZeroAmount();
    /// @notice The node's status does not allow this.
    error NodeRegistry_WrongStatus(bytes32 nodeId, NodeStatus status);
    /// @notice The node has less free OPG than this needs.
    error NodeRegistry_InsufficientFree(bytes32 nodeId, uint256 free, uint256 needed);
    /// @notice The node has less unbonding OPG than this needs.
    error NodeRegistry_InsufficientUnbonding(bytes32 nodeId, uint256 unbonding, uint256 needed);
    /// @notice The unbonding OPG cannot be withdrawn before `withdrawableAt` (seconds).
    error NodeRegistry_StillUnbonding(bytes32 nodeId, uint64 withdrawableAt);
    /// @notice No such offer stands: it was never posted, was replaced, or was withdrawn.
    error NodeRegistry_UnknownOffer(bytes32 nodeId, bytes32 offerHash);
    /// @notice The caller is not a settlement module, or not yet.
    error NodeRegistry_NotAModule(address caller, uint64 activeAt);
    /// @notice The module was added before.
    error NodeRegistry_ModuleExists(address module);
    /// @notice Whoever reports a node gets at most half of what it loses, or it could take its own stake out that way.
    error NodeRegistry_RewardTooLarge(uint16 rewardBps);
    /// @notice The token moved another amount than asked for; such a token cannot be staked.
    error NodeRegistry_InexactTransfer(uint256 expected, uint256 received);

    // --- identity -----------------------------------------------------------------------------------------------

    /// @notice Registers a node, active and without stake, owned by the caller. Emits {NodeRegistered}.
    /// @param salt Tells the caller's nodes apart.
    /// @param signer The key that will sign deliveries.
    /// @param payout Where fees are credited.
    /// @param endpoint Where requesters reach the node (a URL); not interpreted.
    /// @param metadataURI Where to read about the node; not interpreted.
    function register(
        bytes32 salt,
        address signer,
        address payout,
        string calldata endpoint,
        string calldata metadataURI
    ) external returns (bytes32 nodeId);

    /// @notice Offers the node and its stake to `pendingOwner`, who has to accept; zero takes the offer back.
    /// Owner only.
    function transferNode(bytes32 nodeId, address pendingOwner) external;

    /// @notice Takes over a node that was offered to the caller. Emits {NodeTransferred}.
    function acceptNode(bytes32 nodeId) external;

    /// @notice Rotates the signing key. Deliveries that the former key signed and nobody posted are void. Owner only.
    function setSigner(bytes32 nodeId, address signer) external;

    /// @notice Changes where later fees are credited. Owner only.
    function setPayout(bytes32 nodeId, address payout) external;

    /// @notice Publishes where the node is reached and described. Owner only. Emits {NodeDescribed}.
    function describe(bytes32 nodeId, string calldata endpoint, string calldata metadataURI) external;

    /// @notice Stops new requests for the node. Owner or signer.
    function pause(bytes32 nodeId) external;

    /// @notice Takes new requests again after {pause}. Owner only.
    function unpause(bytes32 nodeId) external;

    /// @notice Stops new requests for good. What is open runs to its end, and the stake can leave. Owner only.
    function retire(bytes32 nodeId) external;

    // --- offers -------------------------------------------------------------------------------------------------

    /// @notice Posts an offer, in the place of the one for the same model, route and token. Owner only.
    /// @dev Not checked against the model registry or the settlement's token list: a request is.
    /// @return offerHash The EIP-712 struct hash of the offer, which is all that is stored.
    function postOffer(Offer calldata offer) external returns (bytes32 offerHash);

    /// @notice Withdraws the offer for a model, route and token. Binds later requests only. Owner only.
    function withdrawOffer(bytes32 nodeId, bytes32 modelId, Route route, address token) external;

    // --- stake --------------------------------------------------------------------------------------------------

    /// @notice Adds `amount` of the caller's OPG, which it has approved, to a node's free balance. Anyone may.
    /// Whoever pays trusts the node's owner with it.
    function stake(bytes32 nodeId, uint128 amount) external;

    /// @notice {stake} with an ERC-2612 permit for this registry. A permit that was used already is no obstacle.
    function stakeWithPermit(bytes32 nodeId, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Moves `amount` from free to unbonding. The delay starts anew for all that is unbonding. Owner only.
    function unbond(bytes32 nodeId, uint128 amount) external;

    /// @notice Moves `amount` back from unbonding to free. Owner only.
    function rebond(bytes32 nodeId, uint128 amount) external;

    /// @notice Sends all that is unbonding to `to`, after the delay. Owner only. Nothing can stop it.
    function withdraw(bytes32 nodeId, address to) external;

    // --- for settlement modules ---------------------------------------------------------------------------------

    /// @notice Bonds `amount` of an active node's free OPG for `ref`, if the node's offer stands. Emits {BondLocked}.
    /// @dev Modules only. `offerKey` and `offerHash` are the module's own hashes of the offer (see {TermsLib}): hashing
    /// it again here would cost the requester twice.
    function lock(bytes32 nodeId, bytes32 ref, bytes32 offerKey, bytes32 offerHash, uint128 amount) external;

    /// @notice Ends a bond: burns `burned`, sends `paid` to the calling module, frees the rest.
    /// @dev Modules only. Requires `burned + paid ≤ amount`. Works whatever the node's status. Emits {BondUnlocked},
    /// and {Burned} if anything burns.
    /// @return payout Where the node's fees are credited.
    function unlock(
        bytes32 nodeId,
        bytes32 ref,
        uint128 amount,
        uint128 burned,
        uint128 paid
    ) external returns (address payout);

    /// @notice Burns from an active node's free OPG, for `ref`. Emits {Burned} if anything burns.
    /// @dev Modules only.
    /// @return payout Where the node's fees are credited.
    function burnFree(bytes32 nodeId, bytes32 ref, uint128 amount) external returns (address payout);

    /// @notice Burns from a node's free OPG what it owes for inferences that are proven, for `ref` (a batch). Emits
    /// {Burned} if anything burns.
    /// @dev Modules only. Works whatever the node's status, because settling never stops.
    /// @return payout Where the node's fees are credited.
    function burnOwed(bytes32 nodeId, bytes32 ref, uint128 amount) external returns (address payout);

    /// @notice Takes all of a node's free and unbonding OPG for a misdeed that is shown by `ref`: a share goes to the
    /// calling module, the rest burns. Bonds are not touched: they belong to open requests. Emits {Slashed}, and {Burned}
    /// if anything burns.
    /// @dev Modules only. Works whatever the node's status.
    /// @param rewardBps The module's share, in 1/10,000; at most half.
    function slash(bytes32 nodeId, bytes32 ref, uint16 rewardBps) external returns (uint128 burned, uint128 paid);

    /// @notice Adds a settlement module. Restricted. Emits {ModuleAdded}.
    function addModule(address module) external;

    /// @notice Ends the deployment: nodes can register from now on, and modules give notice. For good. Restricted.
    /// @dev A step of its own, so that nobody can delay the first modules by registering before they are added.
    function open() external;

    // --- reading ------------------------------------------------------------------------------------------------

    /// @notice A node's identity; all zero if there is none.
    function nodeOf(bytes32 nodeId) external view returns (Node memory);

    /// @notice The key that signs a node's deliveries; zero if there is no such node.
    function signerOf(bytes32 nodeId) external view returns (address);

    /// @notice A node's OPG account.
    function accountOf(bytes32 nodeId) external view returns (Account memory);

    /// @notice Where a node is reached and described.
    function descriptionOf(bytes32 nodeId) external view returns (string memory endpoint, string memory metadataURI);

    /// @notice The hash of the offer that stands for a model, route and token; zero if none does.
    function offerOf(bytes32 nodeId, bytes32 modelId, Route route, address token) external view returns (bytes32);

    /// @notice When a module's power starts, in seconds; zero if it is none.
    function moduleActiveAt(address module) external view returns (uint64);

    /// @notice The OPG token.
    function opg() external view returns (address);

    /// @notice Where burned OPG is sent, for a token without `burn`; zero if the token burns by itself.
    function burnSink() external view returns (address);

    /// @notice Seconds from {unbond} to {withdraw}.
    function unbondingDelay() external view returns (uint64);

    /// @notice Whether nodes can register.
    function isOpen() external view returns (bool);

    /// @notice Seconds from {addModule} to the module's power, once registration is open.
    function moduleDelay() external view returns (uint64);

    /// @notice How many nodes were ever registered.
    function nodeCount() external view returns (uint256);
}
