import { expect } from "chai";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { ethers, loadProtocol } from "../support/fixtures.ts";

/**
 * A signer key's address gains code after the channel was opened (EIP-7702), code that says no to every signature, or
 * reverts, or burns gas. The key signed all the same, and nobody asks the code.
 */
describe("Attack: a signer that gains code", () => {
  it("is still drawn on by what its key signed, and blocks nobody", async () => {
    const batches = await BatchRoute.open(await loadProtocol());
    const [key, other] = [channelKey(1), channelKey(2)];
    await batches.openChannel(key);
    await batches.openChannel(other);
    const code = {
      "a delegation (EIP-7702)": `0xef0100${batches.address.slice(2)}`,
      "code that reverts": "0x5f5ffd",
      "code that never ends": "0x5b5f56",
    };
    let drawn = 0n;
    for (const what of Object.values(code)) {
      await ethers.provider.send("hardhat_setCode", [batches.place(key)[4], what]);
      drawn += 3n;
      await batches.settle({ signer: key, ceiling: drawn, amount: 3n }, { signer: other, ceiling: drawn, amount: 3n });
      expect((await batches.amounts(key))[0]).to.equal(drawn);
      expect((await batches.amounts(other))[0]).to.equal(drawn);
    }
  });
});
