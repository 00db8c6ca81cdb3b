import type { Command } from "commander";
import { address, decimal, onNetwork } from "./command.ts";
import type { Context, Token } from "./context.ts";

const SOME_ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** `opg token …`: which tokens fees are paid in, and how accounts get some. */
export function registerTokenCommands(program: Command): void {
  const token = program.command("token").description("list fee tokens, send OPG, mint test money");

  for (const [name, listed, what] of [
    ["list", true, "put a token on the list of those that fees are paid in; the governor may"],
    ["unlist", false, "take a token off that list, for later requests; the governor may"],
  ] as const) {
    onNetwork(
      token.command(name).description(what).argument("<token>", "an address, or a name in the deployment"),
      `token ${name} TestUSD`,
      async (context, _, [text = ""]) => {
        const { contractsOf } = await import("../../sdk/src/chain/contracts.ts");
        const [signer, { address: token, symbol }] = await Promise.all([context.signer(), context.token(text)]);
        const { settlement } = contractsOf(context.deployment, signer);
        const { hash } = await settlement.write("setToken", token, listed);
        return { json: { token, listed, transactionHash: hash }, text: `${name}ed ${symbol}, ${token}` };
      },
    );
  }

  onNetwork<{ to: string; token: string }>(
    token
      .command("send")
      .description("send a token, OPG unless another is named, such as an operator's stake from the treasury")
      .argument("<amount>", "in whole tokens, such as 5000", decimal)
      .requiredOption("--to <address>", "the receiver", address)
      .option("--token <token>", "an address, or a name in the deployment", "OPG"),
    `token send 5000 --to ${SOME_ADDRESS}`,
    async (context, options, [text = ""]) => {
      const found = await context.token(options.token);
      return give(context, "transfer", found, options.to, text);
    },
  );

  onNetwork<{ to?: string }>(
    token
      .command("mint")
      .description("make test money out of nothing, where the deployment has a TestUSD")
      .argument("<amount>", "in whole TestUSD, such as 100", decimal)
      .option("--to <address>", "who gets it; the account if absent", address),
    "token mint 100",
    async (context, options, [text = ""]) => {
      const [signer, found] = await Promise.all([context.signer(), context.token("TestUSD")]);
      return give(context, "mint", found, options.to ?? (await signer.getAddress()), text);
    },
  );
}

/** Calls `transfer` or `mint` of a token. */
async function give(context: Context, by: "transfer" | "mint", token: Token, to: string, text: string) {
  const [{ amountOf, show }, { TypedContract }, { testUsdAbi }] = await Promise.all([
    import("./context.ts"),
    import("../../sdk/src/chain/TypedContract.ts"),
    import("../../sdk/src/generated/abis.ts"),
  ]);
  const amount = amountOf(token, text);
  // The ERC-20 part of this ABI is every token's.
  const contract = new TypedContract(token.address, testUsdAbi, await context.signer());
  const { hash } = await contract.write(by, to, amount);
  return {
    json: { token: token.address, to, amount, transactionHash: hash },
    text: `${by === "mint" ? "minted" : "sent"} ${show(token, amount)} to ${to}`,
  };
}
