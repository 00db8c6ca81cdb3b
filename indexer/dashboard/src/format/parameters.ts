/** Parameters of a zero-knowledge route: `abi.encode` of IGroth16Verifier's `ZkParameters`. */
export interface ZkParameters {
  /** Keccak-256 of the verifying key's bytes. */
  readonly keyId: string;
  /** What binds the weights, which stay private. */
  readonly weightsCommitment: string;
  /** What one inference meters. */
  readonly units: bigint;
}

/** Reads the parameters of a zero-knowledge route; null if they are something else, which no verifier accepts. */
export function zkParametersOf(parameters: string): ZkParameters | null {
  if (!/^0x[0-9a-f]{192}$/.test(parameters)) return null;
  const word = (place: number) => parameters.slice(2 + 64 * place, 2 + 64 * (place + 1));
  return { keyId: `0x${word(0)}`, weightsCommitment: `0x${word(1)}`, units: BigInt(`0x${word(2)}`) };
}
