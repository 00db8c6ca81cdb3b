import { dataLength, dataSlice, keccak256, recoverAddress, Signature, toBigInt } from "ethers";
import { type LeafSet, leavesOf, treeOf } from "../../sdk/src/batch/leafSet.ts";
import { addressOf, type Deployment } from "../../sdk/src/deployment.ts";
import { batchSettlementAbi, nodeRegistryAbi, settlementAbi, teeVerifierAbi } from "../../sdk/src/generated/abis.ts";
import { channelIdOf } from "../../sdk/src/hash/channelIdOf.ts";
import { hashBatch } from "../../sdk/src/hash/hashBatch.ts";
import { hashVoucher } from "../../sdk/src/hash/hashVoucher.ts";
import { streamIdOf } from "../../sdk/src/hash/streamIdOf.ts";
import type { SettlementDomain } from "../../sdk/src/hash/typedData.ts";
import { type InferenceBatch, Route } from "../../sdk/src/types.ts";
import { batchesIn, type PostedBatch } from "../../sdk/src/verify/calls.ts";
import { Refuted, requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import { type Event, eventsIn, isBefore } from "./chain.ts";
import { auditEnclave } from "./enclave.ts";
import { payoutAt, requireBurned, same, transfers } from "./money.ts";
import { isOnlyCall } from "./onlyCall.ts";
import { auditVerifier, readRoute } from "./route.ts";
import { type Shown, shownProofs } from "./shown.ts";
import { type Notes, place, type Subject } from "./subject.ts";

/** A row of the batch settlement's own channels: r ‖ vs ‖ ceiling ‖ amount. */
const ROW_LENGTH = 96;
/** An entry of `ChannelsClaimed`: signer ‖ drawn. */
const CLAIM_LENGTH = 32;

/** A settled batch, as the chain has it. */
export type SettledBatch = Event<{
  readonly digest: string;
  readonly streamId: string;
  readonly batch: InferenceBatch;
  readonly payout: string;
  readonly paid: bigint;
  readonly burned: bigint;
}>;

const domainOf = (deployment: Deployment): SettlementDomain => ({
  chainId: deployment.chainId,
  settlement: addressOf(deployment, "BatchSettlement"),
});

/** The EIP-712 digest of a batch: its name on chain. */
export const batchDigestOf = (deployment: Deployment, batch: InferenceBatch): string =>
  hashBatch(domainOf(deployment), batch);

/**
 * Finds the batch on chain and recomputes its digest.
 *
 * @throws Unreadable if it was not settled; Refuted if it was settled twice or is not what the chain says.
 */
export async function auditBatchTerms(
  { chain, deployment }: Subject,
  { batch }: LeafSet,
  { say }: Pick<Notes, "say">,
): Promise<SettledBatch> {
  const digest = batchDigestOf(deployment, batch);
  const batches = addressOf(deployment, "BatchSettlement");
  const [settled, again] = await chain.events(batches, batchSettlementAbi, "BatchSettled", [digest]);
  if (settled === undefined) throw new Unreadable(`the RPC node has no settlement of batch ${digest}`);
  requireThat(again === undefined, "the batch was settled twice");
  const isSame =
    batchDigestOf(deployment, settled.args.batch) === digest && settled.args.streamId === streamIdOf(batch);
  requireThat(isSame, "the batch in BatchSettled is another one");
  say("the EIP-712 hash of the batch is the digest in BatchSettled");
  say(`settled in ${place(settled)}`);
  return settled;
}

/** Recomputes the Merkle root of the leaves, each of which is in the batch once. @throws Refuted if it is another. */
export function auditLeaves({ batch, inferences }: LeafSet, { say }: Pick<Notes, "say">): void {
  requireThat(
    BigInt(inferences.length) === batch.count,
    `there are ${inferences.length} leaves, and the batch is of ${batch.count}`,
  );
  for (const [index, { sequence }] of inferences.entries()) {
    requireThat(sequence === batch.first + BigInt(index), `leaf ${index} is of inference ${sequence}, out of turn`);
  }
  const { root } = treeOf(leavesOf(batch, inferences));
  requireThat(root === batch.root, `the leaves give the root ${root}`);
  say(`${batch.count} leaves, inferences ${batch.first} to ${batch.first + batch.count - 1n} of the stream, each once`);
  say(`their Merkle root is the batch's, ${root}`);
}

/**
 * Finds the rows in the settling transaction, and compares what they prove of each channel with the sum of its leaves.
 *
 * @returns the rows. @throws Refuted if a sum is another; Unreadable if the batch's call is neither in calldata nor traceable.
 */
export async function auditRows(
  subject: Subject,
  { batch, inferences }: LeafSet,
  settled: SettledBatch,
  { say, mind }: Notes,
): Promise<string> {
  const packed = await shownRows(subject, settled);

  const leaves = new Map<string, bigint>();
  for (const { channelId, amount } of inferences) leaves.set(channelId, (leaves.get(channelId) ?? 0n) + amount);
  const total = inferences.reduce((sum, { amount }) => sum + amount, 0n);
  say(`${total} base units of ${batch.token} for ${leaves.size} payers, by the leaves`);
  if (!same(batch.ledger, addressOf(subject.deployment, "BatchSettlement"))) {
    mind("the rows are of another ledger's channels: that they sum up the leaves is the enclave's word");
    return packed;
  }
  const rows = new Map<string, bigint>();
  for (const { channelId, amount } of nativeRows(subject.deployment, batch, packed)) {
    rows.set(channelId, (rows.get(channelId) ?? 0n) + amount);
  }
  for (const channelId of new Set([...leaves.keys(), ...rows.keys()])) {
    const [proven, charged] = [rows.get(channelId) ?? 0n, leaves.get(channelId) ?? 0n];
    requireThat(
      proven === charged,
      `the rows prove ${proven} of channel ${channelId}, and its leaves sum up to ${charged}`,
    );
  }
  say("the rows prove of every channel exactly the sum of its leaves, by vouchers that its signer signed");
  return packed;
}

/** What the settling transaction shows as proofs of the batch; the rows with each are those that its hash names. */
function shownBatches(
  subject: Subject,
  { transaction, args: { digest, batch } }: SettledBatch,
): AsyncIterable<Shown<PostedBatch>> {
  const batches = addressOf(subject.deployment, "BatchSettlement");
  const isThis = (posted: PostedBatch) =>
    batchDigestOf(subject.deployment, posted.batch) === digest && keccak256(posted.rows) === batch.rowsHash;
  const all = batchesIn(transaction.input);
  return shownProofs<PostedBatch>(subject, transaction, {
    of: "the batch",
    inCalldata: all.filter(isThis),
    isOnlyCall: isOnlyCall(transaction, batches, batchSettlementAbi, "BatchSettled", all),
    inCall: ({ to, input }) =>
      to === batches.toLowerCase() ? batchesIn(input).filter((one) => one.at === 0 && isThis(one)) : [],
  });
}

/** The rows that the settling transaction shows. */
async function shownRows(subject: Subject, settled: SettledBatch): Promise<string> {
  for await (const { rows } of shownBatches(subject, settled)) return rows;
  throw new Refuted("the settling transaction does not show the batch");
}

/** Verifies the enclave's signature of the batch, as that of one claim; and that its key signed no other in its place. */
export async function auditBatchProof(subject: Subject, settled: SettledBatch, notes: Notes): Promise<void> {
  const { chain, deployment } = subject;
  const { digest, batch } = settled.args;
  const route = await readRoute(subject, { ...batch, route: Route.TEE }, settled);
  await auditVerifier(subject, route, settled, notes);
  const signed = { what: "batch", nodeId: batch.nodeId, hash: digest, by: batch.key, onChain: settled } as const;
  await auditEnclave(subject, signed, route, shownBatches(subject, settled), notes);
  for (const fault of await chain.events(route.verifier, teeVerifierAbi, "KeyFaulted", [batch.nodeId])) {
    if (!same(fault.args.key, batch.key)) continue;
    requireThat(isBefore(settled, fault), `the key was found faulty before the settlement (${place(fault)})`);
    notes.mind(`the key was found faulty later (${place(fault)})`);
  }
  const batches = addressOf(deployment, "BatchSettlement");
  for (const { args } of await chain.events(batches, batchSettlementAbi, "Equivocated", [batch.nodeId])) {
    const isOne = args.digestA === digest || args.digestB === digest;
    requireThat(!isOne, "the key signed another batch for one of these inferences (Equivocated)");
  }
}

/** Checks what was drawn on the payers, whose credit it is, and the burn. @throws Refuted if it is not what it should be. */
export async function auditBatchPayment(
  subject: Subject,
  settled: SettledBatch,
  rows: string,
  { say }: Pick<Notes, "say">,
): Promise<void> {
  const { chain, deployment } = subject;
  const { transaction, args, log } = settled;
  const { digest, batch, paid, payout, burned } = args;
  const batches = addressOf(deployment, "BatchSettlement");
  const owner = await payoutAt(subject, batch.nodeId, settled);
  requireThat(same(payout, owner), `the money is credited to ${payout}, and the node's payout was ${owner}`);

  if (same(batch.ledger, batches)) {
    // The last one before BatchSettled: what one call draws is said right before it.
    const claimed = eventsIn(transaction, batches, batchSettlementAbi, "ChannelsClaimed").findLast(
      (one) => one.log.index < log.index,
    );
    requireThat(
      claimed?.args.nodeId === batch.nodeId && claimed.args.modelId === batch.modelId,
      "the batch drew on no channels of its own",
    );
    const ceilings = new Map<string, bigint>();
    for (const { channelId, ceiling } of nativeRows(deployment, batch, rows)) {
      ceilings.set(channelId, ceiling > (ceilings.get(channelId) ?? 0n) ? ceiling : (ceilings.get(channelId) ?? 0n));
    }
    let total = 0n;
    for (const entry of slices(claimed.args.claims, CLAIM_LENGTH)) {
      const channelId = channelOf(batch, dataSlice(entry, 0, 20));
      const drawn = toBigInt(dataSlice(entry, 20));
      requireThat(
        drawn <= (ceilings.get(channelId) ?? 0n),
        `more was drawn on channel ${channelId} than its signer signed for`,
      );
      total += drawn;
    }
    requireThat(total === paid, `the payers were drawn on for ${total}, and the node was credited ${paid}`);
    say(`drawn on the channels: ${paid}, of each at most what its signer signed for`);
  } else if (paid > 0n) {
    const arrived = transfers(transaction, batch.token).some(
      ({ args: { from, to, value } }) => same(from, batch.ledger) && same(to, batches) && value === paid,
    );
    requireThat(arrived, `the ledger did not hand over ${paid}`);
    say(`handed over by the ledger: ${paid}`);
  }
  say(`credited to the node's payout then, ${payout}`);

  const settlement = addressOf(deployment, "Settlement");
  const parameters = await chain.events(settlement, settlementAbi, "ParametersApplied", []);
  const inForce = parameters.findLast((event) => isBefore(event, settled))?.args.parameters;
  if (inForce === undefined) throw new Unreadable("the RPC node has no parameters of the settlement's");
  const fee = inForce.teeVerificationFee * batch.count;
  const nodes = addressOf(deployment, "NodeRegistry");
  const burns = eventsIn(transaction, nodes, nodeRegistryAbi, "Burned").filter(
    (burn) => burn.args.nodeId === batch.nodeId && burn.args.ref === digest,
  );
  const total = burns.reduce((sum, burn) => sum + burn.args.amount, 0n);
  requireThat(
    total === fee && burned === fee && burns.length <= 1,
    `${total} OPG burned, and the verification fees are ${fee}`,
  );
  const [burn] = burns;
  if (burn !== undefined) requireBurned(subject, transaction, burn.log.index, fee);
  say(`burn: ${inForce.teeVerificationFee} × ${batch.count} = ${fee} base units of OPG, by the token's own Transfer`);
}

/** The rows of native channels: whose, up to what, and how much the batch proves. */
function nativeRows(deployment: Deployment, batch: InferenceBatch, rows: string) {
  requireThat(dataLength(rows) % ROW_LENGTH === 0, "the rows are cut short");
  return slices(rows, ROW_LENGTH).map((row) => {
    const [ceiling, amount] = [toBigInt(dataSlice(row, 64, 80)), toBigInt(dataSlice(row, 80))];
    const digest = hashVoucher(domainOf(deployment), { ...batch, ceiling });
    return { channelId: channelOf(batch, signerOf(digest, dataSlice(row, 0, 64))), ceiling, amount };
  });
}

const channelOf = ({ nodeId, modelId, routeVersion, token }: InferenceBatch, signer: string): string =>
  channelIdOf(nodeId, modelId, routeVersion, token, signer);

/** Who signed a digest by r ‖ vs (EIP-2098); the zero address if nobody, which has no channel. */
function signerOf(digest: string, compact: string): string {
  try {
    return recoverAddress(digest, Signature.from(compact));
  } catch {
    return `0x${"00".repeat(20)}`;
  }
}

/** Bytes in pieces of one length. */
const slices = (bytes: string, length: number): string[] =>
  Array.from({ length: dataLength(bytes) / length }, (_, i) => dataSlice(bytes, i * length, (i + 1) * length));
