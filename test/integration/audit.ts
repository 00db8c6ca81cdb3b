import { expect } from "chai";
import { Verdict } from "../../scripts/audit/verdict.ts";
import { AuditedProtocol } from "../support/audit.ts";

describe("Auditing a settled inference from chain data alone", function () {
  this.timeout(600_000);

  let world: AuditedProtocol;
  before(async () => {
    world = await AuditedProtocol.open();
  });

  it("holds for a digit that was delivered and then proven in zero knowledge", async () => {
    const { settlement } = world.protocol.contracts;
    const { terms, answer, proof, requestId } = await world.askDigit();
    await settlement.deliver(terms, answer);
    await settlement.settle(terms, answer.outputHash, answer.units, proof);
    const report = await world.audit(requestId);
    expect(report.verdict).to.equal(Verdict.HOLDS);
  });

  it("holds for an answer that an enclave signed, delivered and settled at once", async () => {
    const { settlement } = world.protocol.contracts;
    const { terms, answer, proof, requestId } = await world.askEnclave();
    await settlement.deliverAndSettle(terms, world.protocol.nodeId, answer, proof);
    const report = await world.audit(requestId);
    expect(report.verdict).to.equal(Verdict.HOLDS);
  });
});
