import { type BytesLike, hexlify } from "ethers";
import { network } from "hardhat";
import { p384Table } from "../../sdk/src/attestation/p384Table.ts";

/** Seconds before the time of interest at which a chain begins: room for the blocks that deploy the contracts. */
const LEAD = 60;

/** The first and the last second at which a chain can be: its lead after 1970, and the last that certificates name. */
export const [EARLIEST, LATEST] = [LEAD + 1, 253_402_300_799];

/** A chain in this process whose next blocks can be at `time`: Unix time in seconds, from EARLIEST to LATEST. */
export const connectAt = (time: number) =>
  network.create({ override: { initialDate: new Date((time - LEAD) * 1000), allowBlocksWithSameTimestamp: true } });

type Connection = Awaited<ReturnType<typeof connectAt>>;

/**
 * Deploys a verifier of attestation documents on a chain in this process, managed by the first account.
 *
 * @param root The root certificate in DER.
 */
export async function deployNitroVerifier({ ethers }: Pick<Connection, "ethers">, root: BytesLike) {
  const manager = await ethers.deployContract("AccessManager", [(await ethers.getSigners())[0]]);
  const table = await ethers.deployContract("P384Table", [p384Table()]);
  const p384 = await ethers.deployContract("P384Verifier", [table]);
  const verifier = await ethers.deployContract("NitroVerifier", [manager, p384, hexlify(root)]);
  return { manager, p384, verifier };
}
