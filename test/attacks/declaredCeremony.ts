import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ceremonyFiles, verifyCeremony } from "../../circuits/src/ceremony.ts";
import { keyBytes, keyIdOf } from "../../circuits/src/key.ts";
import { checkModel } from "../../scripts/models/check.ts";
import { publishModel } from "../../scripts/models/publish.ts";
import { type CircuitKey, keyOf, readSources } from "../../scripts/models/sources.ts";
import { contractsOf } from "../../sdk/src/chain/contracts.ts";
import { TypedContract } from "../../sdk/src/chain/TypedContract.ts";
import { requireProductionKey } from "../../sdk/src/client/requireProductionKey.ts";
import { groth16VerifierAbi } from "../../sdk/src/generated/abis.ts";
import { OpgModels } from "../../sdk/src/operator/OpgModels.ts";
import { Route } from "../../sdk/src/types.ts";
import { BEACON, copyOf, keepCurve, makePowers, quiet, runCeremony, SCALE, sectionsOf } from "../support/ceremony.ts";
import { ethers, loadProtocol } from "../support/fixtures.ts";
import { model } from "../support/scaleModel.ts";
import { deploymentOf, temporaryDirectory } from "../support/sdk.ts";

const SEPOLIA = 11_155_111;

/**
 * A key declares its ceremony itself, and neither the contract nor a requester can tell a lie from the truth. Whoever knows
 * the secrets of a setup declares a ceremony that never was, and forges proofs. `opg model check` asks for the transcript.
 */
describe("Attack: a key whose declared ceremony is a lie", function () {
  this.timeout(600_000);

  let temporary: ReturnType<typeof temporaryDirectory>;
  let release: () => Promise<void>;
  const path = (...names: string[]) => join(temporary.path, ...names);
  before(async () => {
    temporary = temporaryDirectory();
    release = keepCurve();
    await runCeremony(path("honest"), await makePowers(path("tau.ptau")));
  });
  after(async () => {
    temporary.remove();
    await release();
  });

  it("is registered, and believed by who believes declarations; no transcript makes it true", async () => {
    // The attacker knows the secrets of the development setup, and publishes its key as that of the honest ceremony.
    const honest = await keyOf(SCALE, { ceremony: path("honest") });
    const known = await keyOf(SCALE, {});
    const bytes = `0x${honest.keyBytes.slice(2, 2 + 2 * 0x60)}${known.keyBytes.slice(2 + 2 * 0x60)}` as const;
    const lie: CircuitKey = { ...honest, keyBytes: bytes, keyId: keyIdOf(bytes) };

    const p = await loadProtocol();
    const { verifier } = await p.contracts.verifiers.verifierOf(1);
    const deployment = await deploymentOf(p);
    const signer = p.accounts.modelOwner;
    const groth16 = new TypedContract(verifier, groth16VerifierAbi, signer);
    const sources = await readSources(model.circuit, {});
    const { modelId, routeVersion } = await publishModel(
      { account: signer.address, chainId: SEPOLIA, models: new OpgModels({ signer, deployment }), groth16 },
      sources,
      lie,
    );
    const contracts = contractsOf(deployment, ethers.provider);
    const route = { modelId, route: Route.ZK, routeVersion };
    expect((await requireProductionKey(contracts, SEPOLIA, route))?.keyId).to.equal(lie.keyId);

    const failures = async (options: Parameters<typeof keyOf>[1]) => {
      const failed: string[] = [];
      const chain = { contracts, groth16, startBlock: 0 };
      for await (const { what, holds, detail } of checkModel(chain, modelId, model.circuit, options)) {
        if (!holds) failed.push(`${what}: ${detail}`);
      }
      return failed.join("\n");
    };
    // Neither the honest ceremony's transcript …
    expect(await failures({ ceremony: path("honest") })).to.match(
      /^key's points: of another circuit or another setup\nkey: /,
    );
    // … nor one of the development setup, whose powers of tau have no contribution …
    await runCeremony(path("own"), await makePowers(path("own.ptau"), 0));
    expect(await failures({ ceremony: path("own") })).to.contain("key's declaration: it declares a production key");
    // … nor the honest transcript with the key of the other setup in it.
    const forged = copyOf(path("honest"), path("forged"));
    const { zkey } = await ceremonyFiles(forged);
    const own = readFileSync((await ceremonyFiles(path("own"))).zkey);
    writeFileSync(zkey, withSection(own, readFileSync(zkey), 10));
    expect(await failures({ ceremony: forged }))
      .to.contain("ceremony: ")
      .and.contain("does not hold");
  });

  it("gives another key as soon as one word of the declaration changes", async () => {
    const { vkey, ceremony, keyId } = await verifyCeremony(await ceremonyFiles(path("honest")), quiet);
    const other = createHash("sha256").update("another .zkey").digest("hex");
    for (const change of [
      { development: true },
      { contributions: 3 },
      { beacon: `0x${BEACON.slice(4)}00` as const },
      { zkeyHash: `0x${other}` as const },
    ]) {
      expect(keyIdOf(keyBytes(vkey, { ...ceremony, ...change }))).not.to.equal(keyId);
    }
  });
});

/** A .zkey with one of its sections taken from another. */
function withSection(file: Buffer, from: Buffer, replaced: number): Buffer {
  const whole = (bytes: Buffer, type: number) =>
    sectionsOf(bytes)
      .filter((section) => section.type === type)
      .map(({ position, content, length }) => bytes.subarray(position, content + length));
  const sections = sectionsOf(file).flatMap(({ type }) => whole(type === replaced ? from : file, type));
  return Buffer.concat([file.subarray(0, 12), ...sections]);
}
