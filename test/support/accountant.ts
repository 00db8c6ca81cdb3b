import { computeAddress, id, SigningKey, Wallet } from "ethers";
import { teeProof } from "../../sdk/src/attestation/tee.ts";
import { hashVoucher } from "../../sdk/src/hash/hashVoucher.ts";
import type { BatchSigner } from "../../sdk/src/node/batch/BatchAccountant.ts";
import type { Charge } from "../../sdk/src/node/batch/BatchStore.ts";
import type { Stream } from "../../sdk/src/types.ts";

/** Where the accountant's tests take place; no chain is needed. */
export const DOMAIN = { chainId: 31_337, settlement: `0x${"ba".repeat(20)}` };

const KEY = new SigningKey(id("an enclave's key"));

/** An enclave's key outside any enclave. */
export const enclaveSigner: BatchSigner = {
  key: computeAddress(KEY.publicKey),
  prove: (digest) => teeProof(KEY, digest, 0),
};

export const STREAM: Stream = {
  nodeId: id("node"),
  modelId: id("model"),
  routeVersion: 1,
  token: `0x${"70".repeat(20)}`,
  ledger: DOMAIN.settlement,
  key: enclaveSigner.key,
};

/** A payer's key, by a number. */
export const payer = (index: number): Wallet => new Wallet(id(`payer ${index}`));

/** The n-th charge of a payer: 10 base units, under a voucher for all of them so far. */
export function charge(who: number, n: number): Charge {
  const { nodeId, modelId, routeVersion, token } = STREAM;
  const ceiling = BigInt(n + 1) * 10n;
  const digest = hashVoucher(DOMAIN, { nodeId, modelId, routeVersion, token, ceiling });
  return {
    channelId: id(`channel ${who}`),
    inputHash: id(`input ${who} ${n}`),
    outputHash: id(`output ${who} ${n}`),
    units: 3n,
    amount: 10n,
    output: new Uint8Array([who, n]),
    voucher: { ceiling, data: payer(who).signingKey.sign(digest).serialized },
  };
}
