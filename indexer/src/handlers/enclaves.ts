import { ponder } from "ponder:registry";
import { bannedMeasurement, enclave, measurementSet } from "ponder:schema";
import { nameOf, TRUSTS } from "../mapping/enums.ts";
import { stampOf } from "../mapping/stamp.ts";

ponder.on("Verifier:MeasurementSetRegistered", async ({ event, context }) => {
  const { setId, trust, backend, measurements } = event.args;
  await context.db
    .insert(measurementSet)
    .values({
      id: setId,
      trust: nameOf(TRUSTS, trust),
      backend,
      measurements: [...measurements],
      registeredAt: event.block.timestamp,
    })
    // Another verifier has it too; the same set, since it is named by its content.
    .onConflictDoNothing();
});

ponder.on("EnclaveRegistry:EnclaveAttested", async ({ event, context }) => {
  const { validFrom, validUntil, timestamp, ...attestation } = event.args;
  await context.db.insert(enclave).values({
    ...attestation,
    validFrom: BigInt(validFrom),
    validUntil: BigInt(validUntil),
    documentTime: timestamp,
    ...stampOf(event),
  });
});

ponder.on("EnclaveRegistry:EnclaveRevoked", async ({ event, context }) => {
  const { nodeId, index, validUntil, emergency } = event.args;
  await context.db
    .update(enclave, { nodeId, index })
    .set({ validUntil: BigInt(validUntil), emergency, revokedAt: event.block.timestamp });
});

ponder.on("EnclaveRegistry:MeasurementBanned", async ({ event, context }) => {
  const { measurement } = event.args;
  await context.db
    .insert(bannedMeasurement)
    .values({ measurement, ...stampOf(event) })
    .onConflictDoNothing();
});
