import { expect } from "chai";
import { ZeroHash } from "ethers";
import { contractsOf } from "../../sdk/src/chain/contracts.ts";
import { OpgClient } from "../../sdk/src/client/OpgClient.ts";
import { waitForOutcome } from "../../sdk/src/client/waitForOutcome.ts";
import { SettlementFailure } from "../../sdk/src/errors/SettlementFailure.ts";
import { OpgOperator } from "../../sdk/src/operator/OpgOperator.ts";
import { Route } from "../../sdk/src/types.ts";
import { loadProtocol, networkHelpers, USD_UNIT } from "../support/fixtures.ts";
import { deploymentOf } from "../support/sdk.ts";

// A node signs a delivery and then rotates its key. The requester's guard, which posts the delivery when the node does
// not, is refused again and again; it must not give up before it has taken the refund.
describe("Attack: a delivery whose signer was rotated away", () => {
  it("does not keep the guard from taking the refund", async () => {
    const p = await loadProtocol();
    const { requester, operator, signer, stranger } = p.accounts;
    const deployment = await deploymentOf(p);
    const client = new OpgClient({ signer: requester, deployment });
    const [standing] = await client.offers({ modelId: p.modelId, route: Route.ZK });
    if (standing === undefined) throw new Error("the fixture has an offer");
    const { terms, blockNumber } = await client.request({
      offer: standing.offer,
      inputHash: ZeroHash,
      maxFee: 5n * USD_UNIT,
    });
    const answer = await new OpgOperator({ signer, deployment }).answer(terms, ZeroHash, 1n, "0x");
    await p.contracts.nodes.connect(operator).setSigner(p.nodeId, stranger);
    await networkHelpers.time.increase(terms.offer.deliveryWindow / 2 + 1);

    let looks = 0;
    const outcome = waitForOutcome({
      contracts: contractsOf(deployment, requester),
      domain: client.domain,
      terms,
      fromBlock: blockNumber,
      confirmations: 1,
      pollingInterval: 1,
      guard: true,
      answer: () => {
        looks++;
        return answer;
      },
      signal: undefined,
    }).catch((error: unknown) => error);
    while (looks < 30) await new Promise((resolve) => setTimeout(resolve, 10));
    await networkHelpers.time.increase(terms.offer.deliveryWindow / 2 + 1);

    const end = await outcome;
    if (!(end instanceof SettlementFailure)) throw end;
    expect(end).to.include({ reason: "refunded", returned: 5n * USD_UNIT });
  });
});
