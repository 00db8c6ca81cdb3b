import { buildModule } from "@nomicfoundation/ignition-core";
import DevelopmentEnclaves from "./DevelopmentEnclaves.ts";
import TestToken from "./TestToken.ts";

/** The protocol with a fee token and simulated enclaves, to see everything at work on a local chain. */
export default buildModule("Demo", (m) => ({ ...m.useModule(TestToken), ...m.useModule(DevelopmentEnclaves) }));
