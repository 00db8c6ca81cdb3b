import { id, isHexString, ZeroHash } from "ethers";

/** A salt as an option gives it: 32 bytes of 0x-hex, a text that is hashed, or nothing. */
export const saltOf = (text: string | undefined): string =>
  text === undefined ? ZeroHash : isHexString(text, 32) ? text : id(text);
