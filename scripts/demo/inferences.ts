import {
  type Deployment,
  type InferenceRun,
  type Offer,
  OpgClient,
  Route,
  type SettledInference,
  SettlementFailure,
  type Terms,
} from "@opg/settlement-sdk";
import type { NodeEvent } from "@opg/settlement-sdk/node";
import { formatUnits, type HDNodeWallet, ZeroHash } from "ethers";
import { type Digit, digitImages, renderDigit } from "../../circuits/src/dataset.ts";
import { digitsModel } from "../models/digits.ts";
import type { Cast, Operator } from "./cast.ts";
import { beside, bold, dim, green, print, progress, red } from "./console.ts";
import { sheetModel } from "./sheets.ts";

const ART_WIDTH = 16;
/** Digits on a sheet that the requester is ready to pay for; what is not metered comes back. */
const MOST_DIGITS = 5n;

/** One inference that the demo asks for. */
export interface Plan {
  /** One image on the ZK route; a sheet of any number on the TEE route. */
  readonly images: readonly Digit[];
  readonly operator: Operator;
  readonly requester: HDNodeWallet;
  /** Whether the request names no node. */
  readonly open: boolean;
}

/** One inference that was asked for and answered. */
export interface Asked extends Plan {
  readonly run: InferenceRun<number | string>;
  /** Milliseconds from asking to having the answer; the request's transaction is in them. */
  readonly milliseconds: number;
}

/** One inference with its end. */
export interface Ended extends Asked {
  readonly end: SettledInference | SettlementFailure;
}

/** What the nodes' events tell of each request. */
export class NodeLog {
  readonly #proving = new Map<string, number>();
  /** Milliseconds that the proof took to make. */
  readonly proofTime = new Map<string, number>();
  /** The transaction of the delivery, if it was one of its own. */
  readonly delivery = new Map<string, string>();

  observe({ type, requestId, detail }: NodeEvent): void {
    const started = this.#proving.get(requestId);
    if (type === "proving") this.#proving.set(requestId, performance.now());
    if (type === "proven" && started !== undefined) this.proofTime.set(requestId, performance.now() - started);
    if (type === "delivered" && detail !== undefined) this.delivery.set(requestId, detail);
  }
}

/**
 * What is asked: every digit once of the two nodes that prove, one request that names no node, one that the first
 * operator makes to its own node, two sheets for the enclave, and one for the operator that never proves.
 */
export function plan({ operators: [ada, ben, cal, dee], requester }: Cast): Plan[] {
  const { heldOut } = digitImages();
  // The label's n-th picture; any will do, as long as it is the same at each run.
  const picture = (label: number, n: number) => {
    const image = heldOut.filter((digit) => digit.label === label)[n];
    if (image === undefined) throw new Error(`there is no ${label} among the held-out digits`);
    return image;
  };
  const usual = { requester, open: false };
  return [
    ...Array.from({ length: 10 }, (_, label) => ({
      ...usual,
      images: [picture(label, 7)],
      operator: label % 2 === 0 ? ada : ben,
    })),
    { ...usual, images: [picture(3, 21)], operator: ben, open: true },
    { ...usual, images: [picture(8, 21)], operator: ada, requester: ada.wallet },
    { ...usual, images: [picture(4, 21), picture(2, 21)], operator: dee },
    { ...usual, images: [picture(1, 21), picture(9, 21), picture(7, 21)], operator: dee },
    { ...usual, images: [picture(5, 21)], operator: cal },
  ];
}

/** Asks for one inference. @returns it when the answer is there; its proof is still to come. */
export async function ask(clientOf: (wallet: HDNodeWallet) => OpgClient, plan: Plan, modelId: string): Promise<Asked> {
  const { operator, images, open } = plan;
  const client = clientOf(plan.requester);
  const started = performance.now();
  const run = await (operator.offer.route === Route.ZK
    ? client.infer({
        model: digitsModel(modelId),
        input: images[0]?.pixels ?? [],
        offer: open ? openOffer(operator.offer) : operator.offer,
        ...(open ? { endpoint: operator.node.url } : {}),
      })
    : client.infer({
        model: sheetModel(modelId),
        input: images.map(({ pixels }) => pixels),
        offer: operator.offer,
        maxFee: operator.offer.pricePerRequest + MOST_DIGITS * operator.offer.pricePerUnit,
      }));
  return { ...plan, run, milliseconds: performance.now() - started };
}

