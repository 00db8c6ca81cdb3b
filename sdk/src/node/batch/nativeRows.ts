import { concat, Signature, toBeHex } from "ethers";
import type { RowCodec } from "./BatchAccountant.ts";

/** The rows of the batch settlement's own channels, 96 bytes each: r ‖ vs (EIP-2098) ‖ ceiling ‖ amount. */
export const nativeRows = (batchSettlement: string): RowCodec => ({
  ledger: batchSettlement,
  encodeRows: (rows) =>
    concat(
      rows.map(({ amount, voucher: { ceiling, data } }) =>
        concat([Signature.from(data).compactSerialized, toBeHex(ceiling, 16), toBeHex(amount, 16)]),
      ),
    ),
});
