/** `npm run test:deep`: every test, with far more cases. What follows goes to `hardhat test`, such as a file. */
import { spawnSync } from "node:child_process";

const { status } = spawnSync("hardhat", ["test", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, OPG_DEEP: "1" },
  shell: process.platform === "win32",
});
process.exit(status ?? 1);
