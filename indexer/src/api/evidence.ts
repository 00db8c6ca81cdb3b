import { db, publicClients } from "ponder:api";
import { batchSettlement, enclave, equivocation, inference, inferenceEvent, routeVersion } from "ponder:schema";
import { createRoute, z } from "@hono/zod-openapi";
import { BrowserProvider, Network } from "ethers";
import { and, eq, or } from "ponder";
import type { Hex } from "viem";
import { Limit } from "../../../sdk/src/node/Limit.ts";
import { type EvidencePointers, gatherEvidence } from "../../../sdk/src/verify/gatherEvidence.ts";
import { Unreadable } from "../../../sdk/src/verify/refuted.ts";
import { toJson } from "../../../sdk/src/wire.ts";
import { withoutAddress } from "../rpc/withoutAddress.ts";
import { settings } from "../settings.ts";
import {
  Address,
  Amount,
  BAD_QUESTION,
  Block,
  Count,
  Hash,
  idParameter,
  json,
  NOT_FOUND,
  orNull,
  Refusal,
  routes,
  Seconds,
  Whole,
} from "./openapi.ts";

const Bytes = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/)
  .openapi("Bytes", { description: "Lower-case hex.", example: "0x5a5a" });

const Place = z
  .object({ block: Block, logIndex: Count, timestamp: Seconds, transaction: Hash })
  .openapi("EvidencePlace", { description: "Where an event is on chain." });

const Code = (words: string) => z.int().min(0).openapi({ description: words });

const common = {
  chainId: z.int(),
  contract: Address.openapi({ description: "The contract that settled: its EIP-712 domain is in every hash." }),
  id: Hash,
  settled: Place,
  proofs: z.array(Bytes).openapi({ description: "What the settling transaction's calldata has as proofs." }),
  ownCall: z.boolean().openapi({
    description:
      "Whether the transaction's own call settled, so that the proof is the one that was accepted. If a contract did, that one may be elsewhere: then proofs that do not hold say nothing.",
  }),
  route: z.object({
    route: Code("0: ZK. 1: TEE."),
    verifierId: z.int(),
    verifier: Address,
    status: Code("Of the verifier now. 1: PENDING. 2: ACTIVE. 3: FROZEN. 4: REVOKED."),
    parameters: Bytes,
    set: Place,
  }),
  groth16: orNull(z.object({ pointer: Address, code: Bytes })).openapi({
    description: "The verifying key, which is a contract's code; null for other proofs.",
  }),
  enclave: orNull(
    z.object({
      index: Count,
      key: Address,
      measurement: Hash,
      validFrom: Seconds,
      validUntil: Seconds,
      endsAt: Seconds.openapi({ description: "When the attestation ends by what is known now." }),
      attested: Place,
      document: Bytes.openapi({ description: "The attestation document: COSE_Sign1, RFC 9052." }),
      rootHash: Hash,
      fault: Code("Of the key now. 0: none. 1: COMPROMISED. 2: EQUIVOCATED."),
      banned: z.boolean(),
      revokedCertificates: z.array(Count),
    }),
  ).openapi({ description: "The attestation of the enclave's key; null for other proofs." }),
};

const Offer = z.object({
  nodeId: Hash,
  modelId: Hash,
  route: Code("0: ZK. 1: TEE."),
  routeVersion: z.int(),
  token: Address,
  pricePerRequest: Amount,
  pricePerUnit: Amount,
  coverage: Amount,
  deliveryWindow: Seconds,
  proofWindow: Seconds,
});

const InferenceEvidence = z
  .object({
    of: z.literal("inference"),
    ...common,
    terms: z.object({
      requester: Address,
      nonce: Whole,
      deadline: Whole.openapi({ description: "Seconds since 1970-01-01 00:00 UTC; of any size." }),
      maxFee: Amount,
      verificationFee: Amount,
      compensationBps: z.int(),
      rewardBps: z.int(),
      proofBlocks: z.int(),
      inputHash: Hash,
      mode: Code("0: DIRECT. 1: ONCHAIN."),
      consumer: Address,
      offer: Offer,
    }),
    requested: Place,
    delivery: z.object({ nodeId: Hash, outputHash: Hash, units: Whole, at: Place }),
  })
  .openapi("InferenceEvidence");

const BatchEvidence = z
  .object({
    of: z.literal("batch"),
    ...common,
    batch: z.object({
      nodeId: Hash,
      modelId: Hash,
      routeVersion: z.int(),
      token: Address,
      ledger: Address,
      key: Address,
      first: Whole,
      count: Whole,
      root: Hash,
      rowsHash: Hash,
    }),
    rows: Bytes,
    equivocated: orNull(Place),
  })
  .openapi("BatchEvidence");

const UNREADABLE = json(
  Refusal,
  "The indexer is starting, or the chain's node does not have it any more, or does not answer.",
);

const provider = new BrowserProvider(
  {
    request: (question) =>
      publicClients.chain.request(question as never).catch((error) => {
        throw withoutAddress(error);
      }),
  },
  undefined,
  {
    staticNetwork: Network.from(settings.deployment.chainId),
  },
);

/** Evidence is a dozen questions to the chain's node, by which the indexer follows the chain: a few are gathered at once. */
const line = new Limit(2, 16);
/** How long what was gathered is given to who asks for it again, in milliseconds. */
const KEPT = 60_000;
/** What is being gathered or was of late, as JSON, by id. */
const gathered = new Map<Hex, Promise<string>>();