/** What the requester of an open request offers to any node: the same price, and nothing pledged. */
const openOffer = (offer: Offer): Offer => ({ ...offer, nodeId: ZeroHash, coverage: 0n, proofWindow: 0 });

/** Waits until the chain has the proof, or the reason why there is none. */
export async function end(asked: Asked): Promise<Ended> {
  try {
    return { ...asked, end: await asked.run.settled };
  } catch (failure) {
    if (failure instanceof SettlementFailure) return { ...asked, end: failure };
    throw failure;
  }
}

/** Shows one inference: what was asked, answered, delivered, proven and paid. */
export function show(ended: Ended, title: string, log: NodeLog): void {
  const { images, operator, requester, open, run, milliseconds, end } = ended;
  const named = open ? `any node, taken by ${operator.name}'s` : `${operator.name}'s node`;
  const own = requester === operator.wallet ? " by its own operator" : "";
  const expected = images.map(({ label }) => label).join("");
  const label = String(run.output) === expected ? green("as labelled") : red(`labelled ${expected}`);
  const lines = [
    `${bold(title)}  asked of ${named}${own}`,
    `request     ${run.requestId}`,
    `answer      ${bold(String(run.output))} ${label}, after ${milliseconds.toFixed(0)} ms, signed by the node`,
    `delivery    ${dim(log.delivery.get(run.requestId) ?? "with the proof")}`,
    ...(end instanceof SettlementFailure ? failureLines(end, run.terms) : settlementLines(ended, end, log)),
  ];
  const art = images.map(({ pixels }) => renderDigit(pixels).split("\n"));
  const rows = (art[0] ?? []).map((_, row) => art.map((image) => image[row]?.padEnd(ART_WIDTH)).join("  "));
  beside(rows, (ART_WIDTH + 2) * images.length - 2, lines);
  print();
}

function settlementLines({ operator, open, run }: Ended, settled: SettledInference, log: NodeLog): string[] {
  const made = ((log.proofTime.get(run.requestId) ?? Number.NaN) / 1000).toFixed(1);
  const proof =
    operator.offer.route === Route.ZK ? `Groth16, 256 bytes, made in ${made} s` : "the enclave's signature, 69 bytes";
  const returned = settled.returned === 0n ? "" : `, ${usd(settled.returned)} back`;
  return [
    `proof       ${proof}`,
    `settlement  ${dim(settled.transactionHash)}`,
    `fee         ${usd(settled.fee)} to the operator${returned}, burn ${opg(settled.burned)}`,
    `trust gap   ${open ? "none" : `${settled.trustGap} s`}`,
  ];
}

function failureLines(failure: SettlementFailure, { offer }: Terms): string[] {
  return [
    `proof       ${red(`none within ${offer.proofWindow} s`)}`,
    `${failure.reason.padEnd(12)}${dim(failure.transactionHash)}`,
    `fee         ${usd(failure.returned)} back to the requester: all of it`,
    `bond        ${opg(failure.compensation)} of the node's ${opg(offer.coverage)} coverage to the requester`,
  ];
}

export const usd = (amount: bigint) => `${formatUnits(amount, 6)} tUSD`;
export const opg = (amount: bigint) => `${formatUnits(amount, 18).replace(/\.0$/, "")} OPG`;

/** Asks for everything at once, the way requesters do, and shows each inference when it has ended, in order. */
export async function run(
  cast: Cast,
  deployment: Deployment,
  log: NodeLog,
  beforeLast: (asked: Asked) => Promise<void>,
): Promise<Ended[]> {
  const clients = new Map<HDNodeWallet, OpgClient>();
  const clientOf = (signer: HDNodeWallet) => {
    const client = clients.get(signer) ?? new OpgClient({ signer, deployment });
    clients.set(signer, client);
    return client;
  };
  const plans = plan(cast);
  const asked: Asked[] = [];
  for (const [index, one] of plans.entries()) {
    progress(`asking for inference ${index + 1} of ${plans.length}`);
    asked.push(await ask(clientOf, one, cast.modelId));
  }
  const slowest = Math.max(...asked.map(({ milliseconds }) => milliseconds));
  print(`All ${asked.length} answers are here, the slowest after ${slowest.toFixed(0)} ms. The proofs follow:`);
  print();
  const ended: Ended[] = [];
  for (const [index, one] of asked.entries()) {
    if (index === asked.length - 1) await beforeLast(one);
    progress(`waiting for the proof of inference ${index + 1} of ${asked.length}`);
    const done = await end(one);
    show(done, `${index + 1}/${asked.length}`, log);
    ended.push(done);
  }
  return ended;
}
