import { expect } from "chai";
import type { BaseContract } from "ethers";
import type { Protocol } from "./fixtures.ts";

/** All that a refused call must leave as it was. */
async function stateOf({ contracts, accounts, nodeId }: Protocol) {
  const { opg, usd, nodes, settlement, batches } = contracts;
  const tokens = [await opg.getAddress(), await usd.getAddress()];
  const holders = [settlement, batches, nodes, ...Object.values(accounts)];
  return {
    supply: await opg.totalSupply(),
    account: await nodes.accountOf(nodeId),
    owed: await Promise.all(tokens.flatMap((token) => [settlement.owed(token), batches.owed(token)])),
    balances: await Promise.all(holders.flatMap((holder) => [opg.balanceOf(holder), usd.balanceOf(holder)])),
    credits: await Promise.all(
      tokens.flatMap((token) =>
        Object.values(accounts).flatMap((account) => [
          settlement.creditOf(token, account),
          batches.creditOf(token, account),
        ]),
      ),
    ),
  };
}

/** Expects an attempt to end in exactly this error, with these values, and to change nothing. */
export async function refused(
  protocol: Protocol,
  attempt: () => Promise<unknown>,
  contract: BaseContract,
  error: string,
  values: unknown[],
): Promise<void> {
  const before = await stateOf(protocol);
  await expect(attempt())
    .to.be.revertedWithCustomError(contract, error)
    .withArgs(...values);
  expect(await stateOf(protocol)).to.deep.equal(before);
}