/** Gathers evidence as JSON, in which hex is in lower case; or says why the chain's node does not show it. */
async function gather<Evidence>(
  id: Hex,
  pointers: () => Promise<EvidencePointers>,
): Promise<{ readonly evidence: Evidence; readonly error?: undefined } | { readonly error: string }> {
  let found = gathered.get(id);
  if (found === undefined) {
    if (line.isFull) return { error: "much evidence is being gathered; ask again in a moment" };
    found = line.run(async () => toJson(await gatherEvidence(provider, await pointers())));
    gathered.set(id, found);
    found.then(
      () => setTimeout(() => gathered.delete(id), KEPT).unref(),
      () => gathered.delete(id),
    );
  }
  try {
    const text = await found;
    return { evidence: JSON.parse(text.replace(/"0x[0-9a-fA-F]*"/g, (hex) => hex.toLowerCase())) };
  } catch (error) {
    if (error instanceof Unreadable) return { error: error.message };
    throw error;
  }
}

/** The transaction that set a version of a model's route. */
async function routeSetIn(modelId: Hex, route: "ZK" | "TEE", version: bigint): Promise<Hex> {
  const [set] = await db
    .select({ hash: routeVersion.transactionHash })
    .from(routeVersion)
    .where(and(eq(routeVersion.modelId, modelId), eq(routeVersion.route, route), eq(routeVersion.version, version)));
  if (set === undefined) throw new Unreadable(`version ${version} of the model's route is not indexed`);
  return set.hash;
}

/** The transaction that attested a node's enclave. */
async function attestedIn(verifier: string, nodeId: string, index: number): Promise<string | undefined> {
  const [row] = await db
    .select({ hash: enclave.transactionHash })
    .from(enclave)
    .where(
      and(
        eq(enclave.verifier, verifier.toLowerCase() as Hex),
        eq(enclave.nodeId, nodeId as Hex),
        eq(enclave.index, BigInt(index)),
      ),
    );
  return row?.hash;
}

export const evidence = routes();

evidence.openapi(
  createRoute({
    method: "get",
    path: "/inferences/{id}/evidence",
    operationId: "getInferenceEvidence",
    tags: ["Inferences"],
    summary: "All that it takes to check a settled inference's proof oneself: read from the chain, and not judged",
    request: { params: idParameter("a request's id") },
    responses: {
      200: json(InferenceEvidence, "The evidence."),
      400: BAD_QUESTION,
      404: NOT_FOUND,
      503: UNREADABLE,
    },
  }),
  async (context) => {
    const id = context.req.valid("param").id as Hex;
    const [[row], events] = await Promise.all([
      db.select().from(inference).where(eq(inference.id, id)),
      db.select().from(inferenceEvent).where(eq(inferenceEvent.requestId, id)),
    ]);
    if (!row) return context.json({ error: `no request has the id ${id}` }, 404);
    const transactionOf = (kind: string) => events.find((event) => event.kind === kind)?.transactionHash;
    const [requested, delivered, settled] = ["REQUESTED", "DELIVERED", "SETTLED"].map(transactionOf);
    if (!requested || !delivered || !settled) {
      return context.json({ error: `request ${id} is not settled: nothing was proven` }, 404);
    }
    const { chainId, addresses } = settings.deployment;
    const found = await gather<z.infer<typeof InferenceEvidence>>(id, async () => ({
      of: "inference",
      chainId,
      contract: addresses.Settlement,
      id,
      requested,
      delivered,
      settled,
      routeSet: await routeSetIn(row.modelId, row.route, row.routeVersion),
      attested: attestedIn,
    }));
    if (found.error !== undefined) return context.json({ error: found.error }, 503);
    return context.json(found.evidence, 200);
  },
);

evidence.openapi(
  createRoute({
    method: "get",
    path: "/batches/{id}/evidence",
    operationId: "getBatchEvidence",
    tags: ["Batches"],
    summary: "All that it takes to check an enclave's signature of a settled batch oneself",
    request: { params: idParameter("a batch's digest") },
    responses: { 200: json(BatchEvidence, "The evidence."), 400: BAD_QUESTION, 404: NOT_FOUND, 503: UNREADABLE },
  }),
  async (context) => {
    const id = context.req.valid("param").id as Hex;
    const { chainId, addresses } = settings.deployment;
    const [[row], [shown]] = await Promise.all([
      db.select().from(batchSettlement).where(eq(batchSettlement.id, id)),
      db
        .select({ hash: equivocation.transactionHash })
        .from(equivocation)
        .where(or(eq(equivocation.digestA, id), eq(equivocation.digestB, id))),
    ]);
    if (!row || addresses.BatchSettlement === undefined) {
      return context.json({ error: `no batch has the digest ${id}` }, 404);
    }
    const contract = addresses.BatchSettlement;
    const found = await gather<z.infer<typeof BatchEvidence>>(id, async () => ({
      of: "batch",
      chainId,
      contract,
      id,
      settled: row.transactionHash,
      routeSet: await routeSetIn(row.modelId, "TEE", row.routeVersion),
      attested: attestedIn,
      ...(shown && { equivocated: shown.hash }),
    }));
    if (found.error !== undefined) return context.json({ error: found.error }, 503);
    return context.json(found.evidence, 200);
  },
);
