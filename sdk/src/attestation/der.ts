/** Writes DER (X.690): just what certificates need. */

/** Concatenates byte arrays. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One element: tag, shortest length, contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concat(...contents);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return concat(Uint8Array.from([tag, ...length]), content);
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => element(0x30, ...contents);
export const set = (...contents: readonly Uint8Array[]): Uint8Array => element(0x31, ...contents);
export const octetString = (content: Uint8Array): Uint8Array => element(0x04, content);
export const bitString = (content: Uint8Array, unused = 0): Uint8Array =>
  element(0x03, Uint8Array.from([unused]), content);
export const TRUE: Uint8Array = Uint8Array.from([0x01, 0x01, 0xff]);

/** A non-negative INTEGER from big-endian bytes. */
export function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.from([0]) : magnitude.subarray(first);
  return element(0x02, (digits[0] ?? 0) >= 0x80 ? concat(Uint8Array.from([0]), digits) : digits);
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...others] = dotted.split(".").map(Number);
  const base128 = (value: number): number[] => {
    const digits = [value & 0x7f];
    for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift(0x80 | (rest & 0x7f));
    return digits;
  };
  return element(0x06, Uint8Array.from([first * 40 + second, ...others.flatMap(base128)]));
}

/** A time as RFC 5280, section 4.1.2.5, has it: UTCTime through 2049, GeneralizedTime after. */
export function time(unixSeconds: number): Uint8Array {
  const digits = `${new Date(unixSeconds * 1000).toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
  const utc = Number(digits.slice(0, 4)) < 2050;
  return element(utc ? 0x17 : 0x18, new TextEncoder().encode(utc ? digits.slice(2) : digits));
}
