import { x402Client, x402HTTPClient } from "@x402/core/client";
import { BatchSettlementEvmScheme } from "@x402/evm/batch-settlement/client";
import { Contract, type Wallet } from "ethers";
import { ethers } from "./fixtures.ts";

type Hex = `0x${string}`;
const hex = (text: string): Hex => `0x${text.slice(2)}`;

/** x402's own client, as npm has it, with a wallet of ours. */
export async function x402ClientOf(wallet: Wallet) {
  const { chainId } = await ethers.provider.getNetwork();
  const scheme = new BatchSettlementEvmScheme({
    address: hex(wallet.address),
    signTypedData: async ({ domain, types, message }) =>
      hex(await wallet.signTypedData(domain, types as Parameters<Wallet["signTypedData"]>[1], message)),
    readContract: async ({ address, abi, functionName, args }) => {
      const contract = new Contract(address, JSON.stringify(abi), ethers.provider);
      return (await contract.getFunction(functionName).staticCallResult(...(args ?? []))).toArray();
    },
  });
  // The client pays unknown tokens only if it is told to.
  const client = new x402Client().register(`eip155:${chainId}`, scheme).setSpendControls({ allowedAssets: true });
  const http = new x402HTTPClient(client);

  /** Calls a paid resource: asks, pays, and tells the client what came of it. */
  async function call(url: string, body: string): Promise<Response> {
    const asked = await fetch(url, { method: "POST", body });
    if (asked.status !== 402) return asked;
    const required = http.getPaymentRequiredResponse((name) => asked.headers.get(name));
    for (let attempt = 0; ; attempt++) {
      const payment = await http.createPaymentPayload(required);
      const response = await fetch(url, { method: "POST", body, headers: http.encodePaymentSignatureHeader(payment) });
      const result = await http.processPaymentResult(payment, (name) => response.headers.get(name), response.status);
      if (!result.recovered || attempt === 1) return response;
    }
  }

  return { wallet, scheme, http, call };
}
