import { expect } from "chai";
import { FunctionFragment, ZeroAddress } from "ethers";
import { ethers, loadProtocol, OPG_UNIT } from "../support/fixtures.ts";

describe("OPG", () => {
  it("has a fixed supply, all of it the treasury's at first", async () => {
    const { deployer: holder } = (await loadProtocol()).accounts;
    const opg = await ethers.deployContract("OPG", [holder, 7n * OPG_UNIT]);
    expect(await opg.totalSupply()).to.equal(7n * OPG_UNIT);
    expect(await opg.balanceOf(holder)).to.equal(7n * OPG_UNIT);
    expect([await opg.name(), await opg.symbol(), await opg.decimals()]).to.deep.equal(["OPG", "OPG", 18n]);
    const writes = opg.interface.fragments.flatMap((fragment) =>
      FunctionFragment.isFragment(fragment) && !fragment.constant ? [fragment.name] : [],
    );
    expect(writes.sort()).to.deep.equal(["approve", "burn", "burnFrom", "permit", "transfer", "transferFrom"]);
  });

  it("burns by its holder, and from an allowance, and the supply falls by as much", async () => {
    const { contracts, accounts } = await loadProtocol();
    const { opg } = contracts;
    const supply = await opg.totalSupply();
    const burn = opg.burn(5n);
    await expect(burn).to.emit(opg, "Transfer").withArgs(accounts.deployer, ZeroAddress, 5n);
    await opg.approve(accounts.stranger, 3n);
    await opg.connect(accounts.stranger).burnFrom(accounts.deployer, 3n);
    expect(await opg.totalSupply()).to.equal(supply - 8n);
    await expect(opg.connect(accounts.stranger).burn(1n))
      .to.be.revertedWithCustomError(opg, "ERC20InsufficientBalance")
      .withArgs(accounts.stranger, 0n, 1n);
  });
});
