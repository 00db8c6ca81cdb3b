/** Chains that exist on one machine only: Hardhat's and Ganache's numbers. */
const LOCAL = [31_337, 1_337];

/** Whether a chain is a local one, where development keys may be used and endpoints need no TLS. */
export const isLocalChain = (chainId: number): boolean => LOCAL.includes(chainId);
