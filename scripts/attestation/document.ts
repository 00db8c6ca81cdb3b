import { type AttestationDocument, parseDocument } from "../../sdk/src/attestation/document.ts";
import { readInputFile, understood } from "../cli/files.ts";
import { EARLIEST, LATEST } from "./deploy.ts";

/**
 * Reads an attestation document from a file.
 *
 * @throws InputError when there is none in it.
 */
export function readDocument(file: string): { data: Uint8Array; document: AttestationDocument } {
  const data = new Uint8Array(readInputFile(file));
  return { data, document: understood(file, () => parseDocument(data)) };
}

/** The second at which a document says that it was made, as far as a chain can be at it. */
export const documentTime = ({ timestamp }: AttestationDocument): number =>
  Math.min(Math.max(Number(timestamp / 1000n), EARLIEST), LATEST);
