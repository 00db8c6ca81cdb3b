import { expect } from "chai";
import { FunctionFragment } from "ethers";
import { artifacts } from "hardhat";
import { ethers, loadProtocol } from "../support/fixtures.ts";

/**
 * The settlement calls whatever address the requester names as consumer, and the settlement has power over bonds: the
 * registry as consumer would be called by one of its modules.
 */
describe("Attack: a consumer that trusts the settlement with more than a callback", () => {
  it("finds no function of ours behind a callback's selector", async () => {
    const callbacks = await selectorsOf("IInferenceConsumer");
    expect(callbacks).to.have.lengthOf(2);
    const names = ["Settlement", "NodeRegistry", "ModelRegistry", "VerifierRegistry", "OPG", "AccessManager"];
    for (const name of [...names, "TeeVerifier", "Groth16Verifier", "TestUSD"]) {
      const own = await selectorsOf(name);
      expect(callbacks.filter((selector) => own.includes(selector))).to.deep.equal([]);
    }
  });

  it("gets nothing but a failed callback when it is the registry, the settlement or a token", async () => {
    const { contracts } = await loadProtocol();
    for (const target of [contracts.nodes, contracts.settlement, contracts.opg, contracts.usd, contracts.manager]) {
      const protocol = await loadProtocol();
      const consumer = await target.getAddress();
      const { settlement, nodes } = protocol.contracts;
      const { terms, requestId } = await protocol.request({ consumer });
      const before = await nodes.accountOf(protocol.nodeId);
      await expect(settlement.deliver(terms, await protocol.answer(terms)))
        .to.emit(settlement, "CallbackFailed")
        .withArgs(requestId, consumer);
      expect(await nodes.accountOf(protocol.nodeId)).to.deep.equal(before);
    }
  });

  async function selectorsOf(name: string): Promise<string[]> {
    const { abi } = await artifacts.readArtifact(name);
    return new ethers.Interface(abi).fragments.flatMap((fragment) =>
      FunctionFragment.isFragment(fragment) ? [fragment.selector] : [],
    );
  }
});
