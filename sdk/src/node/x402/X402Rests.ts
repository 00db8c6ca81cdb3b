import type { BatchContract } from "../../chain/batchContract.ts";
import { TypedContract } from "../../chain/TypedContract.ts";
import { x402BatchSettlementAbi, x402GateAbi } from "../../generated/abis.ts";
import type { Stream } from "../../types.ts";
import type { BatchAccountant, LedgerRow } from "../batch/BatchAccountant.ts";
import { gateRows } from "./gateRows.ts";
import { X402_ADDRESS } from "./x402Payment.ts";

/** The most rows in one claim. */
const MAX_ROWS = 200;

/** Whose rests to claim. */
export interface RestsOptions {
  readonly accountant: BatchAccountant;
  /** The batch settlement, with a signer that pays the gas. */
  readonly batches: BatchContract;
  readonly stream: Stream;
  readonly startBlock: number;
}

/** Claims what was proven of x402 channels and could not be paid, when a better voucher or a deposit has come since. */
export class X402Rests {
  readonly #options: RestsOptions;
  readonly #gate: TypedContract<typeof x402GateAbi>;
  readonly #x402: TypedContract<typeof x402BatchSettlementAbi>;
  /** Channels that rows were not paid in full of. The chain remembers them; this process, since it began. */
  readonly #channels = new Set<string>();
  /** What was tried with no success: the same again would fail again. */
  readonly #tried = new Map<string, string>();
  #next: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RestsOptions) {
    const { provider } = options.batches;
    this.#options = options;
    this.#gate = new TypedContract(options.stream.ledger, x402GateAbi, provider);
    this.#x402 = new TypedContract(X402_ADDRESS, x402BatchSettlementAbi, provider);
    this.#next = options.startBlock;
  }

  /** Claims, one time after the other. */
  claim(): Promise<void> {
    const turn = this.#turn.then(() => this.#claim());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when nothing is being claimed. */
  idle(): Promise<void> {
    return this.#turn;
  }

  async #claim(): Promise<void> {
    const { accountant, batches, stream } = this.#options;
    const { nodeId, modelId, routeVersion, token } = stream;
    const last = await batches.provider.getBlockNumber();
    if (last >= this.#next) {
      const events = await this.#gate.events("X402RowNotPaid", [null], this.#next, last);
      for (const { args } of events) this.#channels.add(args.channelId);
      this.#next = last + 1;
    }
    const rows: LedgerRow[] = [];
    for (const channelId of this.#channels) {
      if (rows.length === MAX_ROWS) break;
      const unpaid = await this.#gate.read("unpaidOf", channelId);
      if (unpaid === 0n) this.#channels.delete(channelId);
      const voucher = accountant.store.voucher(channelId, modelId, routeVersion);
      if (unpaid === 0n || voucher === undefined) continue;
      const { balance, totalClaimed } = await this.#x402.read("channels", channelId);
      const attempt = `${voucher.ceiling}/${balance}/${totalClaimed}`;
      if (balance <= totalClaimed || voucher.ceiling <= totalClaimed || this.#tried.get(channelId) === attempt)
        continue;
      this.#tried.set(channelId, attempt);
      rows.push({ channelId, amount: 0n, voucher });
    }
    if (rows.length === 0) return;
    await batches.write("claimLedger", nodeId, modelId, routeVersion, token, gateRows(stream.ledger).encodeRows(rows));
  }
}
