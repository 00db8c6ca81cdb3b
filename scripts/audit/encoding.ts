import { createMPT } from "@ethereumjs/mpt";
import { concat, encodeRlp, getBytes, isHexString, keccak256, type RlpStructuredData, toBeHex } from "ethers";
import { Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { RpcObject } from "./archive.ts";

/**
 * What the hashes of a chain are made of: headers, transactions and receipts in RLP, by the Yellow Paper and the EIPs
 * named below. Fields have the names of the JSON-RPC API.
 */

/** A header's fields in order, the optional ones by the fork that added them. */
const HEADER = {
  required: [
    ["parentHash", "data"],
    ["sha3Uncles", "data"],
    ["miner", "data"],
    ["stateRoot", "data"],
    ["transactionsRoot", "data"],
    ["receiptsRoot", "data"],
    ["logsBloom", "data"],
    ["difficulty", "quantity"],
    ["number", "quantity"],
    ["gasLimit", "quantity"],
    ["gasUsed", "quantity"],
    ["timestamp", "quantity"],
    ["extraData", "data"],
    ["mixHash", "data"],
    ["nonce", "data"],
  ],
  optional: [
    ["baseFeePerGas", "quantity"], // EIP-1559
    ["withdrawalsRoot", "data"], // EIP-4895
    ["blobGasUsed", "quantity"], // EIP-4844
    ["excessBlobGas", "quantity"],
    ["parentBeaconBlockRoot", "data"], // EIP-4788
    ["requestsHash", "data"], // EIP-7685
  ],
} as const satisfies Record<string, readonly Field[]>;

/** What the API shows of a block besides its header. */
const BESIDES_HEADER = ["hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals"];

type Kind = "data" | "quantity" | "accessList" | "authorizations" | "hashes" | "flag" | "parity";
type Field = readonly [name: string, kind: Kind];

const SIGNATURE: readonly Field[] = [
  ["yParity", "parity"],
  ["r", "quantity"],
  ["s", "quantity"],
];
const CALL: readonly Field[] = [
  ["gas", "quantity"],
  ["to", "data"],
  ["value", "quantity"],
  ["input", "data"],
];
const DYNAMIC_FEE: readonly Field[] = [
  ["chainId", "quantity"],
  ["nonce", "quantity"],
  ["maxPriorityFeePerGas", "quantity"],
  ["maxFeePerGas", "quantity"],
  ...CALL,
  ["accessList", "accessList"],
];

/** The type of OP Stack's deposits: transactions without a signature, which layer 1 has authorised. */
const DEPOSIT = 0x7e;

/** A transaction's fields in order, by its type. */
const TRANSACTIONS: Readonly<Record<number, readonly Field[]>> = {
  0: [
    ["nonce", "quantity"],
    ["gasPrice", "quantity"],
    ...CALL,
    ["v", "quantity"],
    ["r", "quantity"],
    ["s", "quantity"],
  ],
  1: [
    ["chainId", "quantity"],
    ["nonce", "quantity"],
    ["gasPrice", "quantity"],
    ...CALL,
    ["accessList", "accessList"],
    ...SIGNATURE,
  ], // EIP-2930
  2: [...DYNAMIC_FEE, ...SIGNATURE], // EIP-1559
  3: [...DYNAMIC_FEE, ["maxFeePerBlobGas", "quantity"], ["blobVersionedHashes", "hashes"], ...SIGNATURE], // EIP-4844
  4: [...DYNAMIC_FEE, ["authorizationList", "authorizations"], ...SIGNATURE], // EIP-7702
  [DEPOSIT]: [
    ["sourceHash", "data"],
    ["from", "data"],
    ["to", "data"],
    ["mint", "quantity"],
    ["value", "quantity"],
    ["gas", "quantity"],
    ["isSystemTx", "flag"],
    ["input", "data"],
  ], // OP Stack specification, deposits
};

const AUTHORIZATION: readonly Field[] = [
  ["chainId", "quantity"],
  ["address", "data"],
  ["nonce", "quantity"],
  ...SIGNATURE,
];
const ACCESS: readonly Field[] = [
  ["address", "data"],
  ["storageKeys", "hashes"],
];
const LOG: readonly Field[] = [
  ["address", "data"],
  ["topics", "hashes"],
  ["data", "data"],
];

const typeOf = (object: RpcObject): number => (object.type === undefined ? 0 : Number(quantity(object.type, "type")));

/** A whole number, as the API shows it. @throws Unreadable if it is none. */
export function quantity(value: unknown, name: string): bigint {
  if (isHexString(value)) return value === "0x" ? 0n : BigInt(value);
  throw new Unreadable(`the RPC node's ${name} is not a number: ${JSON.stringify(value)}`);
}

/** Bytes, as the API shows them. @throws Unreadable if they are none. */
export function data(value: unknown, name: string): string {
  if (isHexString(value, true)) return value.toLowerCase();
  throw new Unreadable(`the RPC node's ${name} is not 0x-hex: ${JSON.stringify(value)}`);
}

/** A list of objects, as the API shows it. @throws Unreadable if it is none. */
export function objects(value: unknown, name: string): RpcObject[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null)) return value;
  throw new Unreadable(`the RPC node's ${name} is not a list`);
}

