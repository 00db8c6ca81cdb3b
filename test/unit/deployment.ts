import { expect } from "chai";
import { type BaseContract, FunctionFragment, ZeroHash } from "ethers";
import HandOver from "../../ignition/modules/HandOver.ts";
import ProtocolModule from "../../ignition/modules/Protocol.ts";
import ProtocolForToken from "../../ignition/modules/ProtocolForToken.ts";
import { ROLES } from "../../ignition/modules/roles.ts";
import {
  ethers,
  ignition,
  loadProtocol,
  networkHelpers,
  OPG_UNIT,
  RequestStatus,
  Route,
  setUpProtocol,
} from "../support/fixtures.ts";

describe("Deployment: who may do what", () => {
  /** What each role may do, and nothing else. */
  const POWERS = {
    guardian: ["Settlement.pause"],
    governor: [
      "NodeRegistry.addModule",
      "Settlement.scheduleParameters",
      "Settlement.setToken",
      "Settlement.unpause",
      "VerifierRegistry.add",
      "VerifierRegistry.freeze",
    ],
    emergency: [
      "NitroVerifier.revokeCertificate",
      "TeeVerifier.banMeasurement",
      "TeeVerifier.emergencyRevoke",
      "VerifierRegistry.revoke",
    ],
    stranger: [],
  };

  /** The protocol with another account in each role. */
  async function deployWithRoles() {
    const { accounts } = await loadProtocol();
    const { relayer: guardian, operator: governor, signer: emergency, stranger, deployer } = accounts;
    const deployed = await ignition.deploy(ProtocolModule, {
      parameters: {
        Protocol: { guardian: guardian.address, governor: governor.address, emergency: emergency.address },
      },
    });
    const contracts: Record<string, BaseContract> = {
      OPG: await ethers.getContractAt("OPG", deployed.opg),
      NodeRegistry: await ethers.getContractAt("NodeRegistry", deployed.nodes),
      ModelRegistry: await ethers.getContractAt("ModelRegistry", deployed.models),
      VerifierRegistry: await ethers.getContractAt("VerifierRegistry", deployed.verifiers),
      Settlement: await ethers.getContractAt("Settlement", deployed.settlement),
      NitroVerifier: await ethers.getContractAt("NitroVerifier", deployed.nitroVerifier),
      TeeVerifier: await ethers.getContractAt("TeeVerifier", deployed.teeVerifier),
    };
    const manager = await ethers.getContractAt("AccessManager", deployed.manager);
    return { contracts, manager, deployer, holders: { guardian, governor, emergency, stranger } };
  }

  it("gives each role its powers, at once, and no other: the guardian can only pause", async () => {
    const { contracts, manager, holders } = await deployWithRoles();
    for (const role of ["guardian", "governor", "emergency", "stranger"] as const) {
      const allowed: string[] = [];
      for (const [name, contract] of Object.entries(contracts)) {
        for (const fragment of contract.interface.fragments) {
          if (!FunctionFragment.isFragment(fragment)) continue;
          const { immediate, delay } = await manager.canCall(holders[role], contract, fragment.selector);
          if (immediate || delay !== 0n) allowed.push(`${name}.${fragment.name}`);
        }
      }
      expect(allowed.sort()).to.deep.equal(POWERS[role]);
    }
  });

  it("is asked by every restricted function, and only the right role passes", async () => {
    const { contracts, holders } = await deployWithRoles();
    const anyArguments: Record<string, unknown[]> = {
      "TeeVerifier.banMeasurement": [ZeroHash],
      "NitroVerifier.revokeCertificate": [ZeroHash, 1n],
      "NodeRegistry.addModule": [holders.stranger.address],
      "NodeRegistry.open": [],
      "Settlement.pause": [],
      "Settlement.unpause": [],
      "Settlement.setToken": [contracts.OPG, true],
      "Settlement.scheduleParameters": [[1n, 1n, 1n, 1n, 1n]],
      "VerifierRegistry.add": [Route.ZK, contracts.OPG],
      "VerifierRegistry.freeze": [1n],
      "VerifierRegistry.revoke": [1n],
    };
    for (const [call, values] of Object.entries(anyArguments)) {
      const [name = "", method = ""] = call.split(".");
      const contract = contracts[name];
      if (contract === undefined) throw new Error(name);
      const allowed: string[] = [];
      for (const [role, holder] of Object.entries(holders)) {
        const as = contract.connect(holder) as BaseContract & Record<string, (...args: unknown[]) => Promise<unknown>>;
        const sent = as[method]?.(...values);
        if ((POWERS as Record<string, string[]>)[role]?.includes(call)) {
          await sent;
          allowed.push(role);
        } else {
          await expect(sent)
            .to.be.revertedWithCustomError(contract, "AccessManagedUnauthorized")
            .withArgs(holder.address);
        }
      }
      expect(allowed).to.have.lengthOf(method === "open" ? 0 : 1);
    }
  });

  it("leaves the deployer as the admin alone, with the core as the first module and registration open", async () => {
    const { contracts, manager, deployer, holders } = await deployWithRoles();
    const nodes = await ethers.getContractAt("NodeRegistry", contracts.NodeRegistry as BaseContract);
    const now = BigInt(await networkHelpers.time.latest());
    expect(await nodes.moduleActiveAt(contracts.Settlement as BaseContract)).to.be.within(1n, now);
    expect(await nodes.isOpen()).to.equal(true);
    const ADMIN_ROLE = await manager.ADMIN_ROLE();
    expect((await manager.hasRole(ADMIN_ROLE, deployer)).isMember).to.equal(true);
    for (const holder of Object.values(holders)) {
      expect((await manager.hasRole(ADMIN_ROLE, holder)).isMember).to.equal(false);
    }
    for (const role of Object.values(ROLES)) expect(await manager.getRoleAdmin(role)).to.equal(ADMIN_ROLE);
  });

  it("is handed over to an admin who has to announce what it does, and the deployer keeps nothing", async () => {
    const { contracts, manager, deployer, holders } = await deployWithRoles();
    const { stranger: admin } = holders;
    const parameters = { HandOver: { manager: await manager.getAddress(), admin: admin.address } };
    await ignition.deploy(HandOver, { parameters });
    const ADMIN_ROLE = await manager.ADMIN_ROLE();
    expect((await manager.hasRole(ADMIN_ROLE, deployer)).isMember).to.equal(false);
    expect(await manager.hasRole(ADMIN_ROLE, admin)).to.deep.equal([true, 172_800n]);
    await expect(manager.grantRole(ROLES.governor, deployer, 0n))
      .to.be.revertedWithCustomError(manager, "AccessManagerUnauthorizedAccount")
      .withArgs(deployer, ADMIN_ROLE);

    const grant = manager.interface.encodeFunctionData("grantRole", [ROLES.guardian, deployer.address, 0n]);
    const as = manager.connect(admin);
    await expect(as.grantRole(ROLES.guardian, deployer, 0n)).to.be.revertedWithCustomError(
      manager,
      "AccessManagerNotScheduled",
    );
    await as.schedule(manager, grant, 0n);
    await networkHelpers.time.increase(172_800n);
    await as.execute(manager, grant);
    await (await ethers.getContractAt("Settlement", contracts.Settlement as BaseContract)).pause();
  });
});

