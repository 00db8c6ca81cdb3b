import type { Command } from "commander";
import type { NewOffer } from "../../sdk/src/operator/OpgOperator.ts";
import type { Offer } from "../../sdk/src/types.ts";
import { address, bytes32, decimal, onNetwork, type Report, routeOption, table, wholeNumber } from "./command.ts";
import type { Context, Token } from "./context.ts";

/** Which node an operator's command is about. */
interface NodeOptions {
  readonly node?: string;
  readonly salt?: string;
}

/** Adds the options that say which node is meant. */
export const aboutNode = (command: Command): Command =>
  command
    .option("--node <id>", "the node; the account's own if absent", bytes32)
    .option("--salt <text>", "which of the account's own nodes, if it has several");

/** The commands of an operator: `opg node …`. */
export function registerNodeCommands(program: Command): void {
  const node = program.command("node").description("run a node: register, stake, offer, serve");

  onNetwork<{ salt?: string; signer?: string; payout?: string; endpoint?: string; metadata?: string }>(
    node
      .command("register")
      .description("register a node of the account, active and without stake")
      .option("--salt <text>", "tells the account's nodes apart")
      .option("--signer <address>", "the hot key that signs deliveries; the account if absent", address)
      .option("--payout <address>", "where fees are credited; the account if absent", address)
      .option("--endpoint <url>", "where requesters reach the node")
      .option("--metadata <uri>", "where to read about the node"),
    "node register --endpoint http://127.0.0.1:8700",
    async (context, { signer, payout, endpoint, metadata, salt }) => {
      const { saltOf } = await import("./salt.ts");
      const operator = await context.operator();
      const nodeId = await operator.register({
        salt: saltOf(salt),
        ...(signer === undefined ? {} : { signer }),
        ...(payout === undefined ? {} : { payout }),
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(metadata === undefined ? {} : { metadataURI: metadata }),
      });
      return { json: { nodeId }, text: `registered node ${nodeId}` };
    },
  );

  onNetwork<NodeOptions>(
    aboutNode(
      node
        .command("stake")
        .description("add OPG to a node's free balance")
        .argument("<amount>", "in OPG, such as 1000", decimal),
    ),
    "node stake 1000",
    async (context, options, [amount = ""]) => {
      const { amountOf, show } = await import("./context.ts");
      const [opg, nodeId, operator] = await Promise.all([context.opg(), context.nodeId(options), context.operator()]);
      await operator.stake(nodeId, amountOf(opg, amount));
      const { free } = await operator.node(nodeId);
      return { json: { nodeId, staked: amountOf(opg, amount), free }, text: `staked; free: ${show(opg, free)}` };
    },
  );

  onNetwork<
    NodeOptions & {
      model: string;
      route: 0 | 1;
      token: string;
      price: string;
      unitPrice: string;
      coverage: string;
      deliveryWindow: number;
      proofWindow: number;
    }
  >(
    aboutNode(
      node
        .command("offer")
        .description("post an offer, in the place of the one for the same model, route and token")
        .requiredOption("--model <id>", "the model", bytes32)
        .requiredOption("--price <amount>", "per request, in whole tokens", decimal)
        .option("--unit-price <amount>", "per metered unit, in whole tokens", decimal, "0")
        .option("--token <token>", "the fee token: an address, or a name in the deployment", "TestUSD")
        .addOption(routeOption())
        .option("--coverage <amount>", "OPG pledged for each request", decimal, "100")
        .option("--delivery-window <seconds>", "from the request to the delivery", wholeNumber, 600)
        .option("--proof-window <seconds>", "from the delivery to the settlement", wholeNumber, 3_600),
    ),
    `node offer --model 0x${"ab".repeat(32)} --price 0.25 --coverage 100`,
    async (context, options) => {
      const { amountOf } = await import("./context.ts");
      const [token, opg, nodeId] = await Promise.all([
        context.token(options.token),
        context.opg(),
        context.nodeId(options),
      ]);
      return postOffer(context, token, {
        nodeId,
        modelId: options.model,
        route: options.route,
        token: token.address,
        pricePerRequest: amountOf(token, options.price),
        pricePerUnit: amountOf(token, options.unitPrice),
        coverage: amountOf(opg, options.coverage),
        deliveryWindow: options.deliveryWindow,
        proofWindow: options.proofWindow,
      });
    },
  );

  onNetwork<NodeOptions & { model?: string; token?: string; unitPrice?: string }>(
    aboutNode(
      node
        .command("price")
        .description("change the price of a standing offer; later requests pay it")
        .argument("<amount>", "per request, in whole tokens", decimal)
        .option("--unit-price <amount>", "per metered unit, in whole tokens", decimal)
        .option("--model <id>", "which offer, if there are several", bytes32)
        .option("--token <token>", "which offer, if there are several"),
    ),
    "node price 0.20",
    async (context, options, [price = ""]) => {
      const { amountOf } = await import("./context.ts");
      const offer = await theOffer(context, options);
      const token = await context.token(offer.token);
      const pricePerUnit = options.unitPrice === undefined ? offer.pricePerUnit : amountOf(token, options.unitPrice);
      return postOffer(context, token, { ...offer, pricePerRequest: amountOf(token, price), pricePerUnit });
    },
  );

  onNetwork<NodeOptions & { model?: string; token?: string }>(
    aboutNode(
      node
        .command("unlist")
        .description("withdraw an offer; binds later requests only")
        .option("--model <id>", "which offer, if there are several", bytes32)
        .option("--token <token>", "which offer, if there are several"),
    ),
    "node unlist",
    async (context, options) => {
      const offer = await theOffer(context, options);
      const { nodeId, modelId, token } = offer;
      await (await context.operator()).withdrawOffer(nodeId, modelId, offer.route, token);
      return { json: { nodeId, modelId, token }, text: `withdrew the offer of node ${nodeId} for model ${modelId}` };
    },
  );

  onNetwork<NodeOptions>(
    aboutNode(node.command("status").description("show a node, its stake, its offers and its credits")),
    "node status",
    statusOf,
  );

  onNetwork<NodeOptions>(
    aboutNode(
      node
        .command("unbond")
        .description("start taking free OPG out; the delay starts anew for all that is unbonding")
        .argument("<amount>", "in OPG", decimal),
    ),
    "node unbond 100",
    async (context, options, [amount = ""]) => {
      const { amountOf, show } = await import("./context.ts");
      const [opg, nodeId, operator] = await Promise.all([context.opg(), context.nodeId(options), context.operator()]);
      await operator.unbond(nodeId, amountOf(opg, amount));
      const { unbonding, withdrawableAt } = await operator.node(nodeId);
      return {
        json: { nodeId, unbonding, withdrawableAt },
        text: `unbonding: ${show(opg, unbonding)}, to withdraw from ${date(withdrawableAt)} on`,
      };
    },
  );

  onNetwork<NodeOptions>(
    aboutNode(
      node.command("rebond").description("move unbonding OPG back to free").argument("<amount>", "in OPG", decimal),
    ),
    "node rebond 100",
    async (context, options, [amount = ""]) => {
      const { amountOf, show } = await import("./context.ts");
      const [opg, nodeId, operator] = await Promise.all([context.opg(), context.nodeId(options), context.operator()]);
      await operator.rebond(nodeId, amountOf(opg, amount));
      const { free, unbonding } = await operator.node(nodeId);
      return {
        json: { nodeId, free, unbonding },
        text: `free: ${show(opg, free)}, unbonding: ${show(opg, unbonding)}`,
      };
    },
  );

  onNetwork<NodeOptions & { to?: string }>(
    aboutNode(
      node
        .command("withdraw")
        .description("send all that has been unbonding long enough")
        .option("--to <address>", "the receiver; the account if absent", address),
    ),
    "node withdraw",
    async (context, options) => {
      const { show } = await import("./context.ts");
      const [opg, nodeId, operator] = await Promise.all([context.opg(), context.nodeId(options), context.operator()]);
      const withdrawn = await operator.withdraw(nodeId, options.to);
      return { json: { nodeId, withdrawn }, text: `withdrew ${show(opg, withdrawn)}` };
    },
  );

  onNetwork<NodeOptions & { token: string }>(
    aboutNode(
      node
        .command("collect")
        .description("pay a node's fees out to its payout address")
        .option("--token <token>", "the fee token: an address, or a name in the deployment", "TestUSD"),
    ),
    "node collect --token TestUSD",
    async (context, options) => {
      const { show } = await import("./context.ts");
      const [token, nodeId, operator] = await Promise.all([
        context.token(options.token),
        context.nodeId(options),
        context.operator(),
      ]);
      const { payout } = await operator.node(nodeId);
      const collected = await operator.collect(token.address, payout);
      return { json: { nodeId, payout, collected }, text: `paid ${show(token, collected)} to ${payout}` };
    },
  );

  for (const [name, what] of [
    ["pause", "stop new requests until `node unpause`"],
    ["unpause", "take new requests again"],
    ["retire", "stop new requests for good; what is open runs to its end, and the stake can leave"],
  ] as const) {
    onNetwork<NodeOptions>(
      aboutNode(node.command(name).description(what)),
      `node ${name}`,
      async (context, options) => {
        const [nodeId, operator] = await Promise.all([context.nodeId(options), context.operator()]);
        await operator[name](nodeId);
        return statusOf(context, { node: nodeId });
      },
    );
  }

  for (const [name, what] of [
    ["setSigner", "rotate the key that signs deliveries; what the former key signed and nobody posted is void"],
    ["setPayout", "change where later fees are credited"],
  ] as const) {
    const kebab = name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
    onNetwork<NodeOptions>(
      aboutNode(node.command(kebab).description(what).argument("<address>", "the new address", address)),
      `node ${kebab} 0x70997970C51812dc3A010C7d01b50e0d17dc79C8`,
      async (context, options, [to = ""]) => {
        const [nodeId, operator] = await Promise.all([context.nodeId(options), context.operator()]);
        await operator[name](nodeId, to);
        return statusOf(context, { node: nodeId });
      },
    );
  }

  onNetwork<NodeOptions & { endpoint: string; metadata: string }>(
    aboutNode(
      node
        .command("describe")
        .description("publish where the node is reached and described")
        .requiredOption("--endpoint <url>", "where requesters reach the node")
        .option("--metadata <uri>", "where to read about the node", ""),
    ),
    "node describe --endpoint http://127.0.0.1:8700",
    async (context, options) => {
      const [nodeId, operator] = await Promise.all([context.nodeId(options), context.operator()]);
      await operator.describe(nodeId, options.endpoint, options.metadata);
      return statusOf(context, { node: nodeId });
    },
  );

  onNetwork<NodeOptions>(
    aboutNode(
      node.command("binding").description("show what an enclave has to put into its next attestation document"),
    ),
    "node binding",
    async (context, options) => {
      const [nodeId, operator] = await Promise.all([context.nodeId(options), context.operator()]);
      const binding = await operator.enclaveBinding(nodeId);
      return { json: { nodeId, ...binding }, text: table({ user_data: binding.userData, nonce: binding.nonce }) };
    },
  );

  onNetwork<NodeOptions>(
    aboutNode(
      node
        .command("attest")
        .description("verify an enclave's attestation document on chain, and register its key for the node")
        .argument("<file>", "the document (COSE_Sign1, binary)"),
    ),
    "node attest document.bin",
    async (context, options, [file = ""]) => {
      const { readInputFile } = await import("./files.ts");
      const document = readInputFile(file);
      const [nodeId, operator] = await Promise.all([context.nodeId(options), context.operator()]);
      const index = await operator.attest(nodeId, document);
      return { json: { nodeId, index }, text: `attested; the enclave's number is ${index}` };
    },
  );

  onNetwork<
    NodeOptions & {
      model: string[];
      zkey?: string[];
      port: number;
      host: string;
      directory: string;
      channels?: true;
      settleAfter: number;
      settleAt: number;
    }
  >(
    aboutNode(
      node
        .command("serve")
        .description("answer, deliver, prove and settle requests, until it is interrupted")
        .requiredOption(
          "--model <name=id...>",
          "what to serve: digits=MODEL_ID, convnet=MODEL_ID, or ./module.ts=MODEL_ID",
        )
        .option(
          "--zkey <name=file...>",
          "the final .zkey of a model's ceremony, such as digits=FILE; of the development setup if absent",
        )
        .option("--port <number>", "the HTTP port", wholeNumber, 8_700)
        .option("--host <address>", "the address to listen on", "127.0.0.1")
        .option("--directory <path>", "where to keep what is not settled yet", ".opg-node")
        .option("--channels", "also take calls that channels pay for, at the prices of the node's TEE offers")
        .option(
          "--settle-after <seconds>",
          "when to settle what channels were charged, at the latest",
          wholeNumber,
          300,
        )
        .option("--settle-at <count>", "how many inferences to settle without waiting", wholeNumber, 1_000),
    ),
    `node serve --model digits=0x${"ab".repeat(32)}`,
    async (context, options) => (await import("./serve.ts")).serve(context, options),
  );
}

