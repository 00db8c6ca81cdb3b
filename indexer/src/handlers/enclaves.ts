import { ponder } from "ponder:registry";
import { bannedMeasurement, certificate, enclave, keyFault, revokedCertificate, verifyingKey } from "ponder:schema";
import { zeroHash } from "viem";
import { KEY_FAULTS } from "../mapping/enums.ts";
import { stampOf } from "../mapping/stamp.ts";
import { kept } from "../mapping/text.ts";
import { recordGovernance } from "./governance.ts";

/*
 * A verifier need not be one of ours: whatever the registry has added may emit these events as it likes. What an honest one
 * never emits (a second attestation of a number, an unknown kind of fault) is passed over; it must not stop the indexer.
 */

ponder.on("Verifier:EnclaveAttested", async ({ event, context }) => {
  const { validFrom, validUntil, timestamp, moduleId, ...attestation } = event.args;
  await context.db
    .insert(enclave)
    .values({
      ...attestation,
      verifier: event.log.address,
      moduleId: kept(moduleId),
      validFrom: BigInt(validFrom),
      validUntil: BigInt(validUntil),
      documentTime: timestamp,
      ...stampOf(event),
    })
    .onConflictDoNothing();
});

ponder.on("Verifier:EnclaveRevoked", async ({ event, context }) => {
  const { nodeId, index, validUntil, emergency } = event.args;
  const key = { verifier: event.log.address, nodeId, index };
  if (emergency) {
    const act = { subject: nodeId, reference: String(index), effectiveAt: BigInt(validUntil) };
    await recordGovernance(context, event, { kind: "ENCLAVE_REVOKED", ...act });
  }
  // Of an enclave that was attested before the registry had its verifier, there is no row.
  if ((await context.db.find(enclave, key)) === null) return;
  await context.db
    .update(enclave, key)
    .set({ validUntil: BigInt(validUntil), emergency, revokedAt: event.block.timestamp });
});

ponder.on("Verifier:KeyFaulted", async ({ event, context }) => {
  const { fault: value, ...names } = event.args;
  const fault = KEY_FAULTS[value];
  if (fault === undefined) return;
  const state = { fault, ...stampOf(event) };
  await context.db
    .insert(keyFault)
    .values({ verifier: event.log.address, ...names, ...state })
    .onConflictDoUpdate(state);
});

ponder.on("Verifier:KeyRegistered", async ({ event, context }) => {
  const { ceremony, ...key } = event.args;
  await context.db
    .insert(verifyingKey)
    .values({
      verifier: event.log.address,
      ...key,
      ...ceremony,
      contributions: BigInt(ceremony.contributions),
      beacon: ceremony.beacon === zeroHash ? null : ceremony.beacon,
      ...stampOf(event),
    })
    .onConflictDoNothing();
});

ponder.on("Verifier:MeasurementBanned", async ({ event, context }) => {
  const { measurement } = event.args;
  await context.db
    .insert(bannedMeasurement)
    .values({ verifier: event.log.address, measurement, ...stampOf(event) })
    .onConflictDoNothing();
  await recordGovernance(context, event, { kind: "MEASUREMENT_BANNED", subject: measurement });
});

// --- certificates -----------------------------------------------------------------------------------------------------------

ponder.on("NitroVerifier:CertificateVerified", async ({ event, context }) => {
  const nitroVerifier = event.log.address;
  await context.db.insert(certificate).values({ nitroVerifier, ...event.args, ...stampOf(event) });
});

ponder.on("NitroVerifier:CertificateRevoked", async ({ event, context }) => {
  const { issuer, serial } = event.args;
  const key = { nitroVerifier: event.log.address, issuer, serial };
  // The emergency role may do it again.
  await context.db
    .insert(revokedCertificate)
    .values({ ...key, ...stampOf(event) })
    .onConflictDoNothing();
  await recordGovernance(context, event, {
    kind: "CERTIFICATE_REVOKED",
    subject: issuer,
    reference: String(serial),
  });
});
