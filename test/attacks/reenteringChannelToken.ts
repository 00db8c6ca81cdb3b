import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { channelIdOf } from "../../sdk/src/hash/channelIdOf.ts";
import { BatchRoute, channelKey, WITHDRAWAL_DELAY } from "../support/batches.ts";
import { ethers, loadProtocol, networkHelpers } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/**
 * A listed token calls back in the middle of a deposit or a withdrawal, to have one transfer counted twice or one balance
 * paid out twice; or it moves less than it says.
 */
describe("Attack: a channel's token that re-enters, or takes a fee", () => {
  const KEY = channelKey(1);
  const attacked = async () => {
    const protocol = await loadProtocol();
    const batches = await BatchRoute.open(protocol);
    const { requester } = protocol.accounts;
    const contract = batches.contract.connect(requester);
    const token = await ethers.deployContract("HostileToken");
    await protocol.contracts.settlement.setToken(token, true);
    await token.mint(requester, 1_000n);
    await token.connect(requester).approve(contract, MaxUint256);
    const [nodeId, modelId, version] = batches.place(KEY);
    const place = [nodeId, modelId, version, await token.getAddress(), requester.address] as const;
    await contract.open(...place, WITHDRAWAL_DELAY, 100n, "0x");
    const refusal = contract.interface.encodeErrorResult("ReentrancyGuardReentrantCall", []);
    return { protocol, batches, contract, token, place, refusal, channelId: channelIdOf(...place) };
  };

  it("finds every function that moves money shut while a deposit is pulled and while a withdrawal is sent", async () => {
    const { protocol, batches, contract, token, place, refusal, channelId } = await attacked();
    const [nodeId, modelId, version, tokenAddress] = place;
    const to = protocol.accounts.requester.address;
    const [batch, proof, rows] = await batches.signed("0x", { token: tokenAddress });
    const encode = contract.interface;
    const calls = [
      encode.encodeFunctionData("open", [...place, WITHDRAWAL_DELAY, 1n, "0x"]),
      encode.encodeFunctionData("deposit", [...place, 1n]),
      encode.encodeFunctionData("withdrawChannel", [...place, to]),
      encode.encodeFunctionData("claim", [nodeId, modelId, version, tokenAddress, "0x"]),
      encode.encodeFunctionData("claimLedger", [nodeId, modelId, version, tokenAddress, "0x"]),
      encode.encodeFunctionData("settleBatch", [batch, proof, rows]),
      encode.encodeFunctionData("reportEquivocation", [batch, proof, { ...batch, count: 2n }, proof]),
      encode.encodeFunctionData("withdraw", [tokenAddress, to]),
      encode.encodeFunctionData("withdrawFor", [tokenAddress, to]),
    ];
    for (const data of calls) {
      await token.setCall(contract, data);
      await expect(contract.deposit(...place, 1n))
        .to.emit(token, "Called")
        .withArgs(false, refusal);
    }
    await contract.announceWithdrawal(channelId);
    await networkHelpers.time.increase(WITHDRAWAL_DELAY);
    await token.setCall(contract, encode.encodeFunctionData("withdrawChannel", [...place, to]));
    await expect(contract.withdrawChannel(...place, to))
      .to.emit(token, "Called")
      .withArgs(false, refusal);
    expect(await token.balanceOf(to)).to.equal(1_000n);
    expect(await contract.owed(token)).to.equal(0n);
  });

  it("is refused a deposit of which less arrives than was named", async () => {
    const { protocol, contract, token, place } = await attacked();
    await token.setFee(100n);
    const deposit = () => contract.deposit(...place, 100n);
    await refused(protocol, deposit, contract, "Settlement_InexactTransfer", [place[3], 100n, 99n]);
    expect((await contract.channelOf(channelIdOf(...place))).balance).to.equal(100n);
  });
});