async function postOffer(context: Context, token: Token, offer: NewOffer): Promise<Report> {
  const { show } = await import("./context.ts");
  const posted = await (await context.operator()).postOffer(offer);
  return {
    json: { offer: posted },
    text: `node ${posted.nodeId} offers model ${posted.modelId} at ${show(token, posted.pricePerRequest)} a request`,
  };
}

/** The one standing offer that the options mean. */
async function theOffer(
  context: Context,
  options: NodeOptions & { readonly model?: string; readonly token?: string },
): Promise<Offer> {
  const { OpgError } = await import("../../sdk/src/errors/OpgError.ts");
  const nodeId = await context.nodeId(options);
  const token = options.token === undefined ? undefined : (await context.token(options.token)).address;
  const offers = (await (await context.operator()).offers(nodeId)).filter(
    (offer) =>
      (options.model ?? offer.modelId) === offer.modelId &&
      (token ?? offer.token).toLowerCase() === offer.token.toLowerCase(),
  );
  const [offer] = offers;
  if (offer !== undefined && offers.length === 1) return offer;
  throw new OpgError(
    offers.length === 0
      ? `Node ${nodeId} has no such offer: post one with \`node offer\`.`
      : `Node ${nodeId} has ${offers.length} such offers: say which one by --model and --token.`,
  );
}

