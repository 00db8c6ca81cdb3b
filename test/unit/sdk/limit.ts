import { expect } from "chai";
import { Limit } from "../../../sdk/src/node/Limit.ts";

describe("a limit", () => {
  it("runs a number of tasks at once and the others in their order, whatever becomes of those before", async () => {
    const limit = new Limit(2, 3);
    const begun: number[] = [];
    const ends: ((failed: boolean) => void)[] = [];
    const results = Array.from({ length: 5 }, (_, each) =>
      limit
        .run(async () => {
          begun.push(each);
          await new Promise<void>((resolve, reject) => ends.push((failed) => (failed ? reject("failed") : resolve())));
          return each;
        })
        .catch(String),
    );
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    await settle();
    expect(begun).to.deep.equal([0, 1]);
    expect(limit.isFull).to.equal(true);
    ends[1]?.(true);
    await settle();
    expect(begun).to.deep.equal([0, 1, 2]);
    expect(limit.isFull).to.equal(false);
    for (const each of [0, 2, 3, 4]) {
      ends[each]?.(false);
      await settle();
    }
    expect(await Promise.all(results)).to.deep.equal([0, "failed", 2, 3, 4]);
  });

  it("has as many places to wait as for work, if nothing else is said", async () => {
    const limit = new Limit(1);
    const never = () => new Promise<never>(() => {});
    void limit.run(never);
    expect(limit.isFull).to.equal(false);
    void limit.run(never);
    expect(limit.isFull).to.equal(true);
  });
});
