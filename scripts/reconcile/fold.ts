import { isDeepStrictEqual } from "node:util";
import { dataLength, dataSlice, Interface, keccak256, ZeroAddress, ZeroHash } from "ethers";
import {
  DELIVERY_MODES,
  KEY_FAULTS,
  NODE_STATUSES,
  nameOf,
  OUTPUT_COMMITMENTS,
  type RequestStatus,
  ROUTES,
  ROW_FAULTS,
  TRUSTS,
  X402_ROW_FAULTS,
} from "../../indexer/src/mapping/enums.ts";
import { AWS_NITRO_ROOT_HASH } from "../../sdk/src/attestation/awsRoot.ts";
import { decodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import type { Abi, EventArgs, EventName } from "../../sdk/src/chain/abiTypes.ts";
import { LEAST_CONTRIBUTIONS } from "../../sdk/src/client/keyWeaknesses.ts";
import {
  abis,
  type accessManagerAbi,
  type batchSettlementAbi,
  type groth16SettlerAbi,
  type groth16VerifierAbi,
  type modelRegistryAbi,
  type nitroVerifierAbi,
  type nodeRegistryAbi,
  type settlementAbi,
  type teeVerifierAbi,
  type verifierRegistryAbi,
  type x402GateAbi,
  type x402GatesAbi,
} from "../../sdk/src/generated/abis.ts";
import { channelIdOf } from "../../sdk/src/hash/channelIdOf.ts";
import { Books, big, type Cell, type Entity, type Row } from "./books.ts";

/** Where a log is on the chain. Addresses are lower-case. */
export interface Place {
  readonly address: string;
  readonly blockNumber: bigint;
  /** Seconds. */
  readonly timestamp: bigint;
  readonly transactionHash: string;
  readonly transactionIndex: number;
  /** Its number in its block. */
  readonly logIndex: number;
  /** Who sent the transaction. */
  readonly sender: string;
}

/** What the books are about. Addresses are lower-case. */
export interface Subject {
  readonly chainId: number;
  readonly startBlock: number;
  readonly opg: string;
  readonly settlement: string;
  readonly nodeRegistry: string;
  readonly batchSettlement: string | null;
  readonly burnSink: string | null;
  /** Whether transfers of fee tokens by the nodes' parties are among the logs. */
  readonly tokensWatched: boolean;
  /** By a TEE verifier's address the SHA-256 of its attestations' root. */
  readonly roots: ReadonlyMap<string, string>;
  /** For an OPG that is older than the protocol: its supply at the start block, without what the sink held. */
  readonly supplyAtStart: bigint;
  /** The longest windows that the settlement takes, in seconds. */
  readonly windows: { readonly delivery: bigint; readonly proof: bigint };
}

/** What each event of a contract means; null for one that changes no table. Complete by its type. */
export type Meanings<A extends Abi> = {
  readonly [N in EventName<A>]: ((args: EventArgs<A, N>, at: Place) => void) | null;
};

/** A token's transfer: of OPG into or out of existence, or of a fee token by a node's party. */
export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly value: bigint;
}

const HOUR = 3_600n;
const DAY = 86_400n;
const WEEK = 7n * DAY;
/** A Monday, 00:00 UTC: 5 January 1970. */
const FIRST_MONDAY = 4n * DAY;

/** Most parties of a node that are kept. */
const MOST_PARTIES = 256;

/** Bytes of a claim: the channel's signer, and what was drawn (uint96). */
const CLAIM_SIZE = 32;

const nullIf = (nothing: string, value: string): string | null => (value === nothing ? null : value);
/**
 * What the tables keep of a text: after marks that only lead it, what fits into 2,048 UTF-16 code units, of whole characters.
 * PostgreSQL's texts hold no null character, and Ponder leaves it out.
 */
const text = (value: string) => {
  const start = value.search(/[^\0\ufeff]|$/);
  const end = start + ((value.codePointAt(start + 2_047) ?? 0) > 0xffff ? 2_047 : 2_048);
  return value.slice(start, end).replaceAll("\0", "");
};
const stampOf = ({ blockNumber, timestamp, transactionHash }: Place) => ({ blockNumber, timestamp, transactionHash });

/**
 * The protocol's books, kept from its logs alone: a second reading of the same events, which shares nothing with the
 * indexer's handlers but the names of columns and enums, the SDK's decoder of a TEE route's parameters and its least number of
 * contributions to a key for production. Logs have to come in chain order.
 */
export class Bookkeeper {
  readonly books = new Books();
  readonly #subject: Subject;
  /** What the log before took from an account to burn it, and why: the next one is that burn. */
  #taken: { nodeId: string; ref: string; transactionHash: string; amount: bigint; cause: string } | null = null;

  /** The last block that changed the collateral at risk, and what that was when it began. */
  #risk = { block: -1n, before: 0n };

  /** By account, the parties of nodes that paid it. */
  readonly #funders = new Map<string, Set<string>>();

  constructor(subject: Subject) {
    this.#subject = subject;
    const { chainId, startBlock, opg, settlement, nodeRegistry, burnSink, supplyAtStart, tokensWatched } = subject;
    this.books.put("protocol", {
      chainId: BigInt(chainId),
      opg,
      settlement,
      nodeRegistry,
      burnSink,
      startBlock: BigInt(startBlock),
      ...zeros("minted destroyed destroyedByRegistry burned nodes models free bonded unbonding coverageAtRisk"),
      ...zeros("requested delivered settled refunded defaulted voided batched batches channels"),
      initialSupply: supplyAtStart,
      supply: supplyAtStart,
      maxDeliveryWindow: subject.windows.delivery,
      maxProofWindow: subject.windows.proof,
      open: false,
      paused: false,
      parametersId: null,
      scheduledParametersId: null,
      tokensWatched,
    });
  }

