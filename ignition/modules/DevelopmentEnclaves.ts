import { buildModule } from "@nomicfoundation/ignition-core";
import { ROUTE } from "./core.ts";
import Protocol from "./Protocol.ts";
import { deployP384, deployTee } from "./tee.ts";

/**
 * A second TEE route beside production's, for simulated enclaves under a root of one's own: parameter `root` is its
 * certificate in DER, as hex. The verifier is an entry of its own, usable after the registry's activation delay, and
 * nothing that names production's entry can be settled by it. Never for production. The deployer has to be the
 * governor.
 */
export default buildModule("DevelopmentEnclaves", (m) => {
  const protocol = m.useModule(Protocol);
  const { manager, nodes, verifiers } = protocol;
  const verifier = m.contract("NitroVerifier", [manager, deployP384(m), m.getParameter<string>("root")]);
  const { teeVerifier } = deployTee(m, manager, nodes, verifier);
  m.call(verifiers, "add", [ROUTE.TEE, teeVerifier]);
  return { ...protocol, nitroVerifier: verifier, teeVerifier };
});
