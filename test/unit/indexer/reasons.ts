import { expect } from "chai";
import { reasonIn } from "../../../indexer/reasons.ts";

describe("why the indexer ends", () => {
  const line = (level: number, msg: string, message?: string) => JSON.stringify({ level, msg, error: { message } });

  it("is said in one line, with what to do", () => {
    const used =
      'Schema "opg" was previously used by a different Ponder app. Drop the schema first, or use a different schema.';
    expect(reasonIn(line(50, "unhandledRejection", used)))
      .to.contain("--fresh")
      .and.not.contain("\n");
    const deep = "Encountered unrecoverable 'chain' reorg beyond finalized block 217";
    expect(reasonIn(line(50, "uncaughtException", deep))).to.contain("took back more blocks");
    const behind = 'Finalized block for chain "1" cannot move backwards';
    expect(reasonIn(line(50, "unhandledRejection", behind))).to.contain("is it still catching up?");
    expect(reasonIn(line(50, "Schema does not exist."))).to.contain("start its indexer first");
    expect(reasonIn(line(50, "Refused", "Another indexer writes it"))).to.equal("Another indexer writes it");
  });

  it("is not taken from warnings, other errors, or what is no line of the log", () => {
    expect(reasonIn(line(40, "Failed to fetch latest block", "Encountered unrecoverable 'chain' reorg"))).to.equal(
      undefined,
    );
    expect(reasonIn(line(50, "Build failed", "something else"))).to.equal(undefined);
    for (const other of ["", "Refused", "null", "[1]", '{"level":50}']) expect(reasonIn(other)).to.equal(undefined);
  });
});
