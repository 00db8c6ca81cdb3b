import { computeAddress, getBytes, SigningKey, ZeroHash } from "ethers";
import { connectAt, deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import {
  createDevelopmentRoot,
  EnclaveSimulator,
  type Identity,
  type SimulatorOptions,
} from "../../scripts/enclave/simulator.ts";
import { documentHints, pathHints } from "../../sdk/src/attestation/documentHints.ts";

/** When simulated certificates begin and documents are made: Unix time in seconds. */
export const NOW = 1_800_000_000;

/** 48 equal bytes. */
export const register = (value: number): Uint8Array => new Uint8Array(48).fill(value);

/** PCR0 to PCR2 of the simulated image. */
export const IMAGE = [register(1), register(2), register(3)] as const;

/** One root for a whole run: keys and signatures take time. */
export const developmentRoot: Identity = createDevelopmentRoot(undefined, NOW - 86_400);

/** Seconds: how old and how far ahead documents may be, and how long keys last. */
export const POLICY = { freshness: 300, futureSkew: 30, lifetime: 7 * 86_400 } as const;

/** One simulated instance for a whole run: the chain under it is cached in `deployTeeRoute`. */
export const defaultSimulator: EnclaveSimulator = new EnclaveSimulator({
  root: developmentRoot,
  measurement: IMAGE,
  now: NOW,
});

/**
 * The contracts of the TEE route with one node, owned and operated by the second account. `reset` brings the chain
 * back to how this leaves it, just before `NOW`, with the default simulator's certificates in the cache.
 */
export async function deployTeeRoute() {
  const connection = await connectAt(NOW);
  const { ethers } = connection;
  const [governor, operator, signer, stranger] = await ethers.getSigners();
  if (!governor || !operator || !signer || !stranger) throw new Error("the chain has too few accounts");
  const { manager, verifier, p384 } = await deployNitroVerifier(connection, developmentRoot.certificate);
  const opg = await ethers.deployContract("OPG", [governor, 10n ** 24n]);
  const nodes = await ethers.deployContract("NodeRegistry", [manager, opg, ethers.ZeroAddress, 86_400, 86_400]);
  await nodes.open();
  await nodes.connect(operator).register(ZeroHash, signer, operator, "", "");
  const nodeId = ethers.keccak256(
    ethers.AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [operator.address, ZeroHash]),
  );
  const enclaves = await ethers.deployContract("TeeVerifier", [
    manager,
    nodes,
    verifier,
    POLICY.freshness,
    POLICY.futureSkew,
    POLICY.lifetime,
  ]);
  await connection.networkHelpers.time.setNextBlockTimestamp(NOW - 1);
  const path = [...defaultSimulator.path, defaultSimulator.leaf].map(({ certificate }) => certificate);
  await verifier.cacheCertificates(path, await pathHints(path));
  const snapshot = await connection.networkHelpers.takeSnapshot();
  const reset = () => snapshot.restore();
  return {
    reset,
    connection,
    ethers,
    governor,
    operator,
    signer,
    stranger,
    manager,
    p384,
    verifier,
    nodes,
    nodeId,
    enclaves,
  };
}

export type TeeRoute = Awaited<ReturnType<typeof deployTeeRoute>>;

/** A secp256k1 key as an enclave makes one: the key, its point, its address. */
export function newEnclaveKey() {
  const key = new SigningKey(
    getBytes(
      `0x${[...crypto.getRandomValues(new Uint8Array(32))].map((b) => b.toString(16).padStart(2, "0")).join("")}`,
    ),
  );
  return { key, publicKey: getBytes(key.publicKey), address: computeAddress(key.publicKey) };
}

/** A document that the registry expects next for a node, with changes, and its hints. */
export async function documentFor(
  { enclaves, nodeId }: Pick<TeeRoute, "enclaves" | "nodeId">,
  changes: {
    measurement?: SimulatorOptions["measurement"];
    nodeId?: string;
    publicKey?: Uint8Array;
    timestamp?: number;
    userData?: Uint8Array;
    nonce?: Uint8Array;
  } = {},
) {
  const [userData, nonce] = await enclaves.expectedBinding(changes.nodeId ?? nodeId);
  const document = defaultSimulator.attest({
    measurement: changes.measurement ?? IMAGE,
    timestamp: changes.timestamp ?? NOW * 1000,
    publicKey: changes.publicKey ?? newEnclaveKey().publicKey,
    userData: changes.userData ?? getBytes(userData),
    nonce: changes.nonce ?? getBytes(nonce),
  });
  return { document, hints: await documentHints(document) };
}
