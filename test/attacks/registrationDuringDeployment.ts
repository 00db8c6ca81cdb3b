import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { ethers, loadProtocol, networkHelpers } from "../support/fixtures.ts";

/**
 * The first settlement acts at once because there is nobody to warn. Whoever registers a node between the deployments
 * of registry and settlement would make the protocol wait for the notice of later modules: weeks, for one transaction.
 */
describe("Attack: a registration while the protocol is being deployed", () => {
  it("is refused until the deployment is over, so that the first modules act at once and later ones give notice", async () => {
    const { accounts, contracts, doubles } = await loadProtocol();
    const { deployer, stranger: attacker } = accounts;
    const { settlement: first } = contracts;
    const { zk: later } = doubles;
    const manager = await ethers.deployContract("AccessManager", [deployer]);
    const opg = await ethers.deployContract("OPG", [deployer, 1n]);
    const nodes = await ethers.deployContract("NodeRegistry", [manager, opg, ZeroAddress, 100n, 50n]);
    const register = () => nodes.connect(attacker).register(ZeroHash, attacker, attacker, "", "");
    expect(await nodes.isOpen()).to.equal(false);
    await expect(register()).to.be.revertedWithCustomError(nodes, "NodeRegistry_NotOpen").withArgs();

    await nodes.addModule(first);
    expect(await nodes.moduleActiveAt(first)).to.equal(await networkHelpers.time.latest());

    await expect(nodes.connect(attacker).open())
      .to.be.revertedWithCustomError(nodes, "AccessManagedUnauthorized")
      .withArgs(attacker);
    await expect(nodes.open()).to.emit(nodes, "RegistrationOpened");
    await register();
    await nodes.addModule(later);
    expect(await nodes.moduleActiveAt(later)).to.equal(BigInt(await networkHelpers.time.latest()) + 150n);
  });
});