async function statusOf(context: Context, options: NodeOptions): Promise<Report> {
  const { show } = await import("./context.ts");
  const { NodeStatus } = await import("../../sdk/src/types.ts");
  const [opg, nodeId, operator] = await Promise.all([context.opg(), context.nodeId(options), context.operator()]);
  const [node, offers] = await Promise.all([operator.node(nodeId), operator.offers(nodeId)]);
  const tokens = await Promise.all(
    [...new Set([opg.address, ...offers.map(({ token }) => token)])].map((token) => context.token(token)),
  );
  const credits = await Promise.all(
    tokens.map(async (token) => ({
      token: token.address,
      amount: await context.contracts.settlement.read("creditOf", token.address, node.payout),
    })),
  );
  const shown = (address: string, amount: bigint) =>
    show(tokens.find((token) => token.address === address) ?? opg, amount);
  const status = Object.entries(NodeStatus).find(([, value]) => value === node.status)?.[0] ?? "";
  return {
    json: { ...node, status, offers, credits: Object.fromEntries(credits.map(({ token, amount }) => [token, amount])) },
    text: table({
      node: nodeId,
      status,
      owner: node.owner,
      signer: node.signer,
      payout: node.payout,
      endpoint: node.endpoint === "" ? "none" : node.endpoint,
      free: show(opg, node.free),
      bonded: show(opg, node.bonded),
      unbonding:
        node.unbonding === 0n
          ? show(opg, 0n)
          : `${show(opg, node.unbonding)}, to withdraw from ${date(node.withdrawableAt)} on`,
      offers: offers.map((offer) => `${shown(offer.token, offer.pricePerRequest)} for model ${offer.modelId}`),
      credit: credits.map(({ token, amount }) => shown(token, amount)).join(", "),
    }),
  };
}

const date = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