  readonly nodes: Meanings<typeof nodeRegistryAbi> = {
    AuthorityUpdated: ({ authority }, at) => this.#governed(at, "AUTHORITY_CHANGED", { subject: authority }),
    NodeRegistered: ({ nodeId, salt: _, endpoint, metadataURI, ...parties }, at) => {
      this.books.put("node", {
        id: nodeId,
        ...parties,
        parties: [],
        pendingOwner: null,
        status: "ACTIVE",
        endpoint: text(endpoint),
        metadataURI: text(metadataURI),
        registeredAt: at.timestamp,
        registeredBlock: at.blockNumber,
        ...zeros("free bonded unbonding withdrawableAt burned requests deliveries settlements declines defaults"),
      });
      this.#protocol({ nodes: 1n });
      for (const account of [parties.owner, parties.signer, parties.payout]) this.#party(nodeId, account, at);
      this.#nodeEvent(nodeId, "REGISTERED", at, { address: parties.owner });
    },
    NodeTransferStarted: ({ nodeId, pendingOwner }, at) => {
      this.books.put("node", { id: nodeId, pendingOwner: nullIf(ZeroAddress, pendingOwner) });
      this.#nodeEvent(nodeId, "TRANSFER_STARTED", at, { address: pendingOwner });
    },
    NodeTransferred: ({ nodeId, owner }, at) => {
      this.books.put("node", { id: nodeId, owner, pendingOwner: null });
      this.#party(nodeId, owner, at);
      this.#nodeEvent(nodeId, "TRANSFERRED", at, { address: owner });
    },
    SignerChanged: ({ nodeId, signer }, at) => {
      this.books.put("node", { id: nodeId, signer });
      this.#party(nodeId, signer, at);
      this.#nodeEvent(nodeId, "SIGNER_CHANGED", at, { address: signer });
    },
    PayoutChanged: ({ nodeId, payout }, at) => {
      this.books.put("node", { id: nodeId, payout });
      this.#party(nodeId, payout, at);
      this.#nodeEvent(nodeId, "PAYOUT_CHANGED", at, { address: payout });
    },
    NodeDescribed: ({ nodeId, endpoint, metadataURI }, at) => {
      this.books.put("node", { id: nodeId, endpoint: text(endpoint), metadataURI: text(metadataURI) });
      this.#nodeEvent(nodeId, "DESCRIBED", at);
    },
    NodeStatusChanged: ({ nodeId, status }, at) => {
      const name = nameOf(NODE_STATUSES, status);
      this.books.put("node", { id: nodeId, status: name });
      this.#nodeEvent(nodeId, "STATUS_CHANGED", at, { status: name });
    },
    OfferPosted: ({ offerHash, offer }, at) => {
      const { nodeId, modelId, token, pricePerRequest, pricePerUnit, coverage } = offer;
      const key = { nodeId, modelId, route: nameOf(ROUTES, offer.route), token };
      const terms = {
        hash: offerHash,
        routeVersion: BigInt(offer.routeVersion),
        pricePerRequest,
        pricePerUnit,
        coverage,
        deliveryWindow: BigInt(offer.deliveryWindow),
        proofWindow: BigInt(offer.proofWindow),
      };
      this.books.put("offer", { ...key, ...terms, standing: true, updatedAt: at.timestamp });
      this.#event("offerEvent", at, { kind: "POSTED", ...key, ...terms });
    },
    OfferWithdrawn: ({ nodeId, modelId, route, token }, at) => {
      const key = { nodeId, modelId, route: nameOf(ROUTES, route), token };
      const { standing: _, updatedAt: __, ...ended } = this.books.get("offer", ...Object.values(key));
      this.books.put("offer", { ...key, standing: false, updatedAt: at.timestamp });
      this.#event("offerEvent", at, { kind: "WITHDRAWN", ...ended });
    },
    Staked: ({ nodeId, from, amount }, at) => {
      this.#account(nodeId, { free: amount }, at);
      this.#nodeEvent(nodeId, "STAKED", at, { amount, address: from });
    },
    Unbonded: ({ nodeId, amount, withdrawableAt }, at) => {
      this.#account(nodeId, { free: -amount, unbonding: amount }, at);
      this.books.put("node", { id: nodeId, withdrawableAt });
      this.#nodeEvent(nodeId, "UNBONDED", at, { amount });
    },
    Rebonded: ({ nodeId, amount }, at) => {
      this.#account(nodeId, { free: amount, unbonding: -amount }, at);
      this.#nodeEvent(nodeId, "REBONDED", at, { amount });
    },
    Withdrawn: ({ nodeId, to, amount }, at) => {
      this.#account(nodeId, { unbonding: -amount }, at);
      // Its transfer into the sink counts as destroyed by the registry, and the protocol burned nothing.
      if (to === this.#subject.burnSink) this.#protocol({ destroyedByRegistry: -amount });
      this.#nodeEvent(nodeId, "WITHDRAWN", at, { amount, address: to });
      const { owner } = this.books.get("node", nodeId);
      this.#payment(at, "STAKE_WITHDRAWAL", String(owner), to, this.#subject.opg, amount);
    },
    BondLocked: ({ nodeId, ref, amount }, at) => {
      this.#account(nodeId, { free: -amount, bonded: amount }, at);
      const known = this.books.find("bond", nodeId, ref);
      this.books.put("bond", {
        burned: known?.burned ?? 0n,
        paid: known?.paid ?? 0n,
        nodeId,
        ref,
        amount,
        lockedAt: at.timestamp,
        unlockedAt: null,
        unlockedBy: null,
      });
      this.#nodeEvent(nodeId, "BOND_LOCKED", at, { amount, ref });
    },
    BondUnlocked: ({ nodeId, ref, amount, burned, paid }, at) => {
      const { timestamp: unlockedAt, transactionHash } = at;
      this.#account(nodeId, { free: amount - burned - paid, bonded: -amount }, at);
      this.books.put("bond", { nodeId, ref, burned, paid, unlockedAt, unlockedBy: transactionHash });
      this.#nodeEvent(nodeId, "BOND_UNLOCKED", at, { amount, ref });
      this.#taken = { nodeId, ref, transactionHash, amount: burned, cause: "OTHER" };
    },
    Burned: ({ nodeId, ref, amount }, at) => {
      const { transactionHash } = at;
      const { cause = "OTHER", ...taken } = this.#taken ?? {};
      const isTaken = isDeepStrictEqual(taken, { nodeId, ref, transactionHash, amount });
      this.#taken = null;
      if (!isTaken) this.#account(nodeId, { free: -amount }, at);
      this.books.add("node", { id: nodeId }, { burned: amount });
      this.#nodeEvent(nodeId, "BURNED", at, { amount, ref });

      const request = this.books.find("inference", ref);
      const selfDealing = request !== undefined && this.#dealing(request, nodeId).selfDealing;
      const { modelId = null, route = null } = request ?? {};
      this.#event("burn", at, { nodeId, ref, modelId, route, selfDealing, amount, cause: isTaken ? cause : "OTHER" });
      this.#protocol({ burned: amount });
      const burned = { burned: amount, burnedNet: selfDealing ? 0n : amount };
      this.#periods(at, burned);
      this.#nodePeriods(at, nodeId, burned);
      if (request === undefined) return this.books.put("burnFor", { ref, burnId: this.#idOf(at) });
      this.#breakdown(at, request, burned);
      this.books.add("inference", { id: ref }, { burned: amount });
      this.books.put("inference", { id: ref, burnId: this.#idOf(at) });
    },
    Slashed: ({ nodeId, ref, burned, paid }, at) => {
      const { free, unbonding } = this.books.get("node", nodeId);
      this.#account(nodeId, { free: -big(free), unbonding: -big(unbonding) }, at);
      this.#nodeEvent(nodeId, "SLASHED", at, { amount: burned + paid, ref });
      this.books.put("slashing", { nodeId, ref, burned, paid, ...stampOf(at) });
      this.#taken = { nodeId, ref, transactionHash: at.transactionHash, amount: burned, cause: "SLASH" };
    },
    RegistrationOpened: (_, at) => {
      this.#set({ open: true });
      this.#governed(at, "REGISTRATION_OPENED", {});
    },
    ModuleAdded: ({ module, activeAt }, at) => {
      this.books.put("settlementModule", { address: module, activeAt, addedAt: at.timestamp });
      this.#governed(at, "MODULE_ADDED", { subject: module, effectiveAt: activeAt });
    },
  };

  readonly models: Meanings<typeof modelRegistryAbi> = {
    ModelRegistered: ({ modelId, owner, contentHash, metadataURI }, at) => {
      this.books.put("model", {
        id: modelId,
        owner,
        pendingOwner: null,
        contentHash,
        metadataURI: text(metadataURI),
        registeredAt: at.timestamp,
        registeredBlock: at.blockNumber,
        requests: 0n,
        settlements: 0n,
      });
      this.#protocol({ models: 1n });
      this.#modelEvent(modelId, "REGISTERED", at, { address: owner });
    },
    ModelTransferStarted: ({ modelId, pendingOwner }, at) => {
      this.books.put("model", { id: modelId, pendingOwner: nullIf(ZeroAddress, pendingOwner) });
      this.#modelEvent(modelId, "TRANSFER_STARTED", at, { address: pendingOwner });
    },
    ModelTransferred: ({ modelId, owner }, at) => {
      this.books.put("model", { id: modelId, owner, pendingOwner: null });
      this.#modelEvent(modelId, "TRANSFERRED", at, { address: owner });
    },
    RouteSet: ({ modelId, verifierId, parameters, ...rest }, at) => {
      const key = { modelId, route: nameOf(ROUTES, rest.route) };
      const version = BigInt(rest.version);
      this.books.put("modelRoute", { ...key, version, latestVersion: version });
      const trusted = key.route === "TEE" ? decodeTeeParameters(parameters) : null;
      const measurementSetId = trusted === null ? null : keccak256(parameters);
      if (trusted !== null && measurementSetId !== null) {
        this.books.put("measurementSet", {
          id: measurementSetId,
          trust: nameOf(TRUSTS, trusted.trust),
          backend: trusted.backend.replaceAll("\0", "\ufffd"),
          measurements: trusted.measurements,
        });
      }
      this.books.put("routeVersion", {
        ...key,
        version,
        verifierId: BigInt(verifierId),
        parameters,
        measurementSetId,
        verifyingKeyId: key.route === "ZK" && dataLength(parameters) === 96 ? dataSlice(parameters, 0, 32) : null,
        outputCommitment: nameOf(OUTPUT_COMMITMENTS, rest.outputCommitment),
        ...stampOf(at),
      });
      this.#modelEvent(modelId, "ROUTE_SET", at, { route: key.route, version });
    },
    RouteDisabled: ({ modelId, route }, at) => {
      const name = nameOf(ROUTES, route);
      this.books.put("modelRoute", { modelId, route: name, version: 0n });
      this.#modelEvent(modelId, "ROUTE_DISABLED", at, { route: name });
    },
  };

  readonly verifiers: Meanings<typeof verifierRegistryAbi> = {
    AuthorityUpdated: ({ authority }, at) => this.#governed(at, "AUTHORITY_CHANGED", { subject: authority }),
    VerifierAdded: ({ verifierId, route, verifier, activeAt }, at) => {
      this.books.put("verifier", {
        id: BigInt(verifierId),
        route: nameOf(ROUTES, route),
        address: verifier,
        status: "ACTIVE",
        activeAt,
        addedAt: at.timestamp,
        frozenAt: null,
        revokedAt: null,
        rootHash: nameOf(ROUTES, route) === "TEE" ? (this.#subject.roots.get(verifier) ?? null) : null,
      });
      this.#governed(at, "VERIFIER_ADDED", { subject: verifier, reference: `${verifierId}`, effectiveAt: activeAt });
    },
    VerifierFrozen: ({ verifierId }, at) => this.#endVerifier(verifierId, "FROZEN", { frozenAt: at.timestamp }, at),
    VerifierRevoked: ({ verifierId }, at) => this.#endVerifier(verifierId, "REVOKED", { revokedAt: at.timestamp }, at),
  };

  /** Of the verifiers that the registry has added, from that block on. */
  readonly enclaves: Meanings<typeof teeVerifierAbi> = {
    AuthorityUpdated: ({ authority }, at) => this.#governed(at, "AUTHORITY_CHANGED", { subject: authority }),
    KeyFaulted: ({ nodeId, key, fault: value }, at) => {
      const fault = KEY_FAULTS[value];
      if (fault === undefined) return;
      this.books.put("keyFault", { verifier: at.address, nodeId, key, fault, ...stampOf(at) });
    },
    EnclaveAttested: ({ nodeId, index, key, measurement, validFrom, validUntil, timestamp, moduleId }, at) => {
      if (this.books.find("enclave", at.address, nodeId, index) !== undefined) return;
      this.books.put("enclave", {
        verifier: at.address,
        nodeId,
        index,
        key,
        measurement,
        moduleId: text(moduleId),
        validFrom: BigInt(validFrom),
        validUntil: BigInt(validUntil),
        documentTime: timestamp,
        revokedAt: null,
        emergency: false,
        ...stampOf(at),
      });
    },
    EnclaveRevoked: ({ nodeId, index, validUntil, emergency }, at) => {
      const act = { subject: nodeId, reference: `${index}`, effectiveAt: BigInt(validUntil) };
      if (emergency) this.#governed(at, "ENCLAVE_REVOKED", act);
      // Of an enclave that was attested before the registry had its verifier, there is no row.
      if (this.books.find("enclave", at.address, nodeId, index) === undefined) return;
      const end = { validUntil: BigInt(validUntil), emergency, revokedAt: at.timestamp };
      this.books.put("enclave", { verifier: at.address, nodeId, index, ...end });
    },
    MeasurementBanned: ({ measurement }, at) => {
      this.#governed(at, "MEASUREMENT_BANNED", { subject: measurement });
      if (this.books.find("bannedMeasurement", at.address, measurement) !== undefined) return;
      this.books.put("bannedMeasurement", { verifier: at.address, measurement, ...stampOf(at) });
    },
  };

  /** Of the same verifiers. */
  readonly keys: Meanings<typeof groth16VerifierAbi> = {
    KeyRegistered: ({ keyId, pointer, numPublic, ceremony }, at) => {
      if (this.books.find("verifyingKey", at.address, keyId) !== undefined) return;
      const { development, contributions, beacon, zkeyHash } = ceremony;
      this.books.put("verifyingKey", {
        verifier: at.address,
        keyId,
        pointer,
        numPublic,
        development,
        contributions: BigInt(contributions),
        beacon: nullIf(ZeroHash, beacon),
        zkeyHash,
        ...stampOf(at),
      });
    },
  };

  /** Of the verifiers of attestation documents. */
  readonly certificates: Meanings<typeof nitroVerifierAbi> = {
    AuthorityUpdated: ({ authority }, at) => this.#governed(at, "AUTHORITY_CHANGED", { subject: authority }),
    CertificateVerified: ({ pathId, parentId }, at) =>
      this.books.put("certificate", { nitroVerifier: at.address, pathId, parentId, ...stampOf(at) }),
    CertificateRevoked: ({ issuer, serial }, at) => {
      this.#governed(at, "CERTIFICATE_REVOKED", { subject: issuer, reference: `${serial}` });
      if (this.books.find("revokedCertificate", at.address, issuer, serial) !== undefined) return;
      this.books.put("revokedCertificate", { nitroVerifier: at.address, issuer, serial, ...stampOf(at) });
    },
  };

  readonly manager: Meanings<typeof accessManagerAbi> = {
    RoleGranted: ({ roleId: role, account: subject, delay, since }, at) =>
      this.#governed(at, "ROLE_GRANTED", { subject, role, delay: BigInt(delay), effectiveAt: BigInt(since) }),
    RoleRevoked: ({ roleId: role, account: subject }, at) => this.#governed(at, "ROLE_REVOKED", { subject, role }),
    RoleLabel: ({ roleId: role, label }, at) => this.#governed(at, "ROLE_LABELLED", { role, reference: text(label) }),
    RoleAdminChanged: ({ roleId: role, admin }, at) =>
      this.#governed(at, "ROLE_ADMIN_CHANGED", { role, reference: `${admin}` }),
    RoleGuardianChanged: ({ roleId: role, guardian }, at) =>
      this.#governed(at, "ROLE_GUARDIAN_CHANGED", { role, reference: `${guardian}` }),
    RoleGrantDelayChanged: ({ roleId: role, delay, since }, at) =>
      this.#governed(at, "ROLE_GRANT_DELAY_CHANGED", { role, delay: BigInt(delay), effectiveAt: BigInt(since) }),
    TargetFunctionRoleUpdated: ({ target: subject, selector, roleId: role }, at) =>
      this.#governed(at, "FUNCTION_ROLE_CHANGED", { subject, role, reference: selector }),
    TargetClosed: ({ target: subject, closed }, at) =>
      this.#governed(at, closed ? "TARGET_CLOSED" : "TARGET_OPENED", { subject }),
    TargetAdminDelayUpdated: ({ target: subject, delay, since }, at) =>
      this.#governed(at, "TARGET_ADMIN_DELAY_CHANGED", { subject, delay: BigInt(delay), effectiveAt: BigInt(since) }),
    OperationScheduled: ({ operationId: reference, schedule, target: subject, data }, at) =>
      this.#governed(at, "OPERATION_SCHEDULED", { subject, reference, effectiveAt: BigInt(schedule), data }),
    OperationExecuted: ({ operationId: reference }, at) => this.#governed(at, "OPERATION_EXECUTED", { reference }),
    OperationCanceled: ({ operationId: reference }, at) => this.#governed(at, "OPERATION_CANCELLED", { reference }),
  };

  readonly settlement: Meanings<typeof settlementAbi> = {
    AuthorityUpdated: ({ authority }, at) => this.#governed(at, "AUTHORITY_CHANGED", { subject: authority }),
    EIP712DomainChanged: null,
    Requested: ({ requestId, terms }, at) => {
      const { offer } = terms;
      const open = offer.nodeId === ZeroHash;
      const row = {
        id: requestId,
        status: "REQUESTED",
        open,
        requester: terms.requester,
        modelId: offer.modelId,
        nodeId: nullIf(ZeroHash, offer.nodeId),
        route: nameOf(ROUTES, offer.route),
        token: offer.token,
        nonce: terms.nonce,
        deadline: terms.deadline,
        maxFee: terms.maxFee,
        verificationFee: terms.verificationFee,
        compensationBps: BigInt(terms.compensationBps),
        rewardBps: BigInt(terms.rewardBps),
        proofBlocks: BigInt(terms.proofBlocks),
        inputHash: terms.inputHash,
        mode: nameOf(DELIVERY_MODES, terms.mode),
        consumer: nullIf(ZeroAddress, terms.consumer),
        routeVersion: BigInt(offer.routeVersion),
        pricePerRequest: offer.pricePerRequest,
        pricePerUnit: offer.pricePerUnit,
        coverage: offer.coverage,
        deliveryWindow: BigInt(offer.deliveryWindow),
        proofWindow: BigInt(offer.proofWindow),
        bond: open ? 0n : offer.coverage + terms.verificationFee,
        requestedAt: at.timestamp,
        requestedBlock: at.blockNumber,
        deliveryDeadline: at.timestamp + BigInt(offer.deliveryWindow),
        ...nulls("outputHash units output deliveredAt deliveredBlock proofDeadline proofDeadlineBlock"),
        ...nulls("endedAt endedBlock trustGapSeconds trustGapBlocks fee payout returned burnId"),
        ...nulls("compensation reward claimer"),
        burned: 0n,
        declined: false,
        dealing: "ARMS_LENGTH",
      };
      this.books.put("inference", row);
      this.books.put("inference", {
        id: requestId,
        ...this.#dealing(row, row.nodeId),
        ...this.#meaning(row),
      });
      this.#inferenceEvent(requestId, "REQUESTED", at);
      this.#protocol({ requested: 1n });
      if (row.nodeId !== null) this.books.add("node", { id: row.nodeId }, { requests: 1n });
      this.books.add("model", { id: offer.modelId }, { requests: 1n });
      this.#token(offer.token, { escrowed: terms.maxFee });
      this.#periods(at, { requests: 1n });
      this.#breakdown(at, row, { requests: 1n });
      this.#nodePeriods(at, row.nodeId, { requests: 1n });
      this.#fees(at, offer.token, { escrowed: terms.maxFee });
    },
    Delivered: ({ requestId, nodeId, outputHash, units }, at) => {
      const row = this.books.get("inference", requestId);
      const { open, proofWindow, proofBlocks } = row;
      this.books.put("inference", {
        id: requestId,
        status: "DELIVERED",
        nodeId,
        outputHash,
        units,
        deliveredAt: at.timestamp,
        deliveredBlock: at.blockNumber,
        proofDeadline: open ? null : at.timestamp + big(proofWindow),
        proofDeadlineBlock: open ? null : at.blockNumber + big(proofBlocks),
        ...this.#dealing({ ...row, units }, nodeId),
      });
      this.#inferenceEvent(requestId, "DELIVERED", at);
      this.#protocol({ requested: -1n, delivered: 1n });
      this.#putAtRisk(at, big(row.coverage));
      this.books.add("node", { id: nodeId }, { deliveries: 1n, requests: open ? 1n : 0n });
      this.#periods(at, { deliveries: 1n });
      if (open) this.#nodePeriods(at, nodeId, { requests: 1n });
    },
    OutputPublished: ({ requestId, output }, at) => {
      this.books.put("inference", { id: requestId, output });
      this.#inferenceEvent(requestId, "OUTPUT_PUBLISHED", at);
    },
    Settled: ({ requestId, nodeId, payout, fee, returned }, at) => {
      const row = this.#end(requestId, "SETTLED", "SETTLEMENT", at, { fee, payout, returned });
      const dealing = this.#dealing(row, nodeId);
      const { selfDealing } = dealing;
      this.books.put("inference", {
        id: requestId,
        ...dealing,
        ...this.#meaning(row),
        trustGapSeconds: at.timestamp - big(row.deliveredAt),
        trustGapBlocks: at.blockNumber - big(row.deliveredBlock),
      });
      const token = String(row.token);
      this.#credit(at, requestId, token, payout, "FEE", fee);
      this.#credit(at, requestId, token, String(row.requester), "RETURN", returned);
      this.#inferenceEvent(requestId, "SETTLED", at);
      this.books.add("node", { id: nodeId }, { settlements: 1n });
      this.books.add("model", { id: row.modelId ?? null }, { settlements: 1n });
      const settlements = { settlements: 1n, settlementsNet: selfDealing ? 0n : 1n };
      this.#periods(at, settlements);
      this.#breakdown(at, row, settlements);
      this.#nodePeriods(at, nodeId, settlements);
      const burned = big(row.burned);
      const net = selfDealing ? { feesNet: 0n, burnedNet: 0n } : { feesNet: fee, burnedNet: burned };
      this.#fees(at, token, { ...settlements, fees: fee, returned, burned, ...net });
      this.#gap(row, nodeId, at.timestamp - big(row.deliveredAt), selfDealing);
    },
    Declined: ({ requestId }, at) => {
      const { nodeId } = this.#giveBack(requestId, "REFUNDED", at);
      this.books.put("inference", { id: requestId, declined: true });
      this.#inferenceEvent(requestId, "DECLINED", at);
      if (nodeId !== undefined && nodeId !== null) this.books.add("node", { id: nodeId }, { declines: 1n });
      this.#periods(at, { declines: 1n });
    },
    Refunded: ({ requestId }, at) => {
      this.#giveBack(requestId, "REFUNDED", at);
      this.#inferenceEvent(requestId, "REFUNDED", at);
      this.#periods(at, { refunds: 1n });
    },
    Voided: ({ requestId }, at) => {
      this.#giveBack(requestId, "VOIDED", at);
      this.#inferenceEvent(requestId, "VOIDED", at);
      this.#periods(at, { voids: 1n });
    },
    Defaulted: ({ requestId, nodeId, claimer, compensation, reward, burned }, at) => {
      const row = this.#giveBack(requestId, "DEFAULTED", at, { claimer, compensation, reward });
      const { opg } = this.#subject;
      const requester = String(row.requester);
      this.#credit(at, requestId, opg, requester, "COMPENSATION", compensation);
      this.#credit(at, requestId, opg, claimer, "REWARD", reward);
      this.#inferenceEvent(requestId, "DEFAULTED", at);
      this.books.put("proofDefault", {
        requestId,
        nodeId,
        requester,
        claimer,
        compensation,
        reward,
        burned,
        ...stampOf(at),
      });
      this.books.add("node", { id: nodeId }, { defaults: 1n });
      this.#periods(at, { defaults: 1n, compensation });
      this.#breakdown(at, row, { defaults: 1n });
      this.#nodePeriods(at, nodeId, { defaults: 1n });
    },
    CallbackFailed: ({ requestId }, at) => this.#inferenceEvent(requestId, "CALLBACK_FAILED", at),
    CreditWithdrawn: ({ token, account, to, amount }, at) => {
      this.books.add("credit", { token, account }, { balance: -amount, received: 0n, withdrawn: amount });
      this.#token(token, { credited: -amount });
      const cause = "WITHDRAWAL";
      this.books.put("creditEvent", {
        id: `${this.#idOf(at)}-${cause}`,
        token,
        account,
        cause,
        amount,
        requestId: null,
        to,
        ...stampOf(at),
      });
      this.#payment(at, "CREDIT_WITHDRAWAL", account, to, token, amount);
    },
    ParametersScheduled: ({ parameters, applicableAt }, at) => {
      const id = this.#idOf(at);
      this.#parameterSet(id, parameters, { scheduledAt: at.timestamp, applicableAt, appliedAt: null });
      this.#set({ scheduledParametersId: id });
      this.#governed(at, "PARAMETERS_SCHEDULED", { reference: id, effectiveAt: applicableAt });
    },
    ParametersApplied: ({ parameters }, at) => {
      const scheduled = this.#protocolRow().scheduledParametersId ?? null;
      const id = scheduled ?? this.#idOf(at);
      if (scheduled === null) this.#parameterSet(id, parameters, { scheduledAt: null, applicableAt: null });
      this.books.put("parameterSet", { id, appliedAt: at.timestamp });
      this.#set({ parametersId: id, scheduledParametersId: null });
      this.#governed(at, "PARAMETERS_APPLIED", { reference: id });
    },
    TokenListed: ({ token, listed }, at) => {
      this.#token(token, {});
      this.books.put("token", { address: token, listed });
      this.#governed(at, listed ? "TOKEN_LISTED" : "TOKEN_DELISTED", { subject: token });
    },
    RequestsPaused: ({ paused }, at) => {
      this.#set({ paused });
      this.#governed(at, paused ? "REQUESTS_PAUSED" : "REQUESTS_UNPAUSED", {});
    },
  };

  readonly batches: Meanings<typeof batchSettlementAbi> = {
    EIP712DomainChanged: null,
    ChannelOpened: ({ channelId: id, nodeId, modelId, routeVersion, token, payer, signer, withdrawalDelay }, at) => {
      this.books.put("channel", {
        id,
        nodeId,
        modelId,
        routeVersion: BigInt(routeVersion),
        token,
        payer,
        signer,
        withdrawalDelay: BigInt(withdrawalDelay),
        withdrawableAt: null,
        ...zeros("deposited claimed withdrawn balance claims"),
        dealing: "ARMS_LENGTH",
        selfDealing: false,
        ...stampOf(at),
      });
      this.#protocol({ channels: 1n });
      this.#channel(id, "OPENED", at, {}, { address: payer });
    },
    ChannelDeposited: ({ channelId, from, amount }, at) => {
      const { payer, token } = this.books.get("channel", channelId);
      this.#payment(at, "CHANNEL_DEPOSIT", from, String(payer), String(token), amount);
      this.#channel(channelId, "DEPOSITED", at, { deposited: amount, balance: amount }, { amount, address: from });
    },
    ChannelWithdrawalAnnounced: ({ channelId, withdrawableAt }, at) => {
      const time = withdrawableAt === 0n ? null : withdrawableAt;
      this.books.put("channel", { id: channelId, withdrawableAt: time });
      const kind = time === null ? "WITHDRAWAL_CANCELLED" : "WITHDRAWAL_ANNOUNCED";
      this.#channel(channelId, kind, at, {}, { withdrawableAt: time });
    },
    ChannelWithdrawn: ({ channelId, to, amount }, at) => {
      this.books.put("channel", { id: channelId, withdrawableAt: null });
      this.#channel(channelId, "WITHDRAWN", at, { withdrawn: amount, balance: -amount }, { amount, address: to });
      const { payer, token } = this.books.get("channel", channelId);
      this.#payment(at, "CHANNEL_WITHDRAWAL", String(payer), to, String(token), amount);
    },
    ChannelsClaimed: ({ nodeId, modelId, routeVersion, token, claims }, at) => {
      const rows = dataLength(claims) / CLAIM_SIZE;
      let total = 0n;
      let independent = 0n;
      let dealing: Cell = "ARMS_LENGTH";
      for (let index = 0; index < rows; ++index) {
        const row = dataSlice(claims, index * CLAIM_SIZE, (index + 1) * CLAIM_SIZE);
        const amount = BigInt(dataSlice(row, 20));
        const channelId = channelIdOf(nodeId, modelId, routeVersion, token, dataSlice(row, 0, 20));
        const id = `${this.#idOf(at)}-${String(index).padStart(5, "0")}`;
        this.#channel(channelId, "CLAIMED", at, { claimed: amount, balance: -amount, claims: 1n }, { id, amount });
        const { dealing: own = null } = this.books.get("channel", channelId);
        dealing = nearer(dealing, own);
        total += amount;
        if (own === "ARMS_LENGTH") independent += amount;
      }
      // Anybody can claim nothing, of any node that there might be.
      if (total > 0n) this.#channelCredit(token, String(this.books.get("node", nodeId).payout), total);
      this.#drawn(at, { rows: BigInt(rows) });
      this.books.put("lastDraw", { chainId: BigInt(this.#subject.chainId), dealing, ended: true });
      if (total > 0n) this.#fees(at, token, { fees: total, feesNet: independent });
    },
    RowNotPaid: ({ fault, ...row }, at) => this.#unpaid(at, { ...row, fault: nameOf(ROW_FAULTS, fault) }),
    BatchSettled: ({ digest: id, streamId, batch, payout, paid, burned }, at) => {
      const { nodeId, modelId, token, ledger, count } = batch;
      const isNative = ledger === at.address;
      // A native batch's draw is the log before; a gate's has not ended, if it left anything unpaid.
      const last = this.books.find("lastDraw", BigInt(this.#subject.chainId));
      const { id: drawId = null, ...draw } = (isNative || last?.ended === false ? last : undefined) ?? {};
      const { rowsNotPaid = 0n, dealing: ofRows = "ARMS_LENGTH" } = draw;
      const rows = isNative ? (draw.rows ?? null) : null;
      this.#endDraw();
      const isFeeToken = this.#isListed(token) || (isNative && paid > 0n);
      const ofPayment = isFeeToken && paid > 0n ? "ARMS_LENGTH" : "UNPAID";
      const dealing = this.#isCrowded(nodeId) ? "PARTY" : nearer(ofRows, ofPayment);
      const selfDealing = dealing !== "ARMS_LENGTH";
      const route = { modelId, route: "TEE", routeVersion: BigInt(batch.routeVersion) };
      this.books.put("batchSettlement", {
        id,
        streamId,
        ...batch,
        routeVersion: route.routeVersion,
        payout,
        paid,
        burned,
        rows,
        rowsNotPaid,
        drawId,
        dealing,
        selfDealing,
        ...this.#meaning(route),
        ...stampOf(at),
      });
      // Of native channels, the claims have said what is paid.
      const credited = isNative ? 0n : paid;
      this.#channelCredit(token, payout, credited);
      const burnId = this.books.find("burnFor", id)?.burnId;
      if (burnId !== undefined) {
        this.books.put("burn", { id: burnId, cause: "BATCH", modelId, route: "TEE", selfDealing });
      }
      const net = (amount: bigint) => (selfDealing ? 0n : amount);
      const settlements = { settlements: count, settlementsNet: net(count) };
      this.#protocol({ batched: count, batches: 1n });
      this.books.add("node", { id: nodeId }, { settlements: count });
      this.books.add("model", { id: modelId }, { settlements: count });
      this.#periods(at, { ...settlements, batched: count, batches: 1n, burnedNet: net(burned) - burned });
      this.#breakdown(at, route, { ...settlements, burned, burnedNet: net(burned) });
      this.#nodePeriods(at, nodeId, { ...settlements, burnedNet: net(burned) - burned });
      if (isFeeToken) {
        const fees = { fees: credited, feesNet: net(credited) };
        this.#fees(at, token, { ...settlements, ...fees, burned, burnedNet: net(burned) });
      }
    },
    LedgerClaimed: ({ nodeId, token, payout, paid }, at) => {
      this.#endDraw();
      this.#channelCredit(token, payout, paid);
      const feesNet = this.#isCrowded(nodeId) ? 0n : paid;
      if (this.#isListed(token)) this.#fees(at, token, { fees: paid, feesNet });
    },
    Equivocated: ({ nodeId, key, reporter, digestA, digestB, burned, reward }, at) => {
      this.#event("equivocation", at, { nodeId, key, reporter, digestA, digestB, burned, reward });
      this.#channelCredit(this.#subject.opg, reporter, reward);
    },
    CreditWithdrawn: ({ token, account, to, amount }, at) => {
      this.books.add("channelCredit", { token, account }, { balance: -amount, received: 0n, withdrawn: amount });
      this.#token(token, { channelCredited: -amount });
      this.#payment(at, "CREDIT_WITHDRAWAL", account, to, token, amount);
    },
  };

  readonly gates: Meanings<typeof x402GatesAbi> = {
    GateMade: ({ gate, nodeId, modelId, routeVersion }, at) => {
      const of = { nodeId, modelId, routeVersion: BigInt(routeVersion) };
      this.books.put("x402Gate", { address: gate, ...of, ...stampOf(at) });
    },
  };

  /** Of every gate. */
  readonly gate: Meanings<typeof x402GateAbi> = {
    X402RowNotPaid: ({ channelId, index, fault, missing }, at) => {
      const { nodeId = null } = this.books.get("x402Gate", at.address);
      this.#unpaid(at, { nodeId, channelId, signer: null, index, fault: nameOf(X402_ROW_FAULTS, fault), missing });
    },
  };

  readonly settler: Meanings<typeof groth16SettlerAbi> = {
    RowSkipped: ({ index, requestId, reason }, at) => {
      const error = dataLength(reason) < 4 ? null : (ERRORS.getError(dataSlice(reason, 0, 4))?.name ?? null);
      this.#event("rowSkipped", at, { index, requestId, reason, error, sender: at.sender });
    },
  };

  /** OPG that was minted or destroyed, by anyone; a fee token that a node's party paid. */
  transfer({ from, to, value }: Transfer, at: Place): void {
    const { opg, burnSink, startBlock, tokensWatched } = this.#subject;
    // The supply that is read at the start block has that block's transfers in it.
    const inSupply = burnSink === null || at.blockNumber > BigInt(startBlock);
    if (at.address === opg && inSupply) this.#supply(from, to, value, at);
    if (tokensWatched) this.#payment(at, "TOKEN_TRANSFER", from, to, at.address, value);
  }

  // --- what several events do -------------------------------------------------------------------------------------------

  #supply(from: string, to: string, value: bigint, at: Place): void {
    const { burnSink, nodeRegistry } = this.#subject;
    if (from === ZeroAddress) {
      this.#protocol({ supply: value, ...(burnSink === null ? { initialSupply: value } : { minted: value }) });
      this.#periods(at, {});
    }
    if (to === ZeroAddress || to === burnSink) {
      const destroyedByRegistry = from === nodeRegistry ? value : 0n;
      this.#protocol({ supply: -value, destroyed: value, destroyedByRegistry });
      this.#periods(at, {});
    }
  }

  #protocolRow(): Row {
    return this.books.get("protocol", BigInt(this.#subject.chainId));
  }

  #set(columns: Row): void {
    this.books.put("protocol", { chainId: BigInt(this.#subject.chainId), ...columns });
  }

  #protocol(amounts: Readonly<Record<string, bigint>>): void {
    this.books.add("protocol", { chainId: BigInt(this.#subject.chainId) }, amounts);
  }

  #account(nodeId: string, move: { free?: bigint; bonded?: bigint; unbonding?: bigint }, at: Place): void {
    this.books.get("node", nodeId);
    this.books.add("node", { id: nodeId }, move);
    this.#protocol(move);
    this.#periods(at, {});
  }

  /** Changes the collateral at risk, and remembers what it was before this block. */
  #putAtRisk({ blockNumber: block }: Place, amount: bigint): void {
    if (block !== this.#risk.block) this.#risk = { block, before: big(this.#protocolRow().coverageAtRisk) };
    this.#protocol({ coverageAtRisk: amount });
  }

  /** Ponder's identifier of an event: time, chain, block, transaction, kind (5: a log), number of the log. */
  #idOf({ timestamp, blockNumber, transactionIndex, logIndex }: Place): string {
    const digits = (value: bigint | number, width: number) => String(value).padStart(width, "0");
    const { chainId } = this.#subject;
    return `${digits(timestamp, 10)}${[chainId, blockNumber, transactionIndex].map((v) => digits(v, 16)).join("")}5${digits(logIndex, 16)}`;
  }

  #event(entity: Entity, at: Place, row: Row): void {
    this.books.put(entity, { id: this.#idOf(at), ...row, ...stampOf(at) });
  }

  #governed(at: Place, kind: string, details: Row): void {
    const by = { contract: at.address, sender: at.sender };
    this.#event("governanceEvent", at, {
      kind,
      ...by,
      ...nulls("subject role reference effectiveAt delay data"),
      ...details,
    });
  }

  #endVerifier(verifierId: number, status: string, time: Row, at: Place): void {
    const id = BigInt(verifierId);
    this.books.put("verifier", { id, status, ...time });
    const { address: subject = null } = this.books.get("verifier", id);
    this.#governed(at, `VERIFIER_${status}`, { subject, reference: `${verifierId}` });
  }

  #nodeEvent(nodeId: string, kind: string, at: Place, details: Row = {}): void {
    const { free = null, bonded = null, unbonding = null } = this.books.get("node", nodeId);
    const account = { free, bonded, unbonding };
    this.#event("nodeEvent", at, { ...nulls("amount address status ref"), nodeId, kind, ...details, ...account });
  }

  #modelEvent(modelId: string, kind: string, at: Place, details: Row = {}): void {
    this.#event("modelEvent", at, { ...nulls("address route version"), modelId, kind, ...details });
  }

  #inferenceEvent(requestId: string, kind: string, at: Place): void {
    this.#event("inferenceEvent", at, { requestId, kind, sender: at.sender });
  }

  #party(nodeId: string, account: string, at: Place): void {
    const parties = this.#partiesOf(nodeId);
    if (parties.includes(account) || parties.length === MOST_PARTIES) return;
    this.books.put("node", { id: nodeId, parties: [...parties, account] });
    if (this.books.find("operatorAccount", account) === undefined)
      this.books.put("operatorAccount", { account, nodes: 0n, ...stampOf(at) });
    this.books.add("operatorAccount", { account }, { nodes: 1n });
  }

  #partiesOf(nodeId: string | null): readonly string[] {
    const parties = nodeId === null ? undefined : this.books.find("node", nodeId)?.parties;
    return Array.isArray(parties) ? parties : [];
  }

  /** Whether a node has had so many parties that anybody who pays it may be one more. */
  #isCrowded(nodeId: string | null): boolean {
    return this.#partiesOf(nodeId).length === MOST_PARTIES;
  }

  /** Money from one account to another counts if a node's party pays it to somebody who is not of the protocol. */
  #payment(at: Place, how: string, funder: string, account: string, token: string, amount: bigint): void {
    const { settlement, nodeRegistry, batchSettlement, burnSink } = this.#subject;
    const nobody = [funder, settlement, nodeRegistry, batchSettlement, burnSink, ZeroAddress];
    if (amount === 0n || nobody.includes(account) || this.books.find("operatorAccount", funder) === undefined) return;
    if (this.books.find("funding", funder, account) === undefined) {
      this.books.put("funding", { funder, account, payments: 0n, ...stampOf(at) });
    }
    this.books.add("funding", { funder, account }, { payments: 1n });
    this.#funders.set(account, (this.#funders.get(account) ?? new Set()).add(funder));
    this.#event("fundingEvent", at, { funder, account, how, token, amount });
  }

  /** How close the requester is to the node, or was at an earlier step. */
  #dealing({ dealing = "ARMS_LENGTH", ...row }: Row, nodeId: string | null) {
    const { requester, payer = requester, signer = payer } = row;
    const parties = this.#partiesOf(nodeId);
    const payers = [String(payer), String(signer)];
    const isParty = this.#isCrowded(nodeId) || payers.some((account) => parties.includes(account));
    const isFunded = payers.some((one) => {
      const funders = this.#funders.get(one);
      return funders !== undefined && parties.some((party) => funders.has(party));
    });
    const isFree = row.maxFee === 0n || (row.pricePerRequest === 0n && [row.pricePerUnit, row.units].includes(0n));
    const nearest = nearer(dealing, isParty ? "PARTY" : isFunded ? "FUNDED" : isFree ? "UNPAID" : "ARMS_LENGTH");
    return { dealing: nearest, selfDealing: nearest !== "ARMS_LENGTH" };
  }

  /** What a proof of a request shows, and what its enclaves are trusted for. */
  #meaning({ modelId = null, route = null, routeVersion = null }: Row): { proves: string | null; trust: Cell } {
    const version = this.books.find("routeVersion", modelId, route, routeVersion);
    const { verifierId = null, verifyingKeyId = null, measurementSetId = null } = version ?? {};
    const { address = null, rootHash = null } = this.books.find("verifier", verifierId) ?? {};
    if (verifyingKeyId !== null) {
      const key = this.books.find("verifyingKey", address, verifyingKeyId);
      const proves = key === undefined ? null : isForProduction(key) ? "EXECUTION" : "DEVELOPMENT";
      return { proves, trust: null };
    }
    const trust = measurementSetId === null ? null : (this.books.get("measurementSet", measurementSetId).trust ?? null);
    if (trust === null || rootHash === null) return { proves: null, trust };
    const isAws = rootHash === AWS_NITRO_ROOT_HASH;
    return { proves: isAws ? (trust === "LOCAL" ? "EXECUTION" : "RELAY") : "DEVELOPMENT", trust };
  }

  /** Ends a request. @returns Its row before. */
  #end(requestId: string, status: Exclude<RequestStatus, "NONE">, cause: string, at: Place, columns: Row): Row {
    const row = { ...this.books.get("inference", requestId) };
    const { timestamp: endedAt, blockNumber: endedBlock } = at;
    this.books.put("inference", { id: requestId, status, endedAt, endedBlock, ...columns });
    this.#protocol({ [String(row.status).toLowerCase()]: -1n });
    this.#protocol({ [status.toLowerCase()]: 1n });
    if (row.status === "DELIVERED") this.#putAtRisk(at, -big(row.coverage));
    this.#token(String(row.token), { escrowed: -big(row.maxFee) });
    if (row.burnId !== null && row.burnId !== undefined) this.books.put("burn", { id: row.burnId, cause });
    return row;
  }

  /** Ends a request with everything back to its requester. */
  #giveBack(requestId: string, status: "REFUNDED" | "VOIDED" | "DEFAULTED", at: Place, columns: Row = {}): Row {
    const returned = big(this.books.get("inference", requestId).maxFee);
    const row = this.#end(requestId, status, status === "DEFAULTED" ? "DEFAULT" : "OTHER", at, {
      returned,
      ...columns,
    });
    this.#credit(at, requestId, String(row.token), String(row.requester), "REFUND", returned);
    return row;
  }

  #token(address: string, amounts: Readonly<Record<string, bigint>>): void {
    const { listed = false } = this.books.find("token", address) ?? {};
    const none = zeros("escrowed credited inChannels channelCredited");
    this.books.add("token", { address, listed }, { ...none, ...amounts });
  }

  /** Changes a channel's amounts, and keeps the change in its history. */
  #channel(channelId: string, kind: string, at: Place, move: Readonly<Record<string, bigint>>, details: Row): void {
    const { token, ...row } = this.books.get("channel", channelId);
    this.books.put("channel", { id: channelId, ...this.#dealing(row, String(row.nodeId)) });
    this.books.add("channel", { id: channelId }, move);
    if (move.balance !== undefined) this.#token(String(token), { inChannels: move.balance });
    const { balance = null } = this.books.get("channel", channelId);
    this.books.put("channelEvent", {
      id: this.#idOf(at),
      channelId,
      kind,
      ...nulls("amount address withdrawableAt"),
      ...details,
      balance,
      ...stampOf(at),
    });
  }

  /** Counts rows of the draw that goes on: a new one, if the last has ended. @returns It. */
  #drawn(at: Place, amounts: Readonly<Record<string, bigint>>): Row {
    const key = { chainId: BigInt(this.#subject.chainId) };
    if (this.books.find("lastDraw", key.chainId)?.ended !== false) {
      const none = { ...zeros("rows rowsNotPaid"), dealing: "ARMS_LENGTH", ended: false };
      this.books.put("lastDraw", { ...key, id: this.#idOf(at), ...none });
    }
    this.books.add("lastDraw", key, amounts);
    return this.books.get("lastDraw", key.chainId);
  }

  #endDraw(): void {
    const chainId = BigInt(this.#subject.chainId);
    if (this.books.find("lastDraw", chainId) !== undefined) this.books.put("lastDraw", { chainId, ended: true });
  }

  #unpaid(at: Place, row: Row): void {
    // Of a channel that is not there, no claim tells.
    const unknown = row.fault === "UNKNOWN_CHANNEL" && { rows: 1n };
    const { id: drawId = null } = this.#drawn(at, { rowsNotPaid: 1n, ...unknown });
    this.#event("rowNotPaid", at, { ledger: at.address, ...row, drawId });
  }

  /** Whether fees count in a token: governance lists it now. */
  #isListed(address: string): boolean {
    return this.books.find("token", address)?.listed === true;
  }

  #channelCredit(token: string, account: string, amount: bigint): void {
    if (amount === 0n) return;
    this.books.add("channelCredit", { token, account }, { balance: amount, received: amount, withdrawn: 0n });
    this.#token(token, { channelCredited: amount });
  }

  #credit(at: Place, requestId: string, token: string, account: string, cause: string, amount: bigint): void {
    if (amount === 0n) return;
    this.books.add("credit", { token, account }, { balance: amount, received: amount, withdrawn: 0n });
    this.#token(token, { credited: amount });
    this.books.put("creditEvent", {
      id: `${this.#idOf(at)}-${cause}`,
      token,
      account,
      cause,
      amount,
      requestId,
      to: null,
      ...stampOf(at),
    });
  }

  #parameterSet(
    id: Cell,
    parameters: EventArgs<typeof settlementAbi, "ParametersApplied">["parameters"],
    times: Row,
  ): void {
    const { compensationBps, rewardBps, proofBlocks, ...fees } = parameters;
    const shares = { compensationBps: BigInt(compensationBps), rewardBps: BigInt(rewardBps) };
    this.books.put("parameterSet", { id, ...fees, ...shares, proofBlocks: BigInt(proofBlocks), ...times });
  }

  #periods(at: Place, amounts: Readonly<Record<string, bigint>>): void {
    const { supply = null, bonded = null, coverageAtRisk, free, unbonding } = this.#protocolRow();
    const atRisk = big(coverageAtRisk);
    const begun = this.#risk.block === at.blockNumber ? this.#risk.before : atRisk;
    const staked = big(free) + big(bonded) + big(unbonding);
    const none = zeros(
      "requests deliveries settlements settlementsNet refunds declines defaults voids batched batches",
    );
    for (const key of periodsOf(at)) {
      // What a block began with stood; what there is within it may not last.
      const stood = big(this.books.find("period", key.interval, key.start)?.peakBefore ?? 0n);
      const peakBefore = stood > begun ? stood : begun;
      const peak = { peakBefore, atRiskPeak: peakBefore > atRisk ? peakBefore : atRisk, lastBlock: at.blockNumber };
      this.books.add(
        "period",
        { ...key, supply, bonded, staked, atRisk, ...peak },
        { ...none, burned: 0n, burnedNet: 0n, compensation: 0n, ...amounts },
      );
    }
  }

  #breakdown(at: Place, { route = null, modelId = null }: Row, amounts: Readonly<Record<string, bigint>>): void {
    const sums = { ...NO_BREAKDOWN, ...amounts };
    for (const key of periodsOf(at)) {
      this.books.add("periodRoute", { ...key, route }, sums);
      this.books.add("periodModel", { ...key, modelId }, sums);
    }
  }

  #nodePeriods(at: Place, nodeId: string | null, amounts: Readonly<Record<string, bigint>>): void {
    if (nodeId === null) return;
    for (const key of periodsOf(at)) this.books.add("periodNode", { ...key, nodeId }, { ...NO_BREAKDOWN, ...amounts });
  }

  /** Counts a trust gap of so many seconds. */
  #gap({ route, modelId }: Row, nodeId: string, seconds: bigint, selfDealing: boolean): void {
    const subjects = { OVERALL: "", ROUTE: route, MODEL: modelId, NODE: nodeId };
    for (const [scope, subject = null] of Object.entries(subjects)) {
      this.books.add("trustGap", { scope, subject, seconds }, { count: 1n, countNet: selfDealing ? 0n : 1n });
    }
  }

  #fees(at: Place, token: string, amounts: Readonly<Record<string, bigint>>): void {
    for (const key of periodsOf(at)) {
      this.books.add("periodToken", { ...key, token }, { ...NO_FEES, ...amounts });
    }
  }
}

