import type { OpgOperator, ProvenRequest } from "../operator/OpgOperator.ts";

/** The most requests in one transaction: with one bad proof among them it still fits 2^24 gas (EIP-7825). */
const MOST = 64;

interface Waiting {
  readonly request: ProvenRequest;
  resolve(hash: string): void;
  reject(reason: unknown): void;
}

/**
 * Settles proven requests, one transaction per Groth16 key at a time: what becomes ready while one is under way goes
 * together into the next. Nothing ever waits for more to come.
 */
export class SettlementQueue {
  readonly #operator: OpgOperator;
  /** By key, what is ready. A key is here while a transaction of it is under way. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(operator: OpgOperator) {
    this.#operator = operator;
  }

  /**
   * Settles a request, alone or with others.
   *
   * @returns the transaction's hash.
   * @throws ContractError if the chain refuses it.
   */
  async settle(request: ProvenRequest): Promise<string> {
    const keyId = await this.#operator.batchKeyOf(request.terms.offer);
    if (keyId === undefined) return this.#alone(request);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(keyId);
      const entry = { request, resolve, reject };
      if (waiting !== undefined) waiting.push(entry);
      else void this.#drain(keyId, [entry]);
    });
  }

  async #drain(keyId: string, waiting: Waiting[]): Promise<void> {
    this.#waiting.set(keyId, waiting);
    while (waiting.length > 0) await this.#together(keyId, waiting.splice(0, MOST));
    this.#waiting.delete(keyId);
  }

  /** Never rejects. */
  async #together(keyId: string, entries: readonly Waiting[]): Promise<void> {
    if (entries.length > 1) {
      try {
        const ends = await this.#operator.settleMany(
          keyId,
          entries.map(({ request }) => request),
        );
        for (const [i, { resolve, reject }] of entries.entries()) {
          const end = ends[i];
          if (typeof end === "string") resolve(end);
          else reject(end);
        }
        return;
      } catch {
        // Together they may be too much for one transaction of this chain; each alone says what is wrong with it.
      }
    }
    for (const { request, resolve, reject } of entries) await this.#alone(request).then(resolve, reject);
  }

  #alone({ terms, outputHash, units, proof }: ProvenRequest): Promise<string> {
    return this.#operator.settle(terms, { outputHash, units }, proof);
  }
}
