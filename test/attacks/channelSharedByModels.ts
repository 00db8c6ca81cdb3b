import { expect } from "chai";
import { id, SigningKey } from "ethers";
import { encodeTeeParameters } from "../../sdk/src/attestation/tee.ts";
import { channelIdOf } from "../../sdk/src/hash/channelIdOf.ts";
import { Trust } from "../../sdk/src/types.ts";
import { addressOfKey, BatchRoute, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { idOf, loadProtocol, Route, USD_UNIT } from "../support/fixtures.ts";

/**
 * An operator makes a model of its own, whose measurement is that of an image which signs whatever it is told. A payer
 * tries that model with a voucher over next to nothing, and uses a model that it trusts for more. If both were paid from
 * one channel, what the operator's image "proves" would pile up in it unpaid, and be drawn by the vouchers for the other
 * model, which has proven nothing.
 */
describe("Attack: a channel that is shared by models", () => {
  const KEY = new SigningKey(id("a payer's key"));
  const SIGNER = addressOfKey(KEY);

  it("draws nothing of what another model, or another version of the route, has proven", async () => {
    const protocol = await loadProtocol();
    const batches = await BatchRoute.open(protocol);
    const { contract, token } = batches;
    const { models } = protocol.contracts;
    const { nodeId, accounts } = protocol;
    await batches.openChannel(KEY);

    // The operator's own model, and one whose owner let the operator set a version of its route.
    const asOperator = models.connect(accounts.operator);
    const ownModel = idOf(accounts.operator.address, id("own"));
    await asOperator.register(id("own"), "");
    const { measurement } = await batches.route.tee.enclaveAt(nodeId, 0);
    const parameters = encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements: [measurement] });
    const verifierId = await protocol.contracts.verifiers.count();
    await asOperator.setRoute(ownModel, Route.TEE, verifierId, 1n, parameters);
    await models.connect(accounts.modelOwner).setRoute(protocol.modelId, Route.TEE, verifierId, 1n, parameters);
    const newVersion = Number((await models.currentRoute(protocol.modelId, Route.TEE)).version);

    for (const evil of [
      { modelId: ownModel, routeVersion: 1 },
      { modelId: protocol.modelId, routeVersion: newVersion },
    ]) {
      // The payer's voucher for the other model is real, and so is the proof by its image.
      const rows = batches.rows({ signer: KEY, ceiling: 1n, amount: 90n * USD_UNIT, voucher: evil });
      await expect(contract.settleBatch(...(await batches.signed(rows, evil)))).to.emit(contract, "RowNotPaid");
      expect(await batches.amounts(KEY)).to.deep.equal([0n, 100n * USD_UNIT, 0n]);

      // Even with a channel for the other model, each pays for itself.
      const place = [nodeId, evil.modelId, evil.routeVersion, token, SIGNER] as const;
      const digest = await contract.hashChannelKey(nodeId, evil.modelId, evil.routeVersion, token, accounts.requester);
      const asPayer = contract.connect(accounts.requester);
      await asPayer.open(...place, WITHDRAWAL_DELAY, 5n, KEY.sign(digest).serialized);
      await contract.settleBatch(...(await batches.signed(rows, evil)));
      expect((await contract.channelOf(channelIdOf(...place))).unpaid).to.equal(90n * USD_UNIT - 1n);

      // A voucher over all for the trusted model draws nothing: it has proven nothing.
      const trusted = batches.rows({ signer: KEY, ceiling: 100n * USD_UNIT, amount: 0n });
      const { modelId, routeVersion } = batches.voucher(0n);
      await contract.claim(nodeId, modelId, routeVersion, token, trusted);
      await contract.settleBatch(...(await batches.signed(trusted)));
      expect(await batches.amounts(KEY)).to.deep.equal([0n, 100n * USD_UNIT, 0n]);
    }
    expect(await batches.credit()).to.equal(2n);
  });
});
