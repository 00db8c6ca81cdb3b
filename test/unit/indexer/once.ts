import { expect } from "chai";
import { once } from "../../../indexer/src/once.ts";

describe("a task that is done once", () => {
  it("gives its result to every later call, and to those that come while it is under way", async () => {
    const asked: string[] = [];
    const task = once(async (name: string) => {
      asked.push(name);
      return { name };
    });
    const results = [...(await Promise.all([task("first"), task("second")])), await task("third")];
    expect(new Set(results).size).to.equal(1);
    expect(asked).to.deep.equal(["first"]);
  });

  it("is done again after a failure, which only its own callers see", async () => {
    const failures = ["the connection is gone", "still gone"];
    const task = once(async (value: number) => {
      const failure = failures.shift();
      if (failure !== undefined) throw new Error(failure);
      return value;
    });
    const outcome = (value: number) => task(value).catch((error: Error) => error.message);
    expect(await Promise.all([outcome(1), outcome(2)])).to.deep.equal(Array(2).fill("the connection is gone"));
    expect(await outcome(3)).to.equal("still gone");
    expect(await outcome(4)).to.equal(4);
    expect(await outcome(5)).to.equal(4);
  });
});
