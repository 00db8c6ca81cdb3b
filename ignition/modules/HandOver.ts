import { buildModule } from "@nomicfoundation/ignition-core";

/** `ADMIN_ROLE` in OpenZeppelin's AccessManager: assigns every other role. */
const ADMIN_ROLE = 0n;

/**
 * The last step of a production deployment: the deployer, who is the protocol's admin, hands that over to `admin` (a
 * multisignature account or a governor) and keeps nothing. Parameters: `manager`, the deployment's AccessManager;
 * `admin`, which must not be the deployer, or nobody is left; `adminDelay`, the seconds that everything the admin does
 * has to be announced beforehand.
 */
export default buildModule("HandOver", (m) => {
  const manager = m.contractAt("AccessManager", m.getParameter("manager"));
  const granted = m.call(manager, "grantRole", [
    ADMIN_ROLE,
    m.getParameter("admin"),
    m.getParameter("adminDelay", 2 * 24 * 60 * 60),
  ]);
  m.call(manager, "renounceRole", [ADMIN_ROLE, m.getAccount(0)], { after: [granted] });
  return { manager };
});
