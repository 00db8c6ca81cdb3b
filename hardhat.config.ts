import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";
import type { HardhatPlugin } from "hardhat/types/plugins";

/** The compiler comes from npm (`solc`, exact version), so that a build downloads nothing. */
const solc = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
  settings: {
    // Cancun is the newest fork that every target network has; transient storage and MCOPY need it.
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 1_000_000 },
    metadata: { bytecodeHash: "none" },
  },
} as const;

/** Settlement would be larger than EIP-170 allows if it were compiled for speed like the rest. */
const compact = { ...solc, settings: { ...solc.settings, viaIR: true, optimizer: { enabled: true, runs: 1_000 } } };

/** A claim's loop keeps more at hand than the other code generator's stack takes. */
const viaIR = { ...solc, settings: { ...solc.settings, viaIR: true } };

/** One compiler setting for every profile: what is tested and measured is what is deployed. */
const profile = {
  compilers: [solc],
  overrides: {
    "contracts/settlement/Settlement.sol": compact,
    "contracts/settlement/Channels.sol": viaIR,
    "contracts/settlement/BatchSettlement.sol": viaIR,
    // As the batch settlement makes them.
    "contracts/settlement/X402Gate.sol": viaIR,
    "contracts/settlement/X402Gates.sol": viaIR,
  },
};

/** Compiles on every core; Hardhat by itself leaves one free, and so uses one of two. */
const everyCore: HardhatPlugin = {
  id: "opg-every-core",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        build: (context, roots, options, next) =>
          next(context, roots, { ...options, concurrency: availableParallelism() }),
      }),
    }),
  },
};

/** `npm run test:deep`: the same tests with many more cases. */
const deep = process.env.OPG_DEEP === "1";

/** An RPC network whose address and deployer key come from Hardhat's keystore or the environment. */
const rpc = (name: string, chainId?: number) => ({
  type: "http" as const,
  chainType: "l1" as const,
  ...(chainId === undefined ? {} : { chainId }),
  url: configVariable(`${name}_RPC_URL`),
  accounts: [configVariable("OPG_PRIVATE_KEY")],
});

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers, everyCore],
  solidity: {
    profiles: { default: profile, production: profile },
    npmFilesToBuild: ["@openzeppelin/contracts/access/manager/AccessManager.sol"],
  },
  paths: {
    tests: { mocha: "test", solidity: "test" },
  },
  typechain: { dontOverrideCompile: false },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
    localhost: { type: "http", chainType: "l1", url: "http://127.0.0.1:8545" },
    sepolia: rpc("SEPOLIA", 11_155_111),
    baseSepolia: rpc("BASE_SEPOLIA", 84_532),
    opengradient: rpc("OPENGRADIENT", 10_740),
    /** Any other EVM chain: set CUSTOM_RPC_URL and OPG_PRIVATE_KEY. */
    custom: rpc("CUSTOM"),
  },
  test: {
    mocha: { timeout: deep ? 3_600_000 : 240_000 },
    solidity: deep
      ? { fuzz: { runs: 10_000 }, invariant: { runs: 256, depth: 256 } }
      : { fuzz: { runs: 128 }, invariant: { runs: 24, depth: 48 } },
  },
});