describe("Deployment: on a network that has an OPG token already", () => {
  /** The token has no burn of its own. */
  async function deployForToken() {
    const { accounts } = await loadProtocol();
    const token = await ethers.deployContract("TestUSD");
    await token.mint(accounts.deployer, 10_000_000n * OPG_UNIT);
    const deployed = await ignition.deploy(ProtocolForToken, {
      parameters: { ProtocolForToken: { opg: await token.getAddress() } },
    });
    const testUsd = await ethers.deployContract("TestUSD");
    const settlement = await ethers.getContractAt("Settlement", deployed.settlement);
    await settlement.setToken(testUsd, true);
    const protocol = await setUpProtocol({ ...deployed, testUsd });
    return { protocol, token, burnSink: await deployed.burnSink.getAddress() };
  }

  it("sends every burn to the sink: of settlements, open requests and defaults (law 3)", async () => {
    const { protocol, token, burnSink } = await deployForToken();
    const { settlement, nodes } = protocol.contracts;
    const supply = await token.totalSupply();
    await protocol.settled();
    const open = await protocol.request({ offer: protocol.openOffer() });
    const answer = await protocol.answer(open.terms);
    const proof = await protocol.proof(await protocol.claim(open.terms, answer, protocol.nodeId));
    await settlement.deliverAndSettle(open.terms, protocol.nodeId, answer, proof);
    const { terms, requestId } = await protocol.delivered();
    await protocol.passProofWindow(terms);
    await settlement.connect(protocol.accounts.stranger).claimDefault(terms);
    expect(await settlement.statusOf(requestId)).to.equal(RequestStatus.DEFAULTED);

    const burned = (await nodes.queryFilter(nodes.filters.Burned())).reduce((sum, { args }) => sum + args.amount, 0n);
    expect(burned).to.equal(2n * OPG_UNIT + 2n * OPG_UNIT + 18n * OPG_UNIT);
    expect(await token.balanceOf(burnSink)).to.equal(burned);
    expect(await token.totalSupply()).to.equal(supply);
    const { free, bonded, unbonding } = await nodes.accountOf(protocol.nodeId);
    expect(await token.balanceOf(nodes)).to.equal(free + bonded + unbonding);
    await settlement.withdrawFor(token, protocol.accounts.requester);
    expect(await token.balanceOf(protocol.accounts.requester)).to.equal(80n * OPG_UNIT);
  });
});
