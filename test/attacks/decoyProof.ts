import { expect } from "chai";
import { concat, dataSlice, type Interface, id, toBeHex } from "ethers";
import type { Archive } from "../../scripts/audit/archive.ts";
import { Auditor, type AuditReport } from "../../scripts/audit/audit.ts";
import { Verdict } from "../../scripts/audit/verdict.ts";
import { leavesOf, treeOf } from "../../sdk/src/batch/leafSet.ts";
import type { Evidence } from "../../sdk/src/verify/evidence.ts";
import { gatherEvidence } from "../../sdk/src/verify/gatherEvidence.ts";
import type { Bundle } from "../../types/ethers-contracts/index.ts";
import { ATTESTATION, AuditedProtocol, flip } from "../support/audit.ts";
import { BatchRoute, channelKey } from "../support/batches.ts";
import { batchPointersTo, pointersTo, verify } from "../support/evidence.ts";
import { ethers, OPG_UNIT, Route, USD_UNIT } from "../support/fixtures.ts";

/** What `TestConsumer` does in its callback. */
const CALL = 1;
/** How many places that look like one function's calls are read. */
const MOST_PLACES = 32;

/**
 * Anybody may settle: a stranger takes a proof from the mempool and settles by a transaction of their own, with false
 * proofs in its calldata beside the one that counts, or without that one. The inference is as proven as before, and
 * nobody who checks it may find that it is not.
 */
