/** What tells an alert from others. */
interface AlertName {
  readonly id: string;
  readonly kind: string;
}

/**
 * Alerts, of which LAW_BROKEN is told only if a second look says so too: one look at an embedded database can see a block of
 * which half is indexed, and whose books do not balance yet.
 *
 * @param look Reads the alerts.
 * @param pause Waits for as long as a block may take.
 */
export async function lookTwice<Alert extends AlertName>(
  look: () => Promise<readonly Alert[]>,
  pause: () => Promise<unknown>,
): Promise<readonly Alert[]> {
  const first = await look();
  const broken = new Set(first.filter(({ kind }) => kind === "LAW_BROKEN").map(({ id }) => id));
  if (broken.size === 0) return first;
  await pause();
  return (await look()).filter(({ kind, id }) => kind !== "LAW_BROKEN" || broken.has(id));
}
