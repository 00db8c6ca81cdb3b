import { expect } from "chai";
import { deployTeeRoute, documentFor, NOW, type TeeRoute } from "../support/teeRoute.ts";

/**
 * Attestation documents carry milliseconds, blocks carry seconds. A verifier that compares the two directly finds
 * every document to be from a far future, and so never too old: a stolen document works for ever.
 */
describe("Attack: timestamp unit confusion", () => {
  let route: TeeRoute;
  before(async () => {
    route = await deployTeeRoute();
  });
  beforeEach(() => route.reset());

  async function attest(timestamp: number) {
    const { document, hints } = await documentFor(route, { timestamp });
    await route.connection.networkHelpers.time.setNextBlockTimestamp(NOW);
    return route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
  }

  it("an hour-old document, whose milliseconds exceed the block's seconds, is stale", async () => {
    await expect(attest((NOW - 3600) * 1000))
      .to.be.revertedWithCustomError(route.enclaves, "EnclaveRegistry_Stale")
      .withArgs(NOW - 3600, NOW, 300);
  });

  it("a document whose milliseconds equal the block's seconds is from 1970, and stale", async () => {
    await expect(attest(NOW)).to.be.revertedWithCustomError(route.enclaves, "EnclaveRegistry_Stale");
  });

  it("a document in microseconds is from the future", async () => {
    await expect(attest(NOW * 1_000_000)).to.be.revertedWithCustomError(
      route.enclaves,
      "EnclaveRegistry_FromTheFuture",
    );
  });
});
