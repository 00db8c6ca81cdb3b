import { expect } from "chai";
import { getBytes, hexlify, SigningKey, ZeroHash } from "ethers";
import { withCurve } from "../../circuits/src/curve.ts";
import { type Indexer, startIndexer } from "../../indexer/start.ts";
import { encodeTeeParameters, teeProof } from "../../sdk/src/attestation/tee.ts";
import { hashClaim } from "../../sdk/src/hash/hashClaim.ts";
import { KeyFault, Trust, VerifierStatus } from "../../sdk/src/types.ts";
import { type Evidence, type InferenceEvidence, parseEvidence } from "../../sdk/src/verify/evidence.ts";
import { gatherEvidence, pointersOf } from "../../sdk/src/verify/gatherEvidence.ts";
import { Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { StepId, Verification, VerificationStep } from "../../sdk/src/verify/verifyEvidence.ts";
import { toJson } from "../../sdk/src/wire.ts";
import { flip } from "../support/audit.ts";
import { altered, failedAt, ProvenWorld, pointersTo, verify } from "../support/evidence.ts";
import { ethers, provider } from "../support/fixtures.ts";
import { type RpcServer, serveRpc } from "../support/rpcServer.ts";
import { nitroVectors, readVector, VECTORS_ABSENT } from "../support/vectors.ts";

const ZK_STEPS: StepId[] = ["terms", "claim", "route", "key", "ceremony", "signals", "subgroup", "proof", "meaning"];
/** The root, three authorities, and the certificate of the enclave's own key. */
const PATH: StepId[] = Array.from({ length: 5 }, () => "certificate");
const CHAIN: StepId[] = ["document", "root", ...PATH, "documentSignature"];
const ENCLAVE_STEPS: StepId[] = [
  "route",
  "signature",
  "attestation",
  ...CHAIN,
  "binding",
  "measurement",
  "meaning",
  "revocations",
];
const deep = process.env.OPG_DEEP === "1";

describe("Evidence of a proof, verified by who reads it", function () {
  this.timeout(600_000);

  let proven: ProvenWorld;
  before(async () => {
    proven = await ProvenWorld.open();
  });

  const stepsOf = ({ steps }: Verification) => steps.map(({ id }) => id);
  const caveatsOf = ({ steps }: Verification) => steps.filter(({ state }) => state === "caveat").map(({ id }) => id);

  /** Expects a verification to fail at this step, which is its last. */
  async function refutedAt(evidence: Evidence, step: StepId, why?: RegExp): Promise<void> {
    const found = await verify(evidence);
    expect(failedAt(found), found.summary).to.equal(step);
    expect(found.steps.at(-1)?.id).to.equal(step);
    expect(found.verdict).to.equal("refuted");
    if (why !== undefined) expect(found.summary).to.match(why);
  }

  describe("holds for", () => {
    it("a zero-knowledge proof, and says loudly that its key is for development", async () => {
      const told: VerificationStep[] = [];
      const found = await verify(proven.zk, { onStep: (step) => void told.push(step) });
      expect(found.verdict, found.summary).to.equal("proven");
      expect(stepsOf(found)).to.deep.equal(ZK_STEPS);
      expect(told).to.deep.equal(found.steps);
      expect(caveatsOf(found)).to.deep.equal(["ceremony"]);
      expect(found.caveats.join()).to.match(/^DEVELOPMENT KEY/);
      expect(found.restsOn.join("\n")).to.match(/This indexer: .* opg audit/);
      for (const { title, detail } of found.steps) {
        expect(title).to.match(/^\S.*[^.]$/);
        expect(detail).to.match(/^[A-Z].*\.$/);
      }
    });

    it("an enclave's signature, step by step down from the root, and says loudly that the root is not AWS's", async () => {
      const found = await verify(proven.tee);
      expect(found.verdict, found.summary).to.equal("proven");
      expect(stepsOf(found)).to.deep.equal(["terms", "claim", ...ENCLAVE_STEPS]);
      expect(caveatsOf(found)).to.deep.equal(["root"]);
      expect(found.caveats.join()).to.match(/^DEVELOPMENT ROOT, not AWS's/);
    });

    it("a batch, by the same steps", async () => {
      const found = await verify(proven.batch);
      expect(found.verdict, found.summary).to.equal("proven");
      expect(stepsOf(found)).to.deep.equal(["batch", ...ENCLAVE_STEPS]);
    });

    it("evidence that went through JSON", async () => {
      for (const evidence of [proven.zk, proven.tee, proven.batch]) {
        const read = parseEvidence(JSON.parse(toJson(evidence)));
        expect(JSON.parse(toJson(read))).to.deep.equal(JSON.parse(toJson(evidence)));
        expect(await verify(read)).to.deep.equal(await verify(evidence));
      }
    });

    it("evidence that was read again from an RPC node of one's own", async () => {
      for (const evidence of [proven.zk, proven.tee, proven.batch]) {
        const again = await gatherEvidence(ethers.provider, pointersOf(evidence));
        expect(again).to.deep.equal(evidence);
        const found = await verify(again, { readBy: "rpc" });
        expect(found.verdict).to.equal("proven");
        expect(found.restsOn[0]).to.match(/^The RPC node that you named/);
      }
    });

    it("the certificates of AWS's own documents, up to what they are bound to", async function () {
      const vectors = nitroVectors().filter(({ root_is_aws_g1, signature_valid }) => root_is_aws_g1 && signature_valid);
      if (vectors.length === 0) this.skip();
      const key = new SigningKey(`0x${"0e".repeat(32)}`);
      const { terms, delivery, chainId, contract, enclave } = proven.tee;
      if (enclave === null) throw new Error(VECTORS_ABSENT);
      const claim = { requestId: proven.tee.id, modelId: terms.offer.modelId, inputHash: terms.inputHash, ...delivery };
      const proof = teeProof(key, hashClaim({ chainId, settlement: contract }, claim), enclave.index);
      for (const { file, timestamp_ms } of vectors) {
        const made = Math.floor(timestamp_ms / 1000);
        const evidence: InferenceEvidence = {
          ...proven.tee,
          proofs: [proof],
          delivery: { ...delivery, at: { ...delivery.at, timestamp: made + 1 } },
          enclave: {
            ...enclave,
            key: ethers.computeAddress(key.publicKey),
            validFrom: made,
            validUntil: made + 10,
            endsAt: made + 10,
            attested: { ...enclave.attested, timestamp: made },
            document: hexlify(readVector(`nitro/${file}`)),
          },
        };
        const found = await verify(evidence);
        expect(failedAt(found), `${file}: ${found.summary}`).to.equal("binding");
        expect(found.caveats, file).to.deep.equal([]);
        expect(found.steps.find(({ id }) => id === "root")?.detail).to.match(/the root of AWS Nitro enclaves/i);
      }
    });
  });

  describe("says what the reader should mind", () => {
    it("a gateway's relay is no execution, whatever else holds", async () => {
      const { route } = proven.tee;
      const measurement = proven.tee.enclave?.measurement ?? "";
      const parameters = encodeTeeParameters({
        trust: Trust.GATEWAY,
        backend: "api.example",
        measurements: [measurement],
      });
      const found = await verify({ ...proven.tee, route: { ...route, parameters } });
      expect(found.verdict).to.equal("proven");
      expect(found.summary).to.match(/gateway relayed it from api.example: not shown is what ran/);
      expect(found.caveats.join()).to.match(/RELAY, NOT EXECUTION/);
    });

    it("in words that a model's owner cannot rearrange", async () => {
      const { route, enclave } = proven.tee;
      const measurements = [enclave?.measurement ?? ""];
      const backend = "x\u202e\nNOT gateway";
      const parameters = encodeTeeParameters({ trust: Trust.GATEWAY, backend, measurements });
      const found = await verify({ ...proven.tee, route: { ...route, parameters } });
      expect(found.summary).to.match(/relayed it from x NOT gateway: not shown/);
      expect(JSON.stringify(found)).not.to.match(/\u202e|\\n/);
    });

    it("what was revoked later", async () => {
      const { tee } = proven;
      if (tee.enclave === null) throw new Error("no enclave");
      const found = await verify({
        ...tee,
        route: { ...tee.route, status: VerifierStatus.REVOKED },
        enclave: {
          ...tee.enclave,
          endsAt: tee.enclave.validUntil - 1,
          banned: true,
          fault: KeyFault.COMPROMISED,
          revokedCertificates: [1],
        },
      });
      expect(found.verdict, found.summary).to.equal("proven");
      expect(caveatsOf(found)).to.deep.equal(["route", "attestation", "root", "revocations"]);
      expect(found.caveats.at(-1)).to.match(/image was banned later.*certificate of .* was revoked later.*emergency/);
    });
  });

  describe("is refused, at the right step, with", () => {
    it("any term, any part of the claim or any part of the batch changed", () =>
      withCurve(async () => {
        const { zk, batch } = proven;
        await refutedAt({ ...zk, terms: { ...zk.terms, maxFee: zk.terms.maxFee + 1n } }, "terms", /another request/);
        await refutedAt({ ...zk, contract: ethers.ZeroAddress }, "terms");
        await refutedAt({ ...zk, chainId: 1 }, "terms");
        await refutedAt({ ...zk, delivery: { ...zk.delivery, nodeId: ZeroHash } }, "claim", /the request names/);
        await refutedAt({ ...zk, delivery: { ...zk.delivery, units: 2n } }, "signals", /of 2 units/);
        await refutedAt({ ...zk, delivery: { ...zk.delivery, outputHash: flip(zk.delivery.outputHash, 31) } }, "proof");
        await refutedAt({ ...zk, settled: zk.requested }, "claim", /settlement came before/);
        await refutedAt({ ...zk, delivery: { ...zk.delivery, at: { ...zk.requested, block: 0 } } }, "claim");
        await refutedAt({ ...batch, batch: { ...batch.batch, count: 2n } }, "batch", /another batch/);
        await refutedAt({ ...batch, rows: flip(batch.rows, 5) }, "batch", /rows/);
      }));

    it("any byte of a Groth16 proof flipped", () =>
      withCurve(async () => {
        const [proof = "0x"] = proven.zk.proofs;
        for (let index = 0; index < 256; index += deep ? 1 : 23) {
          const found = await verify({ ...proven.zk, proofs: [flip(proof, index)] });
          expect(found.verdict, `byte ${index}`).to.equal("refuted");
          expect(["subgroup", "proof"]).to.include(failedAt(found));
        }
        await refutedAt({ ...proven.zk, proofs: [proof.slice(0, -2)] }, "subgroup");
        await refutedAt({ ...proven.zk, proofs: [`0x${"00".repeat(256)}`] }, "subgroup");
      }));

    it("any byte of an enclave's signature flipped", async () => {
      for (const evidence of [proven.tee, proven.batch]) {
        const [proof = "0x"] = evidence.proofs;
        for (let index = 0; index < 69; index += deep ? 1 : 4) {
          await refutedAt({ ...evidence, proofs: [flip(proof, index)] }, "signature");
        }
      }
    });

    it("any byte of the attestation document flipped", async () => {
      const { tee } = proven;
      if (tee.enclave === null) throw new Error("no enclave");
      const { document } = tee.enclave;
      const steps = new Set<StepId | undefined>();
      for (let index = 0; index < getBytes(document).length; index += deep ? 1 : 31) {
        const found = await verify({ ...tee, enclave: { ...tee.enclave, document: flip(document, index) } });
        expect(found.verdict, `byte ${index}: ${found.summary}`).to.equal("refuted");
        steps.add(failedAt(found));
      }
      for (const step of ["document", "root", "certificate", "documentSignature"] as const) {
        expect(steps).to.include(step);
      }
    });

    it("any byte of the verifying key flipped", () =>
      withCurve(async () => {
        const { zk } = proven;
        if (zk.groth16 === null) throw new Error("no key");
        const { code } = zk.groth16;
        for (let index = 0; index < getBytes(code).length; index += deep ? 1 : 61) {
          await refutedAt({ ...zk, groth16: { ...zk.groth16, code: flip(code, index) } }, "key");
        }
      }));
  });

  describe("cannot be checked, and says so, where", () => {
    it("the proof system is another", async () => {
      const found = await verify({ ...proven.zk, groth16: null });
      expect(found.verdict).to.equal("unreadable");
      expect(found.summary).to.match(/proof system that is not known here/);
    });

    it("the RPC node is pruned, of another chain, or does not answer", async () => {
      const pointers = await pointersTo(proven.world, proven.zk.id);
      const unread = async (change: Parameters<typeof altered>[1], why: RegExp) => {
        const error = await gatherEvidence(altered(ethers.provider, change), pointers).catch((error: unknown) => error);
        expect(error).to.be.instanceOf(Unreadable);
        expect((error as Error).message).to.match(why);
      };
      await unread({ getTransactionReceipt: async () => null }, /does not have transaction 0x.* \(pruned/);
      await unread({ getTransaction: async () => null }, /does not have transaction/);
      await unread({ getBlock: async () => null }, /does not have block/);
      await unread({ getCode: () => Promise.reject(new Error("limit reached")) }, /does not answer: limit reached/);
      await unread({ getNetwork: async () => new ethers.Network("other", 1) }, /of chain 1, and the evidence of/);
    });

    it("it is no evidence", () => {
      const told = JSON.parse(toJson(proven.tee));
      expect(() => parseEvidence({ ...told, proofs: [1] })).to.throw(/"proof" has to be 0x-hex/);
      expect(() => parseEvidence({ ...told, settled: null })).to.throw(/a place on chain is not a JSON object/);
      expect(() => parseEvidence({ ...told, enclave: { ...told.enclave, validFrom: "9".repeat(20) } })).to.throw(
        /"validFrom" has to be/,
      );
    });
  });

  describe("is served by the indexer", () => {
    let rpc: RpcServer;
    let indexer: Indexer;
    /** What the indexer has asked the chain's node. */
    const asked: string[] = [];
    before(async () => {
      rpc = await serveRpc({
        request: (call) => {
          asked.push(call.method);
          return provider.request(call);
        },
      });
      indexer = await startIndexer({ rpcUrl: rpc.url, deployment: proven.world.deployment });
      await indexer.ready;
      await indexer.reached(await ethers.provider.getBlockNumber());
    });
    after(async () => {
      await indexer?.stop();
      await rpc?.close();
    });

    const served = async (path: string) => {
      const response = await fetch(`${indexer.url}${path}`);
      return { status: response.status, body: (await response.json()) as { readonly error?: string } };
    };

    it("as it was gathered here, for an inference and for a batch", async () => {
      for (const [kind, evidence] of [
        ["inferences", proven.zk],
        ["inferences", proven.tee],
        ["batches", proven.batch],
      ] as const) {
        const { status, body } = await served(`/${kind}/${evidence.id}/evidence`);
        expect(status, JSON.stringify(body)).to.equal(200);
        expect(body).to.deep.equal(JSON.parse(toJson(evidence).replaceAll(/"0x\w*"/g, (hex) => hex.toLowerCase())));
        const found = await verify(parseEvidence(body));
        expect(found.verdict, found.summary).to.equal("proven");
      }
    });

    it("without another question to the chain's node to who asks for it again", async () => {
      // The indexer does not ask for these itself.
      const questions = () => asked.filter((method) => /^eth_get(Code|TransactionReceipt)$/.test(method)).length;
      const before = questions();
      expect(before).to.be.greaterThan(0);
      const again = await Promise.all(Array.from({ length: 40 }, () => served(`/inferences/${proven.zk.id}/evidence`)));
      expect(new Set(again.map(({ status }) => status))).to.deep.equal(new Set([200]));
      expect(questions()).to.equal(before);
    });

    it("not where there is none, in one sentence", async () => {
      const { id } = proven.batch;
      const missing = await served(`/inferences/${id}/evidence`);
      expect(missing).to.deep.equal({ status: 404, body: { error: `no request has the id ${id}` } });
      const { requestId } = await proven.world.askDigit();
      await indexer.reached(await ethers.provider.getBlockNumber());
      const { status, body } = await served(`/inferences/${requestId}/evidence`);
      expect([status, body.error]).to.deep.equal([404, `request ${requestId} is not settled: nothing was proven`]);
      expect((await served(`/batches/${requestId}/evidence`)).status).to.equal(404);
      expect((await served("/batches/0x12/evidence")).status).to.equal(400);
    });
  });
});
