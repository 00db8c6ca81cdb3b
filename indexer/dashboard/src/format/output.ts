import { printable } from "../../../../sdk/src/verify/printable.ts";

/** Most characters of an output that are shown. */
const MOST = 2_000;

/** An output as it can be shown. */
export interface ShownOutput {
  /** Its text, line by line without characters that would change how the rest is shown; else its hex. */
  readonly text: string;
  readonly isText: boolean;
  readonly bytes: number;
  /** Whether there is more of it than `text`. */
  readonly isCut: boolean;
}

/** How output bytes of a delivery on chain are shown: anybody can have put anything into them. */
export function readOutput(hex: string): ShownOutput {
  const bytes = Uint8Array.from(hex.slice(2).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const decoded = decode(bytes);
  const whole = decoded ?? hex;
  const shown = whole.slice(0, MOST);
  return {
    text: decoded === undefined ? shown : shown.split(/\r?\n/).map(printable).join("\n"),
    isText: decoded !== undefined,
    bytes: bytes.length,
    isCut: whole.length > MOST,
  };
}

/** As UTF-8; undefined if they are none, or hardly text: nothing, or zeros as in an encoded number. */
function decode(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
