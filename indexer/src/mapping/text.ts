/** Most UTF-16 code units of a text that are kept. */
const MOST = 2_048;

/**
 * What is kept of a text that anybody may write: its beginning, in whole characters. Only an event holds these, at a few gas
 * per byte, and every list of nodes or models gives them to whoever asks.
 *
 * Byte order marks in front are left out, behind null characters too, which no table keeps: each reading of a row from PGlite
 * loses one, and a row is read and written again.
 */
export const kept = (text: string): string =>
  text
    .replace(/^[\0\ufeff]+/, "")
    .slice(0, MOST)
    .replace(/[\ud800-\udbff]$/, "");
