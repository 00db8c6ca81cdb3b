import { ZeroAddress, ZeroHash } from "ethers";
import type { EventName } from "../../sdk/src/chain/abiTypes.ts";
import { addressOf } from "../../sdk/src/deployment.ts";
import { nodeRegistryAbi, opgAbi, settlementAbi } from "../../sdk/src/generated/abis.ts";
import { requireThat, Unreadable } from "../../sdk/src/verify/refuted.ts";
import { type Event, eventsIn, isBefore, type Located, type MinedTransaction } from "./chain.ts";
import type { Delivery } from "./delivery.ts";
import type { Notes, RequestSubject, Subject } from "./subject.ts";
import type { Request } from "./terms.ts";

/** The settlement, as the chain has it. */
export type Settlement = Event<{
  readonly nodeId: string;
  readonly payout: string;
  readonly fee: bigint;
  readonly returned: bigint;
}>;

/** Checks that the request put its whole fee into escrow, and the node's bond aside. @throws Refuted if it did not. */
export function auditEscrow(
  { deployment, requestId }: RequestSubject,
  request: Request,
  { say }: Pick<Notes, "say">,
): void {
  const { transaction, args, log } = request;
  const { requester, maxFee, verificationFee, offer } = args.terms;
  const settlement = addressOf(deployment, "Settlement").toLowerCase();
  // Several requests can be made in one transaction; each one's transfer comes after its Requested.
  const following = eventsIn(transaction, settlement, settlementAbi, "Requested").find(
    (next) => next.log.index > log.index,
  );
  const own = {
    ...transaction,
    logs: transaction.logs
      .slice(transaction.logs.findIndex(({ index }) => index === log.index))
      .filter(({ index }) => following === undefined || index < following.log.index),
  };
  const paid = transfers(own, offer.token).filter(
    ({ args: { from, to } }) => same(from, requester) && same(to, settlement),
  );
  if (maxFee > 0n) {
    requireThat(paid.length === 1 && paid[0]?.args.value === maxFee, `the requester did not pay ${maxFee} into escrow`);
  }
  say(`escrow: ${maxFee} base units of ${offer.token} from the requester`);
  if (offer.nodeId === ZeroHash) return;
  const locked = eventsIn(own, addressOf(deployment, "NodeRegistry"), nodeRegistryAbi, "BondLocked");
  const bond = offer.coverage + verificationFee;
  const isLocked = locked.some(
    ({ args: { nodeId, ref, amount } }) => nodeId === offer.nodeId && ref === requestId && amount === bond,
  );
  requireThat(isLocked, `the node's bond of ${bond} OPG was not locked`);
  say(`bond: ${bond} base units of the node's OPG locked`);
}

/**
 * Checks the settlement's money: the metered price, the fee and what is left of the escrow, whose credit the fee is, the
 * bond's release, and the burn of the verification fee in the same transaction.
 *
 * @throws Refuted if any of it is not what the terms say.
 */
export async function auditPayment(
  subject: RequestSubject,
  request: Request,
  delivery: Delivery,
  settled: Settlement,
  { say }: Pick<Notes, "say">,
): Promise<void> {
  const { deployment, requestId } = subject;
  const { offer, maxFee, verificationFee } = request.args.terms;
  const { nodeId, fee, returned, payout } = settled.args;
  requireThat(nodeId === delivery.args.nodeId, "another node was paid than the one that delivered");
  const metered = offer.pricePerRequest + delivery.args.units * offer.pricePerUnit;
  const due = metered < maxFee ? metered : maxFee;
  requireThat(fee === due, `the fee is ${fee}, and ${delivery.args.units} units cost ${due}`);
  requireThat(fee + returned === maxFee, `fee and return are ${fee + returned}, and the escrow was ${maxFee}`);
  say(
    `fee: ${offer.pricePerRequest} + ${delivery.args.units} × ${offer.pricePerUnit}${metered > maxFee ? `, at most ${maxFee}` : ""} = ${fee}; ${fee} + ${returned} returned = ${maxFee} escrowed`,
  );
  const owner = await payoutAt(subject, nodeId, settled);
  requireThat(same(payout, owner), `the fee is credited to ${payout}, and the node's payout was ${owner}`);
  say(`credited to the node's payout then, ${payout}`);

  const nodes = addressOf(deployment, "NodeRegistry");
  const isThis = ({ args }: { args: { readonly nodeId: string; readonly ref: string } }) =>
    args.nodeId === nodeId && args.ref === requestId;
  if (offer.nodeId !== ZeroHash) {
    const [unlocked, more] = eventsIn(settled.transaction, nodes, nodeRegistryAbi, "BondUnlocked").filter(isThis);
    const isUnlocked =
      unlocked?.args.amount === offer.coverage + verificationFee &&
      unlocked.args.burned === verificationFee &&
      unlocked.args.paid === 0n;
    requireThat(isUnlocked && more === undefined, "the bond was not unlocked as the terms say");
  }
  const burns = eventsIn(settled.transaction, nodes, nodeRegistryAbi, "Burned").filter(isThis);
  const total = burns.reduce((sum, { args }) => sum + args.amount, 0n);
  requireThat(
    total === verificationFee && burns.length <= 1,
    `${total} OPG burned, and the verification fee is ${verificationFee}`,
  );
  const [burn] = burns;
  if (burn !== undefined) requireBurned(subject, settled.transaction, burn.log.index, burn.args.amount);
  say(`burn: ${verificationFee} base units of OPG, by the token's own Transfer in the settling transaction`);
}

