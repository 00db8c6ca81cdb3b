import { isError } from "ethers";
import { decodeError } from "./decodeError.ts";
import { OpgError } from "./OpgError.ts";

/** The JSON-RPC error code of a revert in the Ethereum execution API, which Hardhat's provider passes on as it is. */
const EXECUTION_REVERTED = 3;

/** A contract refused a call or a transaction. */
export class ContractError extends OpgError {
  override name = "ContractError";
  /** The custom error's name, or undefined if the contract gave none that is known. */
  readonly error: string | undefined;
  /** The custom error's values, by name. */
  readonly args: Readonly<Record<string, unknown>>;

  constructor(message: string, error?: string, args: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.error = error;
    this.args = args;
  }

  /** Explains what ethers threw. Errors that are not about a contract's answer are made one line and kept. */
  static from(error: unknown): OpgError {
    if (error instanceof OpgError) return error;
    const decoded = decodeError(error);
    if (decoded !== undefined) {
      return new ContractError(decoded.sentence, decoded.name, decoded.args, { cause: error });
    }
    if (error instanceof Error && "code" in error && error.code === EXECUTION_REVERTED) {
      return new ContractError(`The contract refused the call: ${firstLine(error)}.`, undefined, {}, { cause: error });
    }
    if (isError(error, "CALL_EXCEPTION")) {
      const hash = error.receipt?.hash;
      const what = hash === undefined ? "The contract refused the call" : `Transaction ${hash} was reverted`;
      return new ContractError(
        error.reason ? `${what}: ${error.reason}.` : `${what} without saying why.`,
        undefined,
        {},
        { cause: error },
      );
    }
    if (isError(error, "INSUFFICIENT_FUNDS"))
      return new OpgError("The sending account cannot pay for the gas of this transaction.", { cause: error });
    if (isError(error, "BAD_DATA"))
      return new ContractError(
        "The contract at this address has no such function: the deployment and the network do not belong together.",
        undefined,
        {},
        { cause: error },
      );
    if (isError(error, "NETWORK_ERROR") || isError(error, "SERVER_ERROR") || isError(error, "TIMEOUT"))
      return new OpgError(`The RPC node cannot be reached: ${error.shortMessage}.`, { cause: error });
    return new OpgError(firstLine(error), { cause: error });
  }
}

/** One line without the dump of the transaction that ethers adds. */
function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const short = "shortMessage" in error ? String(error.shortMessage) : error.message;
  return short.split("\n", 1)[0] ?? short;
}