describe("Settling with decoys in the calldata", function () {
  this.timeout(600_000);

  let world: AuditedProtocol;
  let bundle: Bundle;
  let abi: Interface;
  before(async () => {
    world = await AuditedProtocol.open();
    bundle = await ethers.deployContract("Bundle");
    abi = world.protocol.contracts.settlement.interface;
  });

  const stranger = () => world.protocol.accounts.stranger;

  /** Requests and delivers, and leaves the proof to the stranger. */
  async function delivered<T extends Awaited<ReturnType<AuditedProtocol["askEnclave"]>>>(asked: Promise<T>) {
    const { terms, answer, proof, requestId } = await asked;
    await world.protocol.contracts.settlement.deliver(terms, answer);
    const call = (shown: string) => abi.encodeFunctionData("settle", [terms, answer.outputHash, answer.units, shown]);
    return { terms, answer, proof, requestId, call };
  }

  const gather = async (requestId: string): Promise<Evidence> =>
    gatherEvidence(ethers.provider, await pointersTo(world, requestId));

  function expectHolds({ verdict, summary, steps }: AuditReport, where: RegExp): void {
    expect(verdict, summary).to.equal(Verdict.HOLDS);
    expect(steps.find(({ name }) => name === "proof")?.lines.join("\n")).to.match(where);
  }

  /** Expects that the page cannot tell, that an audit can, and that one by a node that does not trace cannot. */
  async function expectOnlyTraced(requestId: string): Promise<void> {
    const evidence = await gather(requestId);
    expect(evidence.ownCall).to.equal(false);
    const { verdict, summary } = await verify(evidence);
    expect(summary).to.match(/no proof in the calldata holds .* a contract settled, .* opg audit/);
    expect(verdict).to.equal("unreadable");
    expectHolds(await world.audit(requestId), /in the calls, by the RPC node's trace/);
    const blind: Archive = { ...world.archive, trace: async () => null };
    const report = await world.audit(requestId, blind);
    expect(report.summary).to.match(/no proof in the calldata holds, and the RPC node cannot trace/);
    expect(report.verdict).to.equal(Verdict.CANNOT_BE_READ);
  }

  it("a decoy behind another settlement's call, whose callback settles by a proof that was stored", async () => {
    const { settlement } = world.protocol.contracts;
    const { requestId, proof, call } = await delivered(world.askEnclave());
    const consumer = await ethers.deployContract("TestConsumer");
    await consumer.instruct(CALL, settlement, call(proof));
    const own = await world.askEnclave({ consumer: await consumer.getAddress() });
    const { nodeId } = world.protocol;
    const ownCall = abi.encodeFunctionData("deliverAndSettle", [own.terms, nodeId, own.answer, own.proof]);
    await stranger().sendTransaction({ to: settlement, data: concat([ownCall, call(flip(proof, 7))]) });
    await expectOnlyTraced(requestId);
    // The attacker's own request was settled by the transaction's own call: nothing about it is in doubt.
    const evidence = await gather(own.requestId);
    expect(evidence.ownCall).to.equal(true);
    expect((await verify(evidence)).verdict).to.equal("proven");
  });

  it("a decoy and so much that looks like calls that the real one is not read", async () => {
    const { settlement } = world.protocol.contracts;
    const { terms, requestId, proof, call } = await delivered(world.askDigit());
    const decoy = call(flip(proof, 200));
    const selectors = Array.from({ length: MOST_PLACES }, () => dataSlice(decoy, 0, 4));
    const bait = concat([abi.encodeFunctionData("hashTerms", [terms]), decoy, ...selectors]);
    await bundle.connect(stranger()).run(settlement, [bait, call(proof)]);
    await expectOnlyTraced(requestId);
  });

  it("a settlement without a proof, which the verifier was shown before among others", async () => {
    const { settlement, verifiers, models } = world.protocol.contracts;
    const { protocol } = world;
    const { terms, answer, requestId, proof, call } = await delivered(world.askDigit());
    const { verifier: address } = await verifiers.verifierOf(1n);
    const verifier = await ethers.getContractAt("Groth16Verifier", address);
    const claim = await protocol.claim(terms, answer, protocol.nodeId);
    const [, , parameters] = await models.routeAt(protocol.modelId, Route.ZK, terms.offer.routeVersion);
    const [keyId, signals] = await verifier.publicSignals(claim, await protocol.hashClaim(claim), parameters);
    const shown = verifier.interface.encodeFunctionData("verifyBatch", [keyId, [[...signals]], [proof]]);
    const run = (target: string, data: string) => bundle.interface.encodeFunctionData("run", [target, [data]]);
    const calls = [run(address, shown), run(await settlement.getAddress(), call("0x"))];
    await bundle.connect(stranger()).run(bundle, calls);
    await expectOnlyTraced(requestId);
  });

  it("an enclave's signature under the numbers of other attestations, before the right one", async () => {
    const { settlement } = world.protocol.contracts;
    const { requestId, proof, call } = await delivered(world.askEnclave());
    const numbered = (index: number) => call(concat([dataSlice(proof, 0, 65), toBeHex(index, 4)]));
    const decoys = [0, 0xffffffff].map((index) => concat([abi.encodeFunctionData("opg"), numbered(index)]));
    await bundle.connect(stranger()).run(settlement, [...decoys, numbered(ATTESTATION)]);
    expect((await verify(await gather(requestId))).verdict).to.equal("proven");
    expectHolds(await world.audit(requestId), /the signature is in the calldata/);
  });

  it("a batch with another proof and other rows, before the right ones", async () => {
    const { protocol } = world;
    const batches = await BatchRoute.open(protocol);
    const { opg: token, nodes } = protocol.contracts;
    await token.approve(nodes, 100n * OPG_UNIT);
    await nodes.stake(protocol.nodeId, 100n * OPG_UNIT);
    const channelId = await batches.openChannel(channelKey(0));
    const rows = batches.rows({ signer: channelKey(0), ceiling: USD_UNIT, amount: 7n });
    const draft = await batches.batch(rows);
    const hashes = { inputHash: id("input"), outputHash: id("output") };
    const inferences = [{ channelId, sequence: draft.first, ...hashes, units: 3n, amount: 7n }];
    const batch = { ...draft, root: treeOf(leavesOf(draft, inferences)).root };
    const proof = batches.prove(batch);
    const batchAbi = batches.contract.interface;
    const call = (shown: string, packed: string) => batchAbi.encodeFunctionData("settleBatch", [batch, shown, packed]);
    const bait = batchAbi.encodeFunctionData("hashBatch", [batch]);
    const decoys = [call(flip(proof, 7), rows), call(proof, flip(rows, 7))];
    await bundle.connect(stranger()).run(batches.contract, [concat([bait, ...decoys]), call(proof, rows)]);

    const found = await verify(await gatherEvidence(ethers.provider, await batchPointersTo(batches)));
    expect(found.verdict, found.summary).to.equal("proven");
    const nitro = { NitroVerifier: await batches.route.nitro.getAddress() };
    const deployment = { ...world.deployment, addresses: { ...world.deployment.addresses, ...nitro } };
    const auditor = new Auditor(world.archive, deployment, { root: batches.route.root.certificate });
    expectHolds(await auditor.auditBatch({ batch, proof, rows, inferences }), /the signature is in the calldata/);
  });
});
