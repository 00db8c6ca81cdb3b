import { readFile } from "node:fs/promises";
import { type AttestationDocument, parseDocument } from "../../sdk/src/attestation/document.ts";
import { EARLIEST, LATEST } from "./deploy.ts";

/** A file cannot be read, or is not what it should be. */
export class UnreadableFileError extends Error {
  constructor(file: string, cause: unknown) {
    super(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "UnreadableFileError";
  }
}

/**
 * Reads an attestation document from a file.
 *
 * @throws UnreadableFileError when there is none in it.
 */
export async function readDocument(file: string): Promise<{ data: Uint8Array; document: AttestationDocument }> {
  try {
    const data = new Uint8Array(await readFile(file));
    return { data, document: parseDocument(data) };
  } catch (error) {
    throw new UnreadableFileError(file, error);
  }
}

/** The second at which a document says that it was made, as far as a chain can be at it. */
export const documentTime = ({ timestamp }: AttestationDocument): number =>
  Math.min(Math.max(Number(timestamp / 1000n), EARLIEST), LATEST);
