import type { SettledInference } from "../client/outcome.ts";
import { OpgError } from "./OpgError.ts";

/**
 * A request is on chain, but the node gave no answer that holds. The money is not lost: `settled` goes on, and
 * rejects when the escrow is back.
 */
export class DeliveryError extends OpgError {
  override name = "DeliveryError";
  readonly requestId: string;
  readonly settled: Promise<SettledInference>;

  constructor(requestId: string, message: string, settled: Promise<SettledInference>, options?: ErrorOptions) {
    super(`Request ${requestId}: ${message}`, options);
    this.requestId = requestId;
    this.settled = settled;
  }
}
