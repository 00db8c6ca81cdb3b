import hre from "hardhat";

/** EIP-170: a contract's code may not be larger, in bytes. */
const CODE_SIZE_LIMIT = 24_576;

/** Deployed size, in bytes, of every contract of ours that is deployed. */
export async function measureCodeSizes(): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of await hre.artifacts.getAllFullyQualifiedNames()) {
    if (!name.startsWith("contracts/") || /^contracts\/(test|examples)\//.test(name)) continue;
    const { contractName, deployedBytecode } = await hre.artifacts.readArtifact(name);
    const size = (deployedBytecode.length - 2) / 2;
    // Interfaces have no code, and a library of internal functions has only the stub that refuses calls.
    if (size < 100) continue;
    if (size > CODE_SIZE_LIMIT)
      throw new Error(`${contractName} has ${size} bytes of code; EIP-170 allows ${CODE_SIZE_LIMIT}`);
    sizes[contractName] = size;
  }
  return sizes;
}
