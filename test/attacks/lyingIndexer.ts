import { expect } from "chai";
import { concat, getBytes, hexlify, toBeHex, Wallet } from "ethers";
import { withCurve } from "../../circuits/src/curve.ts";
import { DevelopmentEnclave } from "../../scripts/enclave/enclave.ts";
import { createDevelopmentRoot } from "../../scripts/enclave/simulator.ts";
import { encodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { hashClaim } from "../../sdk/src/hash/hashClaim.ts";
import { hashTerms } from "../../sdk/src/hash/hashTerms.ts";
import { Trust } from "../../sdk/src/types.ts";
import type { EnclaveEvidence, Evidence, InferenceEvidence } from "../../sdk/src/verify/evidence.ts";
import { gatherEvidence, pointersOf } from "../../sdk/src/verify/gatherEvidence.ts";
import { Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { StepId, VerificationOptions } from "../../sdk/src/verify/verifyEvidence.ts";
import { IMAGE } from "../support/enclave.ts";
import { failedAt, ProvenWorld, verify } from "../support/evidence.ts";
import { ethers } from "../support/fixtures.ts";

/**
 * Who serves evidence may lie, coherently: everything that can be made up is made up to fit. What cannot be is a hash,
 * a proof and a signature; and what remains is caught by reading the same places from a chain that one trusts.
 */
describe("An indexer that lies about its evidence", function () {
  this.timeout(600_000);

  let proven: ProvenWorld;
  let zk: InferenceEvidence;
  let tee: InferenceEvidence;
  let enclave: EnclaveEvidence;
  before(async () => {
    proven = await ProvenWorld.open();
    ({ zk, tee } = proven);
    if (tee.enclave === null) throw new Error("no enclave");
    enclave = tee.enclave;
  });

  async function refutedAt(
    evidence: Evidence,
    step: StepId,
    why: RegExp,
    options: Partial<VerificationOptions> = {},
  ): Promise<void> {
    const found = await verify(evidence, options);
    expect(failedAt(found), found.summary).to.equal(step);
    expect(found.summary).to.match(why);
    expect(found.verdict).to.equal("refuted");
  }

  /** The claim hash of an inference's evidence. */
  const claimHash = ({ id, terms, delivery, chainId, contract }: InferenceEvidence) =>
    hashClaim(
      { chainId, settlement: contract },
      { requestId: id, modelId: terms.offer.modelId, inputHash: terms.inputHash, ...delivery },
    );

  /** Evidence under an enclave of the indexer's own, all of which fits: document, root, measurement, key and signature. */
  function counterfeit(change: { nodeId?: string; index?: number; image?: typeof IMAGE; expired?: boolean } = {}) {
    const { nodeId = tee.delivery.nodeId, index = enclave.index, image = IMAGE, expired = false } = change;
    const at = enclave.attested.timestamp;
    const root = createDevelopmentRoot(undefined, at - 86_400);
    const own = new DevelopmentEnclave({ root, measurement: image, now: at });
    const coder = ethers.AbiCoder.defaultAbiCoder();
    const bound = [tee.chainId, tee.route.verifier, nodeId];
    const types = ["uint256", "address", "bytes32"];
    const userData = coder.encode(types, bound);
    const nonce = ethers.keccak256(coder.encode([...types, "uint256"], [...bound, index]));
    const made = expired ? at + 10 * 365 * 86_400 : at;
    const document = own.attest({ userData, nonce }, made * 1000);
    const evidence: InferenceEvidence = {
      ...tee,
      proofs: [own.prove(claimHash(tee), enclave.index)],
      enclave: {
        ...enclave,
        key: own.address,
        document: hexlify(document),
        rootHash: ethers.sha256(root.certificate),
      },
    };
    return { evidence, root };
  }

  it("a key of its own for the model's key, or a key and parameters of its own", () =>
    withCurve(async () => {
      if (zk.groth16 === null) throw new Error("no key");
      // The development flag cleared: the same points, under another declaration, are another key.
      const code = getBytes(zk.groth16.code);
      const pretending = hexlify(code.with(1 + 20, 0));
      await refutedAt({ ...zk, groth16: { ...zk.groth16, code: pretending } }, "key", /is not key/);
      const parameters = concat([
        ethers.keccak256(getBytes(pretending).subarray(1)),
        `0x${zk.route.parameters.slice(66)}`,
      ]);
      const coherent = { ...zk, groth16: { ...zk.groth16, code: pretending }, route: { ...zk.route, parameters } };
      // Which parameters are the model's, only the chain can say.
      const again = await gatherEvidence(ethers.provider, pointersOf(coherent));
      expect(again.route.parameters).to.equal(zk.route.parameters);
    }));

  it("a proof of another claim, and another claim's output", () =>
    withCurve(async () => {
      const other = await proven.world.askDigit();
      await refutedAt({ ...zk, proofs: [other.proof] }, "proof", /snarkjs refuses/);
      await refutedAt({ ...zk, proofs: tee.proofs }, "subgroup", /not canonical/);
      const outputHash = toBeHex(BigInt(zk.delivery.outputHash) ^ 1n, 32); // Another digit.
      await refutedAt({ ...zk, delivery: { ...zk.delivery, outputHash } }, "proof", /snarkjs refuses/);
      await refutedAt({ ...tee, delivery: { ...tee.delivery, outputHash } }, "signature", /not the attested key/);
      await refutedAt({ ...tee, proofs: zk.proofs }, "signature", /69 bytes/);
    }));

  it("terms that were never asked for, under an identifier that fits them", async () => {
    const terms = { ...zk.terms, nonce: zk.terms.nonce + 1n };
    const id = hashTerms({ chainId: zk.chainId, settlement: zk.contract }, terms);
    await refutedAt({ ...zk, terms, id }, "proof", /snarkjs refuses/);
    // The page asks for one request, and takes no other's evidence.
    await refutedAt({ ...zk, id: tee.id }, "terms", /another request/);
  });

  it("a root of its own, with everything below it", async () => {
    const { evidence, root } = counterfeit();
    // On a local chain any root may be the chain's; then the page says so loudly.
    const local = await verify(evidence);
    expect(local.caveats.join()).to.match(/DEVELOPMENT ROOT, not AWS's/);
    await refutedAt(
      { ...evidence, enclave: { ...enclave, ...evidence.enclave, rootHash: enclave.rootHash } } as Evidence,
      "root",
      /not AWS's/,
    );
    await refutedAt(evidence, "root", /come from the root/, { root: proven.world.route.root.certificate });
    expect((await verify(evidence, { root: root.certificate })).verdict).to.equal("proven");
    // Read from the chain, it is gone.
    const again = await gatherEvidence(ethers.provider, pointersOf(evidence));
    expect(again.enclave?.key).to.equal(enclave.key);
    expect(again.enclave?.rootHash).to.equal(enclave.rootHash);
  });

  it("the document of another node, of another attestation, or of another key", async () => {
    const withDocument = (document: string): Evidence => ({ ...tee, enclave: { ...enclave, document } });
    const document = (change: Parameters<typeof counterfeit>[0]) => {
      const { evidence, root } = counterfeit(change);
      return [evidence, { root: root.certificate }] as const;
    };
    const [elsewhere, own] = document({ nodeId: ethers.id("another node") });
    await refutedAt(elsewhere, "binding", /another chain, registry or node/, own);
    const [later, ownLater] = document({ index: enclave.index + 1 });
    await refutedAt(later, "binding", /another attestation/, ownLater);
    // The node's other enclave is genuine, and did not sign.
    const { tee: registry } = proven.world.route;
    const [first] = await registry.queryFilter(registry.filters.EnclaveAttested(tee.delivery.nodeId, 0));
    const { data = "0x" } = (await ethers.provider.getTransaction(first?.transactionHash ?? "")) ?? {};
    const [, genuine] = registry.interface.decodeFunctionData("attest", data);
    await refutedAt(withDocument(genuine), "binding", /another attestation/);
    const key = Wallet.createRandom().address;
    await refutedAt({ ...tee, enclave: { ...enclave, key } }, "signature", /not the attested key/);
  });

  it("a stale certificate: times that the certificates do not bear out", async () => {
    const late = enclave.attested.timestamp + 86_400 * 365;
    const shifted: Evidence = {
      ...tee,
      delivery: { ...tee.delivery, at: { ...tee.delivery.at, timestamp: late } },
      enclave: {
        ...enclave,
        validFrom: late,
        validUntil: late + 10,
        endsAt: late + 10,
        attested: { ...enclave.attested, timestamp: late },
      },
    };
    await refutedAt(shifted, "certificate", /is not valid at/);
    // Times that fit the certificates, and not the document that they sign.
    const { evidence, root } = counterfeit({ expired: true });
    await refutedAt(evidence, "certificate", /is not valid at/, { root: root.certificate });
    await refutedAt(
      { ...tee, enclave: { ...enclave, validUntil: tee.delivery.at.timestamp } },
      "attestation",
      /not valid/,
    );
    await refutedAt({ ...tee, enclave: { ...enclave, endsAt: tee.delivery.at.timestamp } }, "attestation", /revoked/);
  });

  it("an image that the model does not trust", async () => {
    const image = [new Uint8Array(48).fill(9), IMAGE[1], IMAGE[2]] as const;
    const { evidence, root } = counterfeit({ image: image as unknown as typeof IMAGE });
    await refutedAt(evidence, "measurement", /not that of the document/, { root: root.certificate });
    const measurements = [ethers.id("another image")];
    const parameters = encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements });
    await refutedAt({ ...tee, route: { ...tee.route, parameters } }, "measurement", /does not trust/);
    await refutedAt({ ...tee, route: { ...tee.route, parameters: "0x" } }, "measurement", /does not trust/);
  });

  it("a batch whose key signed another batch for the same inferences", async () => {
    const shown = { ...proven.batch, equivocated: proven.batch.settled };
    await refutedAt(shown, "revocations", /signed another batch/);
  });

  it("transactions that are others: what stands there is not what it says", async () => {
    const { settled, requested } = zk;
    const swapped = [
      { ...zk, settled: requested },
      { ...zk, requested: settled },
      { ...zk, settled: tee.settled },
      { ...tee, route: zk.route },
      { ...zk, contract: proven.batch.contract },
    ];
    for (const evidence of swapped) {
      const error = await gatherEvidence(ethers.provider, pointersOf(evidence)).catch((one: unknown) => one);
      expect(error).to.be.instanceOf(Unreadable);
    }
  });
});
