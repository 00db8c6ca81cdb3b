import { expect } from "chai";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { loadProtocol } from "../support/fixtures.ts";
import { deploymentOf } from "../support/sdk.ts";

// A node says how long a channel's withdrawal has to take. One that says a month, and vanishes, holds the deposit for a
// month: a payer agrees to that in so many words, or not at all.
describe("Attack: a node that wants the deposit locked for a month", () => {
  it("gets no channel from a payer that did not name the delay", async () => {
    const p = await loadProtocol();
    const { nodeId, modelId } = p;
    const { usd, batches } = p.contracts;
    const key = `0x${"e0".repeat(20)}`;
    const quote = { channels: { nodeId, key, withdrawalDelay: 2_592_000, offers: [] } };
    const client = new OpgClient({
      signer: p.accounts.requester,
      deployment: await deploymentOf(p),
      fetch: async () => new Response(toJson(quote)),
    });
    const channel = { nodeId, modelId, token: await usd.getAddress(), amount: 1_000n, endpoint: "http://127.0.0.1:1" };
    const refusal = await client.openChannel(channel).then(
      () => "opened",
      ({ message }: Error) => message,
    );
    expect(refusal).to.match(/wants 2592000 s between announcing a withdrawal and making it/);
    expect(await usd.balanceOf(batches)).to.equal(0n);
  });
});
