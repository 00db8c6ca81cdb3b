const queues = new Map<string, Promise<unknown>>();

/**
 * Runs one task at a time per key, in the order of the calls: two transactions of one account that are prepared at the
 * same time would take the same nonce.
 */
export function inOrder<T>(key: string, task: () => Promise<T>): Promise<T> {
  const result = (queues.get(key) ?? Promise.resolve()).then(task, task);
  const settled = result.then(
    () => undefined,
    () => undefined,
  );
  queues.set(key, settled);
  settled.then(() => {
    if (queues.get(key) === settled) queues.delete(key);
  });
  return result;
}
