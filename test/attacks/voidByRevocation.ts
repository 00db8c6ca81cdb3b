import { expect } from "chai";
import { deployTeeRoute, documentFor, NOW, POLICY, type TeeRoute } from "../support/teeRoute.ts";

/**
 * What an emergency revocation of an enclave's key hits is void, and a void request costs the node nothing. A node that
 * cannot prove what it delivered would like every request of its own to be void.
 */
describe("Attack: a node that has its defaults voided", function () {
  this.timeout(240_000);

  let route: TeeRoute;
  before(async () => {
    route = await deployTeeRoute();
  });
  beforeEach(() => route.reset());

  const at = (time: number) => route.connection.networkHelpers.time.setNextBlockTimestamp(time);
  const attestAt = async (time: number) => {
    const { document, hints } = await documentFor(route);
    await at(time);
    await route.enclaves.connect(route.operator).attest(route.nodeId, document, hints);
  };
  /** The times, in seconds from NOW, at which a delivery of the node's is void. */
  const voidTimes = async (times: number[]) => {
    const voided = await Promise.all(times.map((time) => route.enclaves.isVoid(route.nodeId, NOW + time)));
    return times.filter((_, i) => voided[i]);
  };
  const TIMES = [0, 9, 10, 49, 50, 99, 100, 101, 1_000, POLICY.lifetime];

  it("cannot by revoking its own key", async () => {
    await attestAt(NOW + 10);
    await at(NOW + 100);
    await route.enclaves.connect(route.signer).revoke(route.nodeId, 0);
    expect(await voidTimes(TIMES)).to.deep.equal([]);
  });

  it("is voided only from the time of the compromise to the emergency, and not in what it delivers later", async () => {
    await attestAt(NOW + 10);
    await at(NOW + 100);
    await route.enclaves.emergencyRevoke(route.nodeId, 0, NOW + 50);
    expect(await voidTimes(TIMES)).to.deep.equal([50, 99, 100]);
    expect(await route.enclaves.isVoid(`0x${"11".repeat(32)}`, NOW + 50)).to.equal(false);
  });

  it("is voided no earlier than the key was attested and no later than it ended", async () => {
    await attestAt(NOW + 10);
    await at(NOW + 99);
    await route.enclaves.connect(route.operator).revoke(route.nodeId, 0);
    await at(NOW + 1_000);
    await route.enclaves.emergencyRevoke(route.nodeId, 0, 0);
    expect(await voidTimes(TIMES)).to.deep.equal([10, 49, 50, 99]);
  });

  it("is voided from the earliest to the latest of several emergencies", async () => {
    await attestAt(NOW + 10);
    await attestAt(NOW + 11);
    await at(NOW + 60);
    await route.enclaves.emergencyRevoke(route.nodeId, 1, NOW + 50);
    await at(NOW + 100);
    await route.enclaves.emergencyRevoke(route.nodeId, 0, NOW + 99);
    expect(await voidTimes(TIMES)).to.deep.equal([50, 99, 100]);
    await route.enclaves.emergencyRevoke(route.nodeId, 1, NOW + 49);
    expect(await voidTimes(TIMES)).to.deep.equal([49, 50, 99, 100]);
  });
});
