import type { Command } from "commander";
import type { SettledInference } from "../../sdk/src/client/outcome.ts";
import type { SettlementFailure } from "../../sdk/src/errors/SettlementFailure.ts";
import { address, bytes32, decimal, insecureOption, onNetwork, type Report, table, wholeNumber } from "./command.ts";
import type { Context } from "./context.ts";

const SOME_REQUEST = `0x${"ab".repeat(32)}`;

/** The commands around one request: `opg request | deliver | settle | refund | default | void | status | withdraw`. */
export function registerRequestCommands(program: Command): void {
  onNetwork<{
    model: string;
    input: string;
    node?: string;
    token: string;
    maxFee: string;
    onchain?: true;
    insecure?: true;
    timeout?: number;
    wait: boolean;
  }>(
    program
      .command("request")
      .description("run one inference: escrow the fee, get the verified answer, wait for its proof")
      .requiredOption("--model <name=id>", "the model: digits=MODEL_ID, convnet=MODEL_ID, or ./module.ts=MODEL_ID")
      .requiredOption(
        "--input <file>",
        "the input; for digits a JSON array of 64 or 784 pixels, for convnet of 100 or 784",
      )
      .option("--node <id>", "the node; the cheapest one that has enough stake if absent", bytes32)
      .option("--token <token>", "the fee token: an address, or a name in the deployment", "TestUSD")
      .requiredOption("--max-fee <amount>", "the most to pay, in whole tokens", decimal)
      .option("--onchain", "have the output delivered on chain")
      .addOption(insecureOption())
      .option("--timeout <seconds>", "how long to wait for the answer; the delivery window if absent", wholeNumber)
      .option("--no-wait", "do not wait for the proof"),
    `request --model digits=${SOME_REQUEST} --input circuits/digit.json --max-fee 0.5`,
    async (context, options) => {
      const [{ amountOf, show }, { readInputFile, understood }, { readModel }, { DeliveryMode }] = await Promise.all([
        import("./context.ts"),
        import("./files.ts"),
        import("./models.ts"),
        import("../../sdk/src/types.ts"),
      ]);
      const { modelId, module } = await readModel(options.model);
      const file = readInputFile(options.input);
      const model = module.requester(modelId);
      const input = understood(options.input, () => {
        const value = module.readInput(file);
        model.encodeInput(value);
        return value;
      });
      const [client, token] = await Promise.all([context.client(options), context.token(options.token)]);
      const run = await client.infer({
        model,
        input,
        token: token.address,
        mode: options.onchain ? DeliveryMode.ONCHAIN : DeliveryMode.DIRECT,
        ...(options.node === undefined ? {} : { nodeId: options.node }),
        maxFee: amountOf(token, options.maxFee),
        ...(options.timeout === undefined ? {} : { timeout: options.timeout * 1_000 }),
      });
      const { requestId, output, fee } = run;
      const { nodeId } = run.terms.offer;
      const rows = { request: requestId, node: nodeId, output, fee: show(token, fee) };
      if (!options.wait) {
        return { json: { requestId, nodeId, output, fee, answer: run.answer }, text: table(rows) };
      }
      if (!options.json && process.stderr.isTTY) console.error(`output ${output}; waiting for its proof ...`);
      const settled = await run.settled;
      const outcome = await outcomeRows(context, settled);
      return { json: { requestId, nodeId, output, fee, settled }, text: table({ ...rows, ...outcome }) };
    },
  );

  onNetwork<{ answer: string }>(
    program
      .command("deliver")
      .description("post a node's signed delivery: the node itself, or the requester that holds its answer")
      .argument("<request>", "the request", bytes32)
      .requiredOption("--answer <file>", "JSON with outputHash, units, output (0x if sent directly) and signature"),
    `deliver ${SOME_REQUEST} --answer answer.json`,
    async (context, options, [requestId = ""]) => {
      const [{ readJsonFile, understood }, { parseAnswer }] = await Promise.all([
        import("./files.ts"),
        import("../../sdk/src/wire.ts"),
      ]);
      const answer = understood(options.answer, () => parseAnswer(readJsonFile(options.answer)));
      const [client, operator] = await Promise.all([context.client(), context.operator()]);
      return sent(requestId, "delivered", await operator.deliver(await client.termsOf(requestId), answer));
    },
  );

  onNetwork<{ proof: string }>(
    program
      .command("settle")
      .description("settle a delivered request by its proof; anyone may")
      .argument("<request>", "the request", bytes32)
      .requiredOption("--proof <file>", "a file with the proof: 0x-hex, or snarkjs's proof.json"),
    `settle ${SOME_REQUEST} --proof proof.json`,
    async (context, options, [requestId = ""]) => {
      const proof = await readProof(options.proof);
      const [client, operator] = await Promise.all([context.client(), context.operator()]);
      const terms = await client.termsOf(requestId);
      const { settlement } = context.contracts;
      const [delivered] = await settlement.events("Delivered", [requestId], context.deployment.startBlock);
      if (delivered === undefined) {
        const { OpgError } = await import("../../sdk/src/errors/OpgError.ts");
        throw new OpgError(`Request ${requestId} was not delivered, so there is nothing to settle.`);
      }
      return sent(requestId, "settled", await operator.settle(terms, delivered.args, proof));
    },
  );

  for (const [name, what, done] of [
    ["refund", "after the delivery deadline: take the escrow back; anyone may", "refunded"],
    ["default", "after the proof deadline: take escrow and compensation; anyone may, for a reward", "defaulted"],
    ["void", "after the route's verifier was revoked: take the escrow back; anyone may", "voided"],
  ] as const) {
    onNetwork(
      program.command(name).description(what).argument("<request>", "the request", bytes32),
      `${name} ${SOME_REQUEST}`,
      async (context, _, [requestId = ""]) => {
        const client = await context.client();
        const terms = await client.termsOf(requestId);
        const act = { refund: "refund", default: "claimDefault", void: "voidRequest" } as const;
        return sent(requestId, done, await client[act[name]](terms));
      },
    );
  }

  onNetwork(
    program
      .command("status")
      .description("show a request: where it stands, and how it ended")
      .argument("<request>", "the request", bytes32),
    `status ${SOME_REQUEST}`,
    async (context, _, [requestId = ""]) => {
      const [{ show }, { readRequest }, { RequestStatus }] = await Promise.all([
        import("./context.ts"),
        import("../../sdk/src/client/readRequest.ts"),
        import("../../sdk/src/types.ts"),
      ]);
      const state = await readRequest(context.contracts, context.deployment, requestId);
      const { terms, outcome } = state;
      const token = await context.token(terms.offer.token);
      const status = Object.entries(RequestStatus).find(([, value]) => value === state.status)?.[0];
      return {
        json: { ...state, status, outcome: outcome && { ...outcome } },
        text: table({
          request: requestId,
          status,
          requester: terms.requester,
          node: terms.offer.nodeId,
          model: terms.offer.modelId,
          escrowed: show(token, terms.maxFee),
          ...(outcome === undefined ? {} : await outcomeRows(context, outcome)),
        }),
      };
    },
  );

  onNetwork<{ to?: string; token: string }>(
    program
      .command("withdraw")
      .description("pay out the account's whole credit in a token")
      .option("--token <token>", "an address, or a name in the deployment", "TestUSD")
      .option("--to <address>", "the receiver; the account if absent", address),
    "withdraw --token TestUSD",
    async (context, options) => {
      const { show } = await import("./context.ts");
      const [client, token] = await Promise.all([context.client(), context.token(options.token)]);
      const withdrawn = await client.withdraw(token.address, options.to);
      return { json: { token: token.address, withdrawn }, text: `withdrew ${show(token, withdrawn)}` };
    },
  );
}

