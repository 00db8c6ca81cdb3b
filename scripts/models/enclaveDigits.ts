import { isHexString, Wallet } from "ethers";
import { loadDigitsModel } from "../../circuits/src/digits.ts";
import { DIGITS } from "../../circuits/src/model.ts";
import { teeProof } from "../../sdk/src/attestation/tee.ts";
import { isLocalChain } from "../../sdk/src/chain/isLocalChain.ts";
import { OpgError } from "../../sdk/src/errors/OpgError.ts";
import { type Sheet, sheetModel, sheetRuntime } from "../demo/sheets.ts";
import type { ModelModule } from "./ModelModule.ts";

/**
 * Sheets of digits, read by the digit classifier under a simulated enclave, for local chains: an example of a module
 * for `opg node serve --channels`. `ENCLAVE_KEY` is the enclave's key, attested for the node, and `ENCLAVE_ATTESTATION`
 * the number that `opg node attest` gave it (0 if absent). A real module asks its enclave to run and to sign instead.
 */
export const model: ModelModule<Sheet, string> = {
  readInput: (file) => {
    const sheet: unknown = JSON.parse(new TextDecoder().decode(file));
    if (!Array.isArray(sheet) || sheet.length === 0) throw new TypeError("a sheet is a JSON array of digits");
    for (const pixels of sheet) DIGITS.checkPixels(pixels);
    return sheet;
  },
  requester: sheetModel,
  runtime: async (modelId) => sheetRuntime(modelId, (await loadDigitsModel()).weights, sign),
  enclave: async (chainId) => {
    if (!isLocalChain(chainId)) {
      throw new OpgError(`A simulated enclave signs on local chains only, and this is chain ${chainId}.`);
    }
    return { key: enclaveKey().address, prove: sign };
  },
};

function enclaveKey() {
  const key = process.env.ENCLAVE_KEY;
  if (!isHexString(key, 32)) throw new OpgError("Set ENCLAVE_KEY to the simulated enclave's key: 32 bytes of 0x-hex.");
  return new Wallet(key);
}

const sign = (digest: string): string =>
  teeProof(enclaveKey().signingKey, digest, Number(process.env.ENCLAVE_ATTESTATION ?? 0));
