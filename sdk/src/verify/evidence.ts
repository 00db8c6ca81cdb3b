import { parseBatch } from "../batch/leafSet.ts";
import { type InferenceBatch, KeyFault, Route, type Terms, VerifierStatus } from "../types.ts";
import { Fields, parseTerms } from "../wire.ts";

/** Where an event is on chain. */
export interface EvidencePlace {
  readonly block: number;
  /** The event's number in its block. */
  readonly logIndex: number;
  /** The block's time: Unix time in seconds. */
  readonly timestamp: number;
  /** The transaction's hash. */
  readonly transaction: string;
}

/** The version of a model's route that a proof is for. */
export interface RouteEvidence {
  readonly route: Route;
  readonly verifierId: number;
  /** The contract that verifies the route's proofs. */
  readonly verifier: string;
  /** How the verifier stands now. */
  readonly status: VerifierStatus;
  /** The model's parameters for the route. */
  readonly parameters: string;
  readonly set: EvidencePlace;
}

/** A Groth16 verifying key, as the chain keeps it. */
export interface Groth16Evidence {
  /** The contract whose code, after a STOP, is the key. */
  readonly pointer: string;
  readonly code: string;
}

/** An attestation of an enclave's key, and what became of it. */
export interface EnclaveEvidence {
  /** Its number in the node's history. */
  readonly index: number;
  readonly key: string;
  readonly measurement: string;
  readonly validFrom: number;
  /** When it was to end, and when it ends by what is known now. Unix time in seconds. */
  readonly validUntil: number;
  readonly endsAt: number;
  readonly attested: EvidencePlace;
  /** The attestation document: a COSE_Sign1 message. */
  readonly document: string;
  /** The SHA-256 of the root certificate that the chain's verifier trusts. */
  readonly rootHash: string;
  /** What is wrong with the key now. */
  readonly fault: KeyFault;
  /** Whether the image is banned now. */
  readonly banned: boolean;
  /** Which certificates are revoked now, by their place in the path from the root. */
  readonly revokedCertificates: readonly number[];
}

interface CommonEvidence {
  readonly chainId: number;
  /** The contract that settled: Settlement for an inference, BatchSettlement for a batch. */
  readonly contract: string;
  /** The request's identifier, or the batch's digest. */
  readonly id: string;
  readonly settled: EvidencePlace;
  /** What the settling transaction carries as proofs of this claim: one, as a rule. */
  readonly proofs: readonly string[];
  /**
   * Whether the transaction's own call is the settlement, so that the proof is the one that was accepted. If a contract
   * settled, that one may be elsewhere, and who sent the transaction may have put any others into its calldata.
   */
  readonly ownCall: boolean;
  readonly route: RouteEvidence;
  /** Null for routes of enclaves, and for keys of another proof system. */
  readonly groth16: Groth16Evidence | null;
  /** Null for routes of circuits. */
  readonly enclave: EnclaveEvidence | null;
}

/** What proves one settled inference. */
export interface InferenceEvidence extends CommonEvidence {
  readonly of: "inference";
  readonly terms: Terms;
  readonly requested: EvidencePlace;
  readonly delivery: {
    readonly nodeId: string;
    readonly outputHash: string;
    readonly units: bigint;
    readonly at: EvidencePlace;
  };
}

/** What proves a settled batch. */
export interface BatchEvidence extends CommonEvidence {
  readonly of: "batch";
  readonly batch: InferenceBatch;
  /** Who pays how much, as the ledger encodes it. */
  readonly rows: string;
  /** Where it was shown that the key signed another batch for one of these inferences; null if it was not. */
  readonly equivocated: EvidencePlace | null;
}

/**
 * All that it takes to check a proof: what the chain's events, calldata, code and state say, and no verdict. It can come
 * from anybody: see `verifyEvidence`.
 */
export type Evidence = InferenceEvidence | BatchEvidence;

/** Reads evidence from its JSON form, as `toJson` makes it. @throws OpgError naming the field that is wrong. */
export function parseEvidence(value: unknown): Evidence {
  const fields = new Fields(value, "the evidence");
  const common: CommonEvidence = {
    chainId: Number(fields.uint("chainId", 53)),
    contract: fields.address("contract"),
    id: fields.bytes("id", 32),
    settled: parsePlace(fields.get("settled")),
    proofs: fields.list("proofs", (proof) => new Fields({ proof }, "a proof").bytes("proof")),
    ownCall: fields.get("ownCall") === true,
    route: parseRoute(fields.get("route")),
    groth16: optional(fields.get("groth16"), parseGroth16),
    enclave: optional(fields.get("enclave"), parseEnclave),
  };
  if (fields.get("of") === "batch") {
    const equivocated = optional(fields.get("equivocated"), parsePlace);
    return { of: "batch", ...common, batch: parseBatch(fields.get("batch")), rows: fields.bytes("rows"), equivocated };
  }
  const delivery = new Fields(fields.get("delivery"), "the delivery");
  return {
    of: "inference",
    ...common,
    terms: parseTerms(fields.get("terms")),
    requested: parsePlace(fields.get("requested")),
    delivery: {
      nodeId: delivery.bytes("nodeId", 32),
      outputHash: delivery.bytes("outputHash", 32),
      units: delivery.uint("units", 64),
      at: parsePlace(delivery.get("at")),
    },
  };
}

const optional = <T>(value: unknown, parse: (value: unknown) => T): T | null => (value == null ? null : parse(value));

function parsePlace(value: unknown): EvidencePlace {
  const place = new Fields(value, "a place on chain");
  return {
    block: Number(place.uint("block", 53)),
    logIndex: Number(place.uint("logIndex", 32)),
    timestamp: seconds(place, "timestamp"),
    transaction: place.bytes("transaction", 32),
  };
}

/** A time, of which the contracts keep 48 bits; one that `Date` can show. */
const seconds = (fields: Fields, name: string): number => Number(fields.uint(name, 42));

function parseRoute(value: unknown): RouteEvidence {
  const route = new Fields(value, "the route");
  return {
    route: route.oneOf("route", Route),
    verifierId: Number(route.uint("verifierId", 32)),
    verifier: route.address("verifier"),
    status: route.oneOf("status", VerifierStatus),
    parameters: route.bytes("parameters"),
    set: parsePlace(route.get("set")),
  };
}

function parseGroth16(value: unknown): Groth16Evidence {
  const key = new Fields(value, "the verifying key");
  return { pointer: key.address("pointer"), code: key.bytes("code") };
}

function parseEnclave(value: unknown): EnclaveEvidence {
  const enclave = new Fields(value, "the enclave");
  return {
    index: Number(enclave.uint("index", 32)),
    key: enclave.address("key"),
    measurement: enclave.bytes("measurement", 32),
    validFrom: seconds(enclave, "validFrom"),
    validUntil: seconds(enclave, "validUntil"),
    endsAt: seconds(enclave, "endsAt"),
    attested: parsePlace(enclave.get("attested")),
    document: enclave.bytes("document"),
    rootHash: enclave.bytes("rootHash", 32),
    fault: enclave.oneOf("fault", KeyFault),
    banned: enclave.get("banned") === true,
    revokedCertificates: enclave.list("revokedCertificates", (index) =>
      Number(new Fields({ index }, "a certificate").uint("index", 8)),
    ),
  };
}
