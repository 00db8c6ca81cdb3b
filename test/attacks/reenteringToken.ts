import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { ethers, loadProtocol, USD_UNIT } from "../support/fixtures.ts";

/**
 * A listed token calls back in the middle of a transfer: into the escrow's balance check, to count one transfer twice,
 * and into a withdrawal, to take one credit twice.
 */
describe("Attack: a token that re-enters the settlement", () => {
  const attacked = async () => {
    const protocol = await loadProtocol();
    const { settlement, nodes } = protocol.contracts;
    const { requester, operator } = protocol.accounts;
    const token = await ethers.deployContract("HostileToken");
    await settlement.setToken(token, true);
    await token.mint(requester, 100n * USD_UNIT);
    await token.connect(requester).approve(settlement, MaxUint256);
    const offer = { token: await token.getAddress() };
    await nodes.connect(operator).postOffer(await protocol.offer(offer));
    const refusal = settlement.interface.encodeErrorResult("ReentrancyGuardReentrantCall", []);
    return { protocol, settlement, token, offer, refusal, target: await settlement.getAddress() };
  };

  it("finds every function that moves money shut while its tokens are pulled", async () => {
    const { protocol, settlement, token, offer, refusal, target } = await attacked();
    const { requester, relayer } = protocol.accounts;
    const open = await protocol.delivered({ offer });
    const inner = await protocol.terms({ offer });
    const credited = await protocol.request({ offer });
    await settlement.connect(protocol.accounts.signer).decline(credited.terms);
    const { terms, answer, proof } = open;
    const signature = await protocol.signTerms(inner);
    const permit = { value: 0n, deadline: 0n, v: 0, r: terms.inputHash, s: terms.inputHash };
    const encode = settlement.interface;
    const calls = [
      encode.encodeFunctionData("request", [inner, signature]),
      encode.encodeFunctionData("requestWithPermit", [inner, signature, permit]),
      encode.encodeFunctionData("decline", [terms]),
      encode.encodeFunctionData("deliver", [terms, answer]),
      encode.encodeFunctionData("settle", [terms, answer.outputHash, answer.units, proof]),
      encode.encodeFunctionData("deliverAndSettle", [terms, protocol.nodeId, answer, proof]),
      encode.encodeFunctionData("refund", [terms]),
      encode.encodeFunctionData("claimDefault", [terms]),
      encode.encodeFunctionData("voidRequest", [terms]),
      encode.encodeFunctionData("withdraw", [offer.token, target]),
      encode.encodeFunctionData("withdrawFor", [offer.token, requester.address]),
    ];
    for (const data of calls) {
      await token.setCall(settlement, data);
      const outer = await protocol.terms({ offer });
      const made = settlement.connect(relayer).request(outer, await protocol.signTerms(outer));
      await expect(made).to.emit(token, "Called").withArgs(false, refusal);
    }
    await token.setCall(ethers.ZeroAddress, "0x");
    expect(await settlement.owed(token)).to.equal(await token.balanceOf(settlement));
  });

  it("cannot take one credit twice", async () => {
    const { protocol, settlement, token, offer, refusal } = await attacked();
    const { requester } = protocol.accounts;
    const { terms } = await protocol.request({ offer });
    await protocol.request({ offer });
    await settlement.connect(protocol.accounts.signer).decline(terms);
    const data = settlement.interface.encodeFunctionData("withdrawFor", [offer.token, requester.address]);
    await token.setCall(settlement, data);
    const before = await token.balanceOf(requester);
    await expect(settlement.connect(requester).withdraw(token, requester))
      .to.emit(token, "Called")
      .withArgs(false, refusal);
    expect((await token.balanceOf(requester)) - before).to.equal(terms.maxFee);
    expect(await settlement.owed(token)).to.equal(await token.balanceOf(settlement));
  });
});