/** What each way to end without a proof says of the money; the credits themselves are the settlement's storage. */
export const ENDINGS = {
  Declined: "declined by the node",
  Refunded: "refunded, for nobody delivered in time",
  Defaulted: "defaulted, for nobody proved in time",
  Voided: "voided by an emergency revocation",
} as const satisfies Partial<Record<EventName<typeof settlementAbi>, string>>;

/**
 * Checks the bond's way after a request that ended without a proof: unlocked whole, or for a default taken by the shares
 * of the terms and burned by the rest.
 */
export async function auditEnding(
  subject: RequestSubject,
  request: Request,
  { say }: Pick<Notes, "say">,
): Promise<string | undefined> {
  const { chain, deployment, requestId } = subject;
  const settlement = addressOf(deployment, "Settlement");
  const nodes = addressOf(deployment, "NodeRegistry");
  const { terms } = request.args;
  for (const [name, words] of Object.entries(ENDINGS) as [keyof typeof ENDINGS, string][]) {
    const [end] = await chain.events(settlement, settlementAbi, name, [requestId], {
      fromBlock: request.block.number,
    });
    if (end === undefined) continue;
    const compensation = (terms.offer.coverage * BigInt(terms.compensationBps)) / 10_000n;
    const reward = (terms.offer.coverage * BigInt(terms.rewardBps)) / 10_000n;
    const isDefault = name === "Defaulted";
    const [paid, burned] = isDefault ? [compensation + reward, terms.offer.coverage - compensation - reward] : [0n, 0n];
    if (terms.offer.nodeId !== ZeroHash) {
      const [unlocked] = eventsIn(end.transaction, nodes, nodeRegistryAbi, "BondUnlocked").filter(
        ({ args }) => args.ref === requestId,
      );
      const isRight =
        unlocked?.args.amount === terms.offer.coverage + terms.verificationFee &&
        unlocked.args.paid === paid &&
        unlocked.args.burned === burned;
      requireThat(isRight, "the bond did not go where the terms say");
    }
    if (isDefault) {
      const isShared = "reward" in end.args && end.args.compensation === compensation && end.args.reward === reward;
      requireThat(isShared, "compensation and reward are not the terms' shares");
      const [burn] = eventsIn(end.transaction, nodes, nodeRegistryAbi, "Burned").filter(
        ({ args }) => args.ref === requestId,
      );
      requireThat((burn?.args.amount ?? 0n) === burned, "the rest of the coverage did not burn");
      if (burn !== undefined) requireBurned(subject, end.transaction, burn.log.index, burned);
      say(
        `of the coverage of ${terms.offer.coverage} base units of OPG: ${compensation} to the requester, ${reward} to the claimer, ${burned} burned`,
      );
    }
    say(`${terms.maxFee} escrowed, all of it the requester's again`);
    return words;
  }
  return undefined;
}

/** Requires OPG's own Transfer from the node registry to where OPG burns, right after the registry's Burned. */
export function requireBurned(
  { deployment }: Subject,
  transaction: MinedTransaction,
  after: number,
  amount: bigint,
): void {
  const nodes = addressOf(deployment, "NodeRegistry");
  const sink = deployment.addresses.BurnSink ?? ZeroAddress;
  const burn = transfers(transaction, addressOf(deployment, "OPG")).find(({ log }) => log.index > after);
  const isBurn =
    burn !== undefined && same(burn.args.from, nodes) && same(burn.args.to, sink) && burn.args.value === amount;
  requireThat(isBurn, `OPG itself does not show ${amount} going from the node registry to ${sink}`);
}

/** Whose credit a node's fees were when something happened. */
export async function payoutAt({ chain, deployment }: Subject, nodeId: string, then: Located): Promise<string> {
  const nodes = addressOf(deployment, "NodeRegistry");
  const registered = await chain.events(nodes, nodeRegistryAbi, "NodeRegistered", [nodeId]);
  const changes = await chain.events(nodes, nodeRegistryAbi, "PayoutChanged", [nodeId]);
  const last = [...registered, ...changes].findLast((event) => isBefore(event, then));
  if (last === undefined) throw new Unreadable(`the RPC node has no registration of node ${nodeId}`);
  return last.args.payout;
}

/** The transfers of an ERC-20 token in a transaction. Some tokens' logs have the same topic and other values. */
export const transfers = (transaction: MinedTransaction, token: string) =>
  eventsIn(
    { ...transaction, logs: transaction.logs.filter(({ topics }) => topics.length === 3) },
    token,
    opgAbi,
    "Transfer",
  );

export const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