const sent = (requestId: string, what: string, transactionHash: string): Report => ({
  json: { requestId, transactionHash },
  text: `${what} ${requestId} in transaction ${transactionHash}`,
});

/** How a request ended, for people. */
async function outcomeRows(
  context: Context,
  outcome: SettledInference | SettlementFailure,
): Promise<Record<string, unknown>> {
  const { show } = await import("./context.ts");
  const [token, opg] = await Promise.all([context.token(outcome.token), context.opg()]);
  if (outcome instanceof Error) return { ended: outcome.message, transaction: outcome.transactionHash };
  return {
    "fee paid": show(token, outcome.fee),
    returned: show(token, outcome.returned),
    burned: show(opg, outcome.burned),
    "trust gap": `${outcome.trustGap} s`,
    transaction: outcome.transactionHash,
  };
}

async function readProof(path: string): Promise<string> {
  const [{ isHexString }, { readInputFile, understood }, { proofBytes }] = await Promise.all([
    import("ethers"),
    import("./files.ts"),
    import("../../circuits/src/key.ts"),
  ]);
  const text = new TextDecoder().decode(readInputFile(path)).trim();
  return understood(path, () => {
    if (text.startsWith("{")) return proofBytes(JSON.parse(text));
    if (isHexString(text)) return text;
    throw new Error("a proof is 0x-hex, or snarkjs's proof.json");
  });
}
