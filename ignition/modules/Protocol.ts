import { buildModule } from "@nomicfoundation/ignition-core";
import { ZeroAddress } from "ethers";
import { deployCore } from "./core.ts";

/** The whole protocol with an OPG token of its own. What production, tests and demo deploy. */
export default buildModule("Protocol", (m) => {
  const opg = m.contract("OPG", [
    m.getParameter("treasury", m.getAccount(0)),
    m.getParameter("opgSupply", 1_000_000_000n * 10n ** 18n),
  ]);
  return { opg, ...deployCore(m, opg, ZeroAddress) };
});
