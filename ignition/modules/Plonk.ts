import { buildModule } from "@nomicfoundation/ignition-core";
import { ROUTE } from "./core.ts";
import Protocol from "./Protocol.ts";

/**
 * PLONK as a second proof system of the ZK route, beside Groth16: an entry of its own in the verifier registry, usable
 * after the registry's activation delay. The deployer has to be the governor.
 */
export default buildModule("Plonk", (m) => {
  const protocol = m.useModule(Protocol);
  const plonkAdapter = m.contract("PlonkAdapter");
  m.call(protocol.verifiers, "add", [ROUTE.ZK, plonkAdapter]);
  return { ...protocol, plonkAdapter };
});