const periodsOf = ({ timestamp }: Place) => [
  { interval: "HOUR", start: (timestamp / HOUR) * HOUR },
  { interval: "DAY", start: (timestamp / DAY) * DAY },
  { interval: "WEEK", start: FIRST_MONDAY + ((timestamp - FIRST_MONDAY) / WEEK) * WEEK },
  { interval: "TOTAL", start: 0n },
];

/** Of two dealings, the one in which payer and node are closer. */
const nearer = (a: Cell, b: Cell): Cell =>
  ["PARTY", "FUNDED", "UNPAID"].find((dealing) => [a, b].includes(dealing)) ?? a;

/** Whether a verifying key is one for production, by what it declares of its ceremony. */
const isForProduction = ({ development, contributions = 0n, beacon = null }: Row): boolean =>
  development === false && big(contributions) >= BigInt(LEAST_CONTRIBUTIONS) && beacon !== null;

/** Every error of the protocol's contracts. */
const ERRORS = new Interface(Object.values<Abi>(abis).flatMap((abi) => abi.filter(({ type }) => type === "error")));

const zeros = (columns: string) => Object.fromEntries(columns.split(" ").map((column) => [column, 0n]));
const nulls = (columns: string) => Object.fromEntries(columns.split(" ").map((column) => [column, null]));
const NO_BREAKDOWN = zeros("requests settlements settlementsNet defaults burned burnedNet");
const NO_FEES = zeros("escrowed fees feesNet returned settlements settlementsNet burned burnedNet");
