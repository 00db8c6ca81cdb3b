/**
 * Does a task once, and gives its result to every later call. A task that failed is done again at the next call: whoever
 * tries again after the cause is gone must not meet the failure of before.
 */
export function once<Input, Output>(task: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  let result: Promise<Output> | undefined;
  return (input) => {
    result ??= task(input).catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}
