import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { getBytes, keccak256, toBigInt } from "ethers";
import { type Archive, compared } from "../../scripts/audit/archive.ts";
import { Auditor, type AuditReport } from "../../scripts/audit/audit.ts";
import { objects } from "../../scripts/audit/encoding.ts";
import { Verdict } from "../../scripts/audit/verdict.ts";
import { elements } from "../../sdk/src/attestation/certificate.ts";
import { parseDocument } from "../../sdk/src/attestation/document.ts";
import { encodeTeeParameters, measurementOf } from "../../sdk/src/attestation/tee.ts";
import { Trust } from "../../sdk/src/types.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { ATTESTATION, AuditedProtocol } from "../support/audit.ts";
import { type Finished, opg } from "../support/cli.ts";
import { IMAGE } from "../support/enclave.ts";
import { Commitment, ethers, Mode, networkHelpers, Protocol, provider, Route } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { temporaryDirectory } from "../support/sdk.ts";

/** What `TestConsumer` does in its callback. */
const CALL = 1;

describe("Auditing an inference of chain data alone", function () {
  this.timeout(600_000);

  let world: AuditedProtocol;
  before(async () => {
    world = await AuditedProtocol.open();
  });

  /** Requests, delivers and settles an answer of the enclave's. */
  async function settled(change: Parameters<AuditedProtocol["askEnclave"]>[0] = {}) {
    const asked = await world.askEnclave(change);
    await settleAtOnce(asked);
    return asked;
  }

  const settleAtOnce = ({ terms, answer, proof }: Awaited<ReturnType<AuditedProtocol["askEnclave"]>>) =>
    world.protocol.contracts.settlement.deliverAndSettle(terms, world.protocol.nodeId, answer, proof);

  /** Does something, and takes the chain back to where it was. */
  async function temporarily(work: () => Promise<void>): Promise<void> {
    const snapshot = await networkHelpers.takeSnapshot();
    await work();
    await snapshot.restore();
  }

  /** Sets a version of a route of the model's and posts the node's offer for it. @returns the version. */
  async function setRoute(route: bigint, verifierId: bigint, commitment: bigint, parameters: string): Promise<bigint> {
    const { models, nodes } = world.protocol.contracts;
    const { modelOwner, operator } = world.protocol.accounts;
    const { modelId } = world.protocol;
    await models.connect(modelOwner).setRoute(modelId, route, verifierId, commitment, parameters);
    const [routeVersion] = await models.currentRoute(modelId, route);
    const { pricePerUnit } = world.route.offer;
    await nodes.connect(operator).postOffer(await world.protocol.offer({ route, routeVersion, pricePerUnit }));
    return routeVersion;
  }

  function expectHolds({ verdict, summary, steps }: AuditReport): void {
    expect(verdict, summary).to.equal(Verdict.HOLDS);
    expect(steps.map(({ name }) => name)).to.deep.equal([
      "terms",
      "escrow",
      "delivery",
      "submission",
      "proof",
      "payment",
    ]);
    for (const { verdict, lines } of steps) {
      expect(verdict).to.equal(Verdict.HOLDS);
      expect(lines).not.to.deep.equal([]);
    }
  }

  const linesOf = ({ steps }: AuditReport, step: string) => steps.find(({ name }) => name === step)?.lines.join("\n");

  describe("holds for", () => {
    it("a digit that was delivered and then proven in zero knowledge, and says that its key is for development", async () => {
      const { settlement } = world.protocol.contracts;
      const { terms, answer, proof, requestId } = await world.askDigit();
      await settlement.deliver(terms, answer);
      await settlement.settle(terms, answer.outputHash, answer.units, proof);
      const report = await world.audit(requestId);
      expectHolds(report);
      expect(report.caveats.join()).to.match(/development key/);
    });

    it("an open request that was taken with its proof, its output on chain", async () => {
      const { settlement } = world.protocol.contracts;
      const { terms, answer, proof, requestId } = await world.askDigit({
        mode: Mode.ONCHAIN,
        offer: world.protocol.openOffer(),
      });
      await settlement.deliverAndSettle(terms, world.protocol.nodeId, answer, proof);
      const report = await world.audit(requestId);
      expectHolds(report);
      expect(linesOf(report, "delivery")).to.match(/the published output is the one/);
    });

    it("an answer that an enclave signed, and says that its root is not AWS's", async () => {
      const report = await world.audit((await settled()).requestId);
      expectHolds(report);
      expect(report.caveats.join()).to.match(/NOT under AWS's/);
      expect(linesOf(report, "proof")).to.match(/execution/);
    });

    it("a gateway's answer, and says that it shows a relay and no execution", () =>
      temporarily(async () => {
        const { models } = world.protocol.contracts;
        const [id] = await models.routeAt(world.protocol.modelId, Route.TEE, world.route.offer.routeVersion);
        const measurements = [measurementOf(IMAGE)];
        const parameters = encodeTeeParameters({ trust: Trust.GATEWAY, backend: "api.example", measurements });
        const routeVersion = await setRoute(Route.TEE, id, Commitment.KECCAK256, parameters);
        const report = await world.audit((await settled({ offer: { routeVersion } })).requestId);
        expectHolds(report);
        expect(linesOf(report, "proof")).to.match(/RELAY, NOT EXECUTION: the image is a gateway to api.example/);
      }));

    it("calls that a smart account made, which stand in what it was called with", async () => {
      const { settlement } = world.protocol.contracts;
      const { relayer } = world.protocol.accounts;
      const account = await ethers.deployContract("SmartAccount", [relayer]);
      const { terms, answer, proof, requestId } = await world.askEnclave();
      const call = settlement.interface.encodeFunctionData("deliverAndSettle", [
        terms,
        world.protocol.nodeId,
        answer,
        proof,
      ]);
      await account.connect(relayer).execute(settlement, call);
      expectHolds(await world.audit(requestId));
    });

    it("a settlement that a contract made of what it had stored, where the RPC node can trace it", async () => {
      const { settlement } = world.protocol.contracts;
      const consumer = await ethers.deployContract("TestConsumer");
      const inner = await world.askEnclave();
      await settlement.deliver(inner.terms, inner.answer);
      const { outputHash, units } = inner.answer;
      const call = settlement.interface.encodeFunctionData("settle", [inner.terms, outputHash, units, inner.proof]);
      await consumer.instruct(CALL, settlement, call);
      await settled({ consumer: await consumer.getAddress() });
      const report = await world.audit(inner.requestId);
      expectHolds(report);
      expect(linesOf(report, "proof")).to.match(/by the RPC node's trace/);

      const blind: Archive = { ...world.archive, trace: async () => null };
      const { verdict, summary } = await world.audit(inner.requestId, blind);
      expect(summary).to.match(/its proof is not in the calldata, and the RPC node cannot trace/);
      expect(verdict).to.equal(Verdict.CANNOT_BE_READ);
    });

    it("digits that were settled together by settleMany, each by its own proof", async () => {
      const { settlement, models } = world.protocol.contracts;
      const { verifier } = await world.protocol.contracts.verifiers.verifierOf(1n);
      const settler = await ethers.deployContract("Groth16Settler", [settlement, models, verifier]);
      const asked = [await world.askDigit(), await world.askDigit()];
      const rows = [];
      for (const { terms, answer, proof } of asked) {
        await settlement.deliver(terms, answer);
        rows.push({ terms, outputHash: answer.outputHash, units: answer.units, proof });
      }
      await settler.settleMany(world.digits.digits.keyId, rows);
      for (const { requestId } of asked) expectHolds(await world.audit(requestId));
    });

    it("a node whose signer and payout have changed since, and a key that was revoked later", () =>
      temporarily(async () => {
        const { nodes } = world.protocol.contracts;
        const { operator, stranger } = world.protocol.accounts;
        const { requestId } = await settled();
        await nodes.connect(operator).setSigner(world.protocol.nodeId, stranger);
        await nodes.connect(operator).setPayout(world.protocol.nodeId, stranger);
        await world.route.tee.connect(operator).revoke(world.protocol.nodeId, ATTESTATION);
        const report = await world.audit(requestId);
        expectHolds(report);
        expect(linesOf(report, "proof")).to.match(/revoked after the claim came on chain/);
      }));

    it("an image that was banned and a certificate that was revoked later, and says so", () =>
      temporarily(async () => {
        const { requestId } = await settled();
        const { nitro, tee } = world.route;
        await tee.banMeasurement(measurementOf(IMAGE));
        const [event] = await tee.queryFilter(tee.filters.EnclaveAttested(undefined, ATTESTATION));
        const { data } = (await event?.getTransaction()) ?? { data: "0x" };
        const { document, nodeId } = tee.interface.decodeFunctionData("attest", data);
        const { certificate } = parseDocument(getBytes(document));
        // version, serialNumber, signature, issuer
        const [, serial, , issuer] = elements(
          elements(elements(certificate)[0]?.content ?? certificate)[0]?.content ?? certificate,
        );
        await nitro.revokeCertificate(keccak256(issuer?.content ?? "0x"), toBigInt(serial?.content ?? "0x"));
        await expect(
          tee.connect(world.protocol.accounts.operator).attest(nodeId, document, []),
        ).to.be.revertedWithCustomError(nitro, "CertificateCache_Revoked");
        const report = await world.audit(requestId);
        expectHolds(report);
        expect(report.caveats.join()).to.match(/banned later.*a certificate of the attestation was revoked later/);
      }));
  });

  it("does not hold for a key that an emergency took from before the claim", () =>
    temporarily(async () => {
      const { requestId } = await settled();
      const since = (await networkHelpers.time.latest()) - 1_000;
      await world.route.tee.emergencyRevoke(world.protocol.nodeId, ATTESTATION, since);
      const { verdict, summary } = await world.audit(requestId);
      expect(summary).to.match(/the key was revoked in an emergency .* before the claim came on chain/);
      expect(verdict).to.equal(Verdict.DOES_NOT_HOLD);
    }));

  describe("says what there is instead of a proof", () => {
    async function expectUnproven(requestId: string, summary: RegExp): Promise<AuditReport> {
      const report = await world.audit(requestId);
      expect(report.summary).to.match(summary);
      expect([report.verdict, report.unproven]).to.deep.equal([Verdict.CANNOT_BE_READ, true]);
      return report;
    }

    it("of a request that is pending, declined, refunded or defaulted, with the default's shares checked", () =>
      temporarily(async () => {
        const { settlement } = world.protocol.contracts;
        const { signer } = world.protocol.accounts;
        const declined = await world.askEnclave();
        await expectUnproven(declined.requestId, /pending/);
        await settlement.connect(signer).decline(declined.terms);
        await expectUnproven(declined.requestId, /declined/);

        const [refunded, defaulted] = [await world.askEnclave(), await world.askEnclave()];
        await settlement.deliver(defaulted.terms, defaulted.answer);
        await expectUnproven(defaulted.requestId, /pending/);
        await world.protocol.passProofWindow(defaulted.terms);
        await settlement.refund(refunded.terms);
        await settlement.claimDefault(defaulted.terms);
        await expectUnproven(refunded.requestId, /refunded/);
        const report = await expectUnproven(defaulted.requestId, /defaulted/);
        expect(linesOf(report, "ending")).to.match(
          /of the coverage of 100000000000000000000 base units of OPG: 8\d+ to the requester/,
        );
      }));

    it("of a request that there is not", async () => {
      const { verdict, unproven, summary } = await world.audit(`0x${"ab".repeat(32)}`);
      expect(summary).to.match(/no request/);
      expect([verdict, unproven]).to.deep.equal([Verdict.CANNOT_BE_READ, false]);
    });

    it("of a route whose proof system it does not know", () =>
      temporarily(async () => {
        const routeVersion = await setRoute(
          Route.ZK,
          Protocol.ZK_VERIFIER,
          Commitment.VALUE,
          Protocol.ROUTE_PARAMETERS,
        );
        const { requestId } = await world.protocol.settled({ offer: { routeVersion } });
        const { verdict, unproven, summary } = await world.audit(requestId);
        expect(summary).to.match(/proof system that this audit does not know/);
        expect([verdict, unproven]).to.deep.equal([Verdict.CANNOT_BE_READ, false]);
      }));
  });

  describe("reads", () => {
    it("a header of an unknown format with a caveat, and trusts headers only where it is told to", async () => {
      const { requestId } = await settled();
      const change = (fields: Readonly<Record<string, unknown>>): Archive => ({
        ...world.archive,
        block: async (number) => ({ ...(await world.archive.block(number)), ...fields }),
      });
      const unknown = await world.audit(requestId, change({ sendCount: "0x1" }));
      expectHolds(unknown);
      expect(unknown.blocks.flatMap(({ caveats }) => caveats).join()).to.match(/unknown format/);

      const foreign = change({ receiptsRoot: keccak256("0x"), hash: keccak256("0x01") });
      expect((await world.audit(requestId, foreign)).verdict).to.equal(Verdict.DOES_NOT_HOLD);
      const options = { root: world.route.root.certificate, trustHeaders: true };
      const trusting = await new Auditor(foreign, world.deployment, options).audit(requestId);
      expectHolds(trusting);
      expect(trusting.blocks.flatMap(({ caveats }) => caveats).join()).to.match(/as the RPC node says/);
    });

    it("no transaction of an unknown type, in which anything could be said", async () => {
      const { requestId } = await settled();
      const relabelled: Archive = {
        ...world.archive,
        block: async (number) => {
          const block = await world.archive.block(number);
          const transactions = objects(block?.transactions, "transactions").map((one) => ({ ...one, type: "0x6a" }));
          return { ...block, transactions };
        },
      };
      const { verdict, summary } = await world.audit(requestId, relabelled);
      expect(summary).to.match(/of an unknown type: its hash cannot be recomputed/);
      expect(verdict).to.equal(Verdict.CANNOT_BE_READ);
    });

    it("two nodes, and takes nothing that they do not agree about", async () => {
      const { requestId } = await settled();
      expectHolds(await world.audit(requestId, compared(world.archive, world.archive)));
      const hiding: Archive = { ...world.archive, logs: async () => [] };
      const { verdict, summary } = await world.audit(requestId, compared(world.archive, hiding));
      expect(summary).to.match(/the two RPC nodes disagree about the logs of/);
      expect(verdict).to.equal(Verdict.DOES_NOT_HOLD);
      const behind: Archive = { ...world.archive, block: async () => null };
      expect((await world.audit(requestId, compared(world.archive, behind))).verdict).to.equal(Verdict.CANNOT_BE_READ);
    });

    it("another chain than the deployment's as none", async () => {
      const { requestId } = await settled();
      const { verdict, summary } = await world.audit(requestId, { ...world.archive, chainId: async () => 1 });
      expect(summary).to.match(/of chain 1, and the deployment of chain 31337/);
      expect(verdict).to.equal(Verdict.CANNOT_BE_READ);
    });
  });

  describe("as the command opg audit", () => {
    const directory = temporaryDirectory();
    const [deploymentFile, rootFile] = [join(directory.path, "deployment.json"), join(directory.path, "root.der")];
    let server: RpcServer;
    before(async () => {
      server = await serveRpc(provider);
      writeFileSync(deploymentFile, toJson(world.deployment));
      writeFileSync(rootFile, world.route.root.certificate);
    });
    after(async () => {
      await server.close();
      directory.remove();
    });

    const audit = (...args: string[]): Promise<Finished> => opg(["audit", "--deployment", deploymentFile, ...args], {});

    it("prints each step and exits with the verdict, of a node or of what it saved", async () => {
      const { requestId } = await settled();
      const saved = join(directory.path, "saved.json");
      const found = await audit(
        requestId,
        "--rpc",
        server.url,
        "--rpc",
        server.url,
        "--root",
        rootFile,
        "--save",
        saved,
      );
      expect(found.stderr).to.equal("");
      expect(found.code, found.stdout).to.equal(Verdict.HOLDS);
      for (const step of ["terms", "escrow", "delivery", "submission", "proof", "payment"]) {
        expect(found.stdout).to.match(new RegExp(`^  ok  ${step} `, "m"));
      }
      expect(found.stdout).to.match(/^HOLDS: .*\nMind: the enclave is attested under the root given by --root/m);

      const replay = await audit(requestId, "--archive", saved, "--root", rootFile);
      expect(replay).to.deep.equal(found);
      const underAws = await audit(requestId, "--archive", saved, "--json");
      expect(underAws.code).to.equal(Verdict.DOES_NOT_HOLD);
      expect(JSON.parse(underAws.stdout)).to.include({ id: requestId, verdict: "does not hold" });
    });

    it("audits all of a range, and exits with the worst verdict on what was settled", async () => {
      const [{ requestId: first }, , pending] = [await settled(), await settled(), await world.askEnclave()];
      const to = pending.requested.block;
      const { stdout, stderr, code } = await audit(
        ...["--all", "--from", String(to - 4), "--to", String(to), "--rpc", server.url, "--root", rootFile],
      );
      expect(stderr).to.equal("");
      expect(code, stdout).to.equal(Verdict.HOLDS);
      expect(stdout).to.match(new RegExp(`^1/3  ${first}  holds\n2/3  .*  holds\n3/3  .*  not settled: .*pending`));
      expect(stdout).to.match(/2 settled inferences: 2 hold, 0 do not hold, 0 cannot be read/);
    });

    it("says in one line what it cannot read, and exits with 2", async () => {
      const unreadable = [
        [["--rpc", "http://127.0.0.1:1", `0x${"ab".repeat(32)}`], /cannot be reached/],
        [["--rpc", server.url], /name one request, or give --all/],
        [[`0x${"ab".repeat(32)}`], /give one --rpc/],
        [["--archive", rootFile, `0x${"ab".repeat(32)}`], /is not what it should be/],
      ] as const;
      for (const [args, line] of unreadable) {
        const { stdout, stderr, code } = await audit(...args);
        expect(stdout).to.equal("");
        expect(stderr).to.match(line);
        expect(stderr.trimEnd().split("\n")).to.have.lengthOf(1);
        expect(code).to.equal(Verdict.CANNOT_BE_READ);
      }
    });
  });
});
