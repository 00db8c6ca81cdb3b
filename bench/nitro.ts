import { connectAt, deployNitroVerifier } from "../scripts/attestation/deploy.ts";
import { createDevelopmentRoot, EnclaveSimulator } from "../scripts/enclave/simulator.ts";
import { parseDocument } from "../sdk/src/attestation/document.ts";
import { documentHints, pathHints } from "../sdk/src/attestation/documentHints.ts";
import { awsRoot, hasVectors, readVector } from "../test/support/vectors.ts";

/** The newest of AWS's documents among the test vectors. */
const DOCUMENT = "nitro/20260103T204107Z_nitro-validator.bin";

/** The document to measure with, and its root: AWS's, or where there are no test vectors a simulated one. */
function subject(): { document: Uint8Array; root: Uint8Array } {
  if (hasVectors()) return { document: readVector(DOCUMENT), root: awsRoot() };
  const root = createDevelopmentRoot();
  const register = (value: number) => new Uint8Array(48).fill(value);
  const simulator = new EnclaveSimulator({ root, measurement: [register(1), register(2), register(3)] });
  return { document: simulator.attest({ userData: new Uint8Array(20).fill(1) }), root: root.certificate };
}

/**
 * Measures the verification of an attestation document: the gas of one whole transaction, calldata and base included,
 * under Osaka's rules with its limit of 16,777,216 on.
 *
 * - `nitro.cold`: nothing is cached; five signatures are verified and four remembered.
 * - `nitro.caCached`: the authorities are cached; the document's certificate is new.
 * - `nitro.warm`: every certificate is cached; the document's signature is verified.
 */
export async function measureNitro(): Promise<Record<string, number>> {
  const { document, root } = subject();
  const { timestamp, cabundle } = parseDocument(document);
  const time = Number(timestamp / 1000n);
  const connection = await connectAt(time);
  try {
    const { verifier } = await deployNitroVerifier(connection, root);
    const { time: clock, takeSnapshot } = connection.networkHelpers;
    const snapshot = await takeSnapshot();
    const verify = async (uncached: number) => {
      await clock.setNextBlockTimestamp(time);
      const receipt = await (await verifier.verify(document, await documentHints(document, uncached))).wait();
      return Number(receipt?.gasUsed);
    };

    const cold = await verify(cabundle.length + 1);
    const warm = await verify(1);
    await snapshot.restore();
    await clock.setNextBlockTimestamp(time);
    await verifier.cacheCertificates([...cabundle], await pathHints(cabundle));
    const caCached = await verify(2);
    return { "nitro.cold": cold, "nitro.caCached": caCached, "nitro.warm": warm };
  } finally {
    await connection.close();
  }
}
