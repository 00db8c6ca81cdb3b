import { expect } from "chai";
import { concat, dataSlice, getBytes, hexlify, keccak256, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { FIELD } from "../../circuits/src/field.ts";
import { encodePlonkParameters } from "../../circuits/src/plonk.ts";
import Plonk from "../../ignition/modules/Plonk.ts";
import type { PlonkAdapter } from "../../types/ethers-contracts/index.ts";
import { Commitment, ethers, loadProtocol, networkHelpers, Route } from "../support/fixtures.ts";
import { withWord, wordAt } from "../support/groth16.ts";
import { PlonkModel } from "../support/plonk.ts";
import { refused } from "../support/refused.ts";

/** Real proofs of a real model, in the contract that snarkjs generates: the second proof system behind the same seam. */
describe("The ZK route by PLONK", function () {
  this.timeout(600_000);

  describe("PlonkAdapter", () => {
    let adapter: PlonkAdapter;
    let model: PlonkModel;
    let claimed: Awaited<ReturnType<PlonkModel["proven"]>>;

    before(async () => {
      adapter = await ethers.deployContract("PlonkAdapter");
      model = await PlonkModel.deploy();
      claimed = await model.proven();
    });

    /** What the adapter says after a change of what it is asked. */
    const verify = ({
      claim = {},
      claimHash = claimed.claimHash,
      parameters = model.parameters as string,
      bytes = claimed.proof as string,
    }: {
      claim?: object;
      claimHash?: string;
      parameters?: string;
      bytes?: string;
    } = {}) => adapter.verify({ ...claimed.claim, ...claim }, claimHash, 0, parameters, bytes);

    it("accepts a proof of exactly the claim", async () => {
      expect(await verify()).to.equal(true);
    });

    it("refuses another claim hash, input, output, units or weights", async () => {
      const { verifier, codeHash, weightsCommitment } = model;
      const next = (word: string) => toBeHex(BigInt(word) + 1n, 32) as `0x${string}`;
      const other = encodePlonkParameters({
        verifier,
        codeHash,
        weightsCommitment: next(weightsCommitment),
        units: 1n,
      });
      for (const change of [
        { claimHash: next(claimed.claimHash) },
        { claim: { inputHash: next(claimed.claim.inputHash) } },
        { claim: { outputHash: next(claimed.claim.outputHash) } },
        { claim: { units: 2n } },
        { parameters: other },
      ]) {
        expect(
          await verify(change),
          JSON.stringify(change, (_, v) => String(v)),
        ).to.equal(false);
      }
    });

    it("refuses a proof with any byte flipped, or of another length", async () => {
      const bytes = getBytes(claimed.proof);
      for (const i of bytes.keys()) {
        if (!process.env.OPG_DEEP && i % 16 !== 15 && i % 32 !== 0) continue;
        const flipped = hexlify(bytes.with(i, (bytes[i] ?? 0) ^ (1 << (i % 8))));
        expect(await verify({ bytes: flipped }), `byte ${i}`).to.equal(false);
      }
      for (const other of ["0x", dataSlice(claimed.proof, 0, 767), concat([claimed.proof, "0x00"])]) {
        expect(await verify({ bytes: other })).to.equal(false);
      }
    });

    it("refuses parameters of another form without reverting", async () => {
      const { parameters } = model;
      for (const malformed of [
        "0x",
        dataSlice(parameters, 0, 127),
        concat([parameters, "0x00"]),
        withWord(parameters, 0, wordAt(parameters, 0) | (1n << 160n)),
        withWord(parameters, 96, 1n | (1n << 64n)),
        withWord(parameters, 64, wordAt(parameters, 64) + FIELD),
      ]) {
        expect(await verify({ parameters: malformed })).to.equal(false);
      }
    });

    it("takes one word that is one for an answer, within its gas, from the code that the model names", async () => {
      const target = "0x00000000000000000000000000000000000c0de5";
      const answers: Record<string, [string, boolean]> = {
        "returns one": ["0x60015f5260205ff3", true],
        "returns zero": ["0x5f5f5260205ff3", false],
        "returns two": ["0x60025f5260205ff3", false],
        "returns a byte": ["0x60015f526001601ff3", false],
        "returns two words": ["0x60015f5260405ff3", false],
        "returns nothing": ["0x00", false],
        "reverts with one": ["0x60015f5260205ffd", false],
        "burns its gas": ["0x5b5f56", false],
        "is not there": ["0x", false],
      };
      for (const [what, [code, answer]] of Object.entries(answers)) {
        await networkHelpers.setCode(target, code);
        const named = {
          verifier: target,
          codeHash: keccak256(code),
          weightsCommitment: model.weightsCommitment,
          units: 1n,
        };
        expect(await verify({ parameters: encodePlonkParameters(named) }), what).to.equal(answer);
        const other = encodePlonkParameters({ ...named, codeHash: model.codeHash });
        expect(await verify({ parameters: other }), `${what}, under another hash`).to.equal(false);
      }
      const nobody = { verifier: ZeroAddress, codeHash: keccak256("0x"), weightsCommitment: model.weightsCommitment };
      expect(await verify({ parameters: encodePlonkParameters({ ...nobody, units: 1n }) })).to.equal(false);
    });

    it("voids nothing", async () => {
      expect(await adapter.isVoid(claimed.claim.nodeId, 0)).to.equal(false);
    });
  });

  it("settles a request end to end, and refuses the proof of another one", async () => {
    const protocol = await loadProtocol();
    const { settlement, verifiers, models, nodes, usd, opg } = protocol.contracts;
    const { requester, operator, modelOwner, payout } = protocol.accounts;
    const model = await PlonkModel.deploy();
    const adapter = await ethers.deployContract("PlonkAdapter");
    await verifiers.add(Route.ZK, adapter);
    await networkHelpers.time.increase(await verifiers.activationDelay());
    await models
      .connect(modelOwner)
      .setRoute(protocol.modelId, Route.ZK, await verifiers.count(), Commitment.VALUE, model.parameters);
    const [routeVersion] = await models.currentRoute(protocol.modelId, Route.ZK);
    const offer = await protocol.offer({ routeVersion, pricePerUnit: 0n });
    await nodes.connect(operator).postOffer(offer);

    const question = model.question([1, 2, 3, 4]);
    const delivered = async () => {
      const terms = await protocol.terms({ maxFee: offer.pricePerRequest, inputHash: question.inputHash, offer });
      await settlement.connect(requester).request(terms, "0x");
      const answer = await protocol.answer(terms, { outputHash: question.outputHash, units: 1n });
      await settlement.deliver(terms, answer);
      const claimHash = await protocol.hashClaim(await protocol.claim(terms, answer));
      return { terms, claimHash, requestId: await protocol.requestIdOf(terms) };
    };
    const [first, second] = [await delivered(), await delivered()];
    const { proof } = await model.prove(question, first.claimHash);
    const settle = ({ terms }: typeof first) => settlement.settle(terms, question.outputHash, 1n, proof);

    const values = [second.requestId, second.claimHash];
    await refused(protocol, () => settle(second), settlement, "Settlement_InvalidProof", values);
    const supply = await opg.totalSupply();
    await settle(first);
    expect(await settlement.isSettled(first.requestId)).to.equal(true);
    expect(await settlement.creditOf(usd, payout)).to.equal(first.terms.maxFee);
    expect(await opg.totalSupply()).to.equal(supply - first.terms.verificationFee);
  });

  it("is added to the verifier registry by its Ignition module, pending like every later entry", async () => {
    const { ignition } = await network.create();
    const { verifiers, plonkAdapter } = await ignition.deploy(Plonk);
    const PENDING = 1n;
    expect(await verifiers.verifierOf?.(await verifiers.count?.())).to.deep.equal([
      await plonkAdapter.getAddress(),
      Route.ZK,
      PENDING,
    ]);
  });
});
