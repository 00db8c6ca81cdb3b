import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { concat, hexlify } from "ethers";
import type { P384Signature } from "../../sdk/src/attestation/p384Hint.ts";
import { p384Table } from "../../sdk/src/attestation/p384Table.ts";

/** The verifier over its table, freshly deployed. */
export async function deployP384(ethers: HardhatEthers) {
  const table = await ethers.deployContract("P384Table", [p384Table()]);
  return ethers.deployContract("P384Verifier", [await table.getAddress()]);
}

/** The SHA-384 digest of `message`, as hex. */
export const sha384 = (message: Uint8Array): string => hexlify(createHash("sha384").update(message).digest());

/** A public key's x ‖ y, as hex. */
export function publicKeyOf(key: KeyObject): string {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}

/** A signature of a random message under a fresh key, made by node:crypto. */
export function randomSignature(): P384Signature {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
  const message = crypto.getRandomValues(new Uint8Array(32));
  return {
    hash: sha384(message),
    signature: hexlify(sign("sha384", message, { key: privateKey, dsaEncoding: "ieee-p1363" })),
    publicKey: publicKeyOf(publicKey),
  };
}
