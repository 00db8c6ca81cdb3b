import type { IncomingMessage } from "node:http";
import { HttpError } from "./HttpError.ts";

/** Reads what was posted. @throws HttpError 413 if it is longer than `maxBody` bytes; the rest is not read then. */
export async function readBody(request: IncomingMessage, maxBody: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBody) throw new HttpError(413, `the body is longer than ${maxBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
