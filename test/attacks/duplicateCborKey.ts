import { encode } from "cborg";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import { encodeMap, signMessage } from "../../scripts/enclave/simulator.ts";
import { concat } from "../../sdk/src/attestation/der.ts";
import { defaultSimulator, NOW, register } from "../support/teeRoute.ts";

/**
 * Of a key that occurs twice, one reader takes the first value and another the last: the two verify different
 * documents. RFC 8949, section 5.6, leaves it to the application; ours refuses.
 */
describe("Attack: duplicate CBOR keys", () => {
  const fields = () => defaultSimulator.fields({ timestamp: NOW * 1000, nonce: register(7) });
  const deploy = async () => (await network.create()).ethers.deployContract("AttestationHarness");

  for (const key of fields().map(([name]) => name)) {
    it(`refuses a second ${key}`, async () => {
      const harness = await deploy();
      const again = fields()
        .filter(([name]) => name === key)
        // Other registers than the first time, or they would be the duplicates.
        .map(([name, value]) => [name, name === "pcrs" ? new Map([[31, register(1)]]) : value] as const);
      const document = signMessage(encodeMap([...fields(), ...again]), defaultSimulator.leaf.key);
      await expect(harness.parseDocument(document))
        .to.be.revertedWithCustomError(harness, "NitroAttestation_DuplicateField")
        .withArgs(encodeBytes32String(key));
    });
  }

  it("refuses a second value for a register", async () => {
    const harness = await deploy();
    const pcrs = concat(Uint8Array.from([0xa2]), encode(0), encode(register(1)), encode(0), encode(register(2)));
    const payload = concat(
      Uint8Array.from([0xa9]),
      ...fields().flatMap(([name, value]) => [encode(name), name === "pcrs" ? pcrs : encode(value)]),
    );
    await expect(harness.parseDocument(signMessage(payload, defaultSimulator.leaf.key)))
      .to.be.revertedWithCustomError(harness, "NitroAttestation_DuplicatePcr")
      .withArgs(0);
  });
});
