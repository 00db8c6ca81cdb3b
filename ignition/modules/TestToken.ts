import { buildModule } from "@nomicfoundation/ignition-core";
import Protocol from "./Protocol.ts";

/** The protocol with a fee token to try it, listed by the deployer, who has to be the governor. Not for production. */
export default buildModule("TestToken", (m) => {
  const protocol = m.useModule(Protocol);
  const testUsd = m.contract("TestUSD");
  m.call(protocol.settlement, "setToken", [testUsd, true]);
  return { ...protocol, testUsd };
});
