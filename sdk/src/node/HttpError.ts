import { OpgError } from "../errors/OpgError.ts";

/** A refusal with its HTTP status. */
export class HttpError extends OpgError {
  override name = "HttpError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
