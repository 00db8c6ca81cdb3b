import { buildModule } from "@nomicfoundation/ignition-core";
import { deployCore } from "./core.ts";

/**
 * The protocol for a network that has an OPG token already: parameter `opg` is its address.
 *
 * What burns is sent to a {BurnSink}, which nobody can spend, so the token needs no `burn` of its own.
 */
export default buildModule("ProtocolForToken", (m) => {
  const opg = m.contractAt("OPG", m.getParameter("opg"));
  const burnSink = m.contract("BurnSink");
  return { opg, burnSink, ...deployCore(m, opg, burnSink) };
});
