/** Text of anybody's on one line, without characters that would change how the rest is shown (controls, directions). */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
