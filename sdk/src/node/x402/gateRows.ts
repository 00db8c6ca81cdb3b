import { concat, dataLength, isHexString, Signature, toBeHex, ZeroAddress } from "ethers";
import { OpgError } from "../../errors/OpgError.ts";
import type { LedgerRow, RowCodec } from "../batch/BatchAccountant.ts";

/** What names an x402 channel: `ChannelConfig` of the `batch-settlement` scheme. */
export interface X402ChannelConfig {
  readonly payer: string;
  /** Who signs vouchers: a key; the zero address if the payer, a contract, does. */
  readonly payerAuthorizer: string;
  readonly receiver: string;
  readonly receiverAuthorizer: string;
  readonly token: string;
  /** Seconds. */
  readonly withdrawDelay: number;
  /** 32 bytes, 0x-hex. */
  readonly salt: string;
}

/** An x402 voucher, as the accountant keeps it: `StoredVoucher.data` is this as JSON. */
export interface X402Voucher {
  readonly config: X402ChannelConfig;
  /** 65 bytes of a key, or what the payer's contract takes (0x-hex). */
  readonly signature: string;
}

/** A row as a gate takes it (see IX402Gate.sol). */
export interface GateRow extends X402Voucher {
  /** The voucher's `maxClaimableAmount`, in base units. */
  readonly ceiling: bigint;
  /** What is proven within the batch, in base units. */
  readonly amount: bigint;
}

const PAYER_KEY = "0x00";
const OTHER_KEY = "0x01";
const PAYER_CONTRACT = "0x02";

/** Packs one row. @throws OpgError if the signature is none. */
export function encodeGateRow({ config, signature, ceiling, amount }: GateRow): string {
  const { payer, payerAuthorizer, withdrawDelay, salt } = config;
  const head = [payer, toBeHex(withdrawDelay, 3), salt, toBeHex(ceiling, 16), toBeHex(amount, 16)];
  if (payerAuthorizer === ZeroAddress) {
    return concat([PAYER_CONTRACT, ...head, toBeHex(dataLength(signature), 2), signature]);
  }
  if (!isHexString(signature, 65)) throw new OpgError("A key's signature of a voucher has 65 bytes.");
  const compact = Signature.from(signature).compactSerialized;
  return payerAuthorizer.toLowerCase() === payer.toLowerCase()
    ? concat([PAYER_KEY, ...head, compact])
    : concat([OTHER_KEY, ...head, payerAuthorizer, compact]);
}

/** Packs the rows of a node's gate to x402, whose vouchers' `data` is an {@link X402Voucher} as JSON. */
export const gateRows = (gate: string): RowCodec => ({
  ledger: gate,
  encodeRows: (rows) => concat(rows.map(rowOf)),
});

const rowOf = ({ amount, voucher: { ceiling, data } }: LedgerRow): string =>
  encodeGateRow({ ...(JSON.parse(data) as X402Voucher), ceiling: BigInt(ceiling), amount });
