import { buildModule } from "@nomicfoundation/ignition-core";
import Protocol from "./Protocol.ts";

/** A fee token to try the protocol with, listed by the deployer (who has to be the governor). Never for production. */
export default buildModule("TestToken", (m) => {
  const { settlement } = m.useModule(Protocol);
  const testUsd = m.contract("TestUSD");
  m.call(settlement, "setToken", [testUsd, true]);
  return { testUsd };
});
