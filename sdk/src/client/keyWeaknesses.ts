/** How many independent contributions, and then a beacon, the ceremony of a production key has at the least. */
export const LEAST_CONTRIBUTIONS = 2;

/** What a verifying key declares of its ceremony that says whether to trust it; see `IGroth16Verifier.Ceremony`. */
export interface DeclaredCeremony {
  readonly development: boolean;
  readonly contributions: number;
  /** The public randomness that closed it, as hex; zero if there was none. */
  readonly beacon: string;
}

/** Why a verifying key, by what it declares itself, is not one for production; empty if it is. */
export function keyWeaknesses({ development, contributions, beacon }: DeclaredCeremony): string[] {
  if (development) return ["it is marked as a development key"];
  return [
    ...(contributions < LEAST_CONTRIBUTIONS
      ? [`its ceremony has ${contributions} of ${LEAST_CONTRIBUTIONS} contributions`]
      : []),
    ...(BigInt(beacon) === 0n ? ["no beacon closed its ceremony"] : []),
  ];
}
