import type { Command } from "commander";
import type { LeafSet } from "../../sdk/src/batch/leafSet.ts";
import { onNetwork, type Report, table } from "./command.ts";
import type { Context } from "./context.ts";

/** The commands around batches: `opg batch status | settle | report`. Anyone may send them. */
export function registerBatchCommands(program: Command): void {
  const batch = program.command("batch").description("look at batches of inferences, settle them, report equivocation");

  onNetwork(
    batch
      .command("status")
      .description("show a batch: whether it is settled, or what its stream waits for")
      .argument("<file>", "the batch's leaf set, as the node writes it"),
    "batch status batch.json",
    async (context, _, [path = ""]) => {
      const [{ batch }, contract, { hashBatch }, { streamIdOf }] = await Promise.all([
        readLeafSet(path),
        contractOf(context),
        import("../../sdk/src/hash/hashBatch.ts"),
        import("../../sdk/src/hash/streamIdOf.ts"),
      ]);
      const digest = hashBatch({ chainId: context.chainId, settlement: contract.address }, batch);
      const streamId = streamIdOf(batch);
      const { startBlock } = context.deployment;
      const [next, [settled]] = await Promise.all([
        contract.read("nextSequence", streamId),
        contract.events("BatchSettled", [digest], startBlock),
      ]);
      const status =
        settled === undefined
          ? next === batch.first
            ? "not settled: it is the next of its stream"
            : `not settled: its stream goes on with ${next}`
          : `settled in transaction ${settled.transactionHash}`;
      const { paid, burned } = settled?.args ?? {};
      return {
        json: { digest, streamId, next, settled: settled !== undefined, paid, burned },
        text: table({ batch: digest, node: batch.nodeId, inferences: `${batch.count} from ${batch.first} on`, status }),
      };
    },
  );

  onNetwork(
    batch
      .command("settle")
      .description("settle a batch that an enclave has signed")
      .argument("<file>", "the batch's leaf set"),
    "batch settle batch.json",
    async (context, _, [path = ""]): Promise<Report> => {
      const { batch, proof, rows } = await readLeafSet(path);
      const contract = await contractOf(context, true);
      const { hash, logs } = await contract.write("settleBatch", batch, proof, rows);
      const [settled] = contract.parse("BatchSettled", logs);
      const [{ show }, token, opg] = await Promise.all([
        import("./context.ts"),
        context.token(batch.token),
        context.opg(),
      ]);
      const { paid = 0n, burned = 0n } = settled?.args ?? {};
      return {
        json: { transactionHash: hash, digest: settled?.args.digest, paid, burned },
        text: `settled ${batch.count} inferences in transaction ${hash}: paid ${show(token, paid)}, burned ${show(opg, burned)}`,
      };
    },
  );

  onNetwork(
    batch
      .command("report")
      .description("report that a key has signed two batches for one inference: its node is slashed, for a share")
      .argument("<a>", "the leaf set of one batch")
      .argument("<b>", "the leaf set of the other"),
    "batch report one.json other.json",
    async (context, _, [pathA = "", pathB = ""]) => {
      const [a, b, contract] = await Promise.all([readLeafSet(pathA), readLeafSet(pathB), contractOf(context, true)]);
      const { hash, logs } = await contract.write("reportEquivocation", a.batch, a.proof, b.batch, b.proof);
      const [reported] = contract.parse("Equivocated", logs);
      const [{ show }, opg] = await Promise.all([import("./context.ts"), context.opg()]);
      const { burned = 0n, reward = 0n } = reported?.args ?? {};
      return {
        json: { transactionHash: hash, nodeId: a.batch.nodeId, key: a.batch.key, burned, reward },
        text: `node ${a.batch.nodeId} slashed in transaction ${hash}: burned ${show(opg, burned)}, reward ${show(opg, reward)}`,
      };
    },
  );
}

async function readLeafSet(path: string): Promise<LeafSet> {
  const [{ readJsonFile, understood }, { parseLeafSet }] = await Promise.all([
    import("./files.ts"),
    import("../../sdk/src/batch/leafSet.ts"),
  ]);
  return understood(path, () => parseLeafSet(readJsonFile(path)));
}

async function contractOf(context: Context, signs = false) {
  const { batchContract } = await import("../../sdk/src/chain/batchContract.ts");
  return batchContract(context.deployment, signs ? await context.signer() : context.provider);
}