/** A number in its shortest form; zero is empty. */
const shortest = (value: bigint): string => (value === 0n ? "0x" : toBeHex(value));

function encodeField(object: RpcObject, [name, kind]: Field): RlpStructuredData {
  const value = object[name];
  switch (kind) {
    case "data":
      return name === "to" && value === null ? "0x" : data(value, name);
    case "hashes":
      if (!Array.isArray(value)) throw new Unreadable(`the RPC node's ${name} is not a list`);
      return value.map((item) => data(item, name));
    case "accessList":
      return objects(value, name).map((item) => encodeFields(item, ACCESS));
    case "authorizations":
      return objects(value, name).map((item) => encodeFields(item, AUTHORIZATION));
    case "flag":
      return value === true ? "0x01" : "0x";
    case "parity":
      return shortest(quantity(value ?? object.v, name)); // Older nodes show it under its older name.
    default:
      return shortest(value == null && name === "mint" ? 0n : quantity(value, name));
  }
}

const encodeFields = (object: RpcObject, fields: readonly Field[]): RlpStructuredData[] =>
  fields.map((field) => encodeField(object, field));

const typed = (type: number, fields: RlpStructuredData): string =>
  type === 0 ? encodeRlp(fields) : concat([toBeHex(type, 1), encodeRlp(fields)]);

/** A transaction in its canonical form (EIP-2718), whose hash is its own; null for a type that is not known here. */
export function encodeTransaction(transaction: RpcObject): string | null {
  const type = typeOf(transaction);
  const fields = TRANSACTIONS[type];
  return fields === undefined ? null : typed(type, encodeFields(transaction, fields));
}

/** Whether a transaction is signed, so that its sender can be recovered. */
export const isSigned = (transaction: RpcObject): boolean => typeOf(transaction) !== DEPOSIT;

/** A receipt in its canonical form (EIP-2718, EIP-658); null for a transaction of a type that is not known here. */
export function encodeReceipt(receipt: RpcObject): string | null {
  const type = typeOf(receipt);
  if (TRANSACTIONS[type] === undefined) return null;
  const fields = [
    shortest(quantity(receipt.status, "status")),
    shortest(quantity(receipt.cumulativeGasUsed, "cumulativeGasUsed")),
    data(receipt.logsBloom, "logsBloom"),
    objects(receipt.logs, "logs").map((log) => encodeFields(log, LOG)),
  ];
  // Deposits have a nonce since the Regolith upgrade, and hash it since Canyon, which added the version.
  if (type === DEPOSIT && receipt.depositReceiptVersion != null) {
    for (const name of ["depositNonce", "depositReceiptVersion"]) fields.push(shortest(quantity(receipt[name], name)));
  }
  return typed(type, fields);
}

/** The hash of a block's header; null when the block has fields that no header known here has, or lacks some. */
export function headerHash(block: RpcObject): string | null {
  const present = HEADER.optional.filter(([name]) => block[name] != null);
  const fields = [...HEADER.required, ...present];
  const known = new Set([...fields.map(([name]) => String(name)), ...BESIDES_HEADER]);
  const isKnown =
    Object.entries(block).every(([name, value]) => value == null || known.has(name)) &&
    fields.every(([name]) => block[name] != null);
  return isKnown ? keccak256(encodeRlp(encodeFields(block, fields))) : null;
}

/** The root of the Merkle-Patricia trie of a list, by the RLP of each one's number: as of transactions and receipts. */
export async function listRoot(items: readonly string[]): Promise<string> {
  const trie = await createMPT();
  for (const [index, item] of items.entries()) {
    await trie.put(getBytes(encodeRlp(shortest(BigInt(index)))), getBytes(item));
  }
  return `0x${Buffer.from(trie.root()).toString("hex")}`;
}
