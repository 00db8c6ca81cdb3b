/** What is added to each part of a node's OPG account, in base units. */
export interface AccountChange {
  readonly free: bigint;
  readonly bonded: bigint;
  readonly unbonding: bigint;
}

interface Amount {
  readonly amount: bigint;
}

/** No move at all. */
export const UNCHANGED: AccountChange = { free: 0n, bonded: 0n, unbonding: 0n };

/** What the registry's events move between the parts of an account, in or out. */
export const moves = {
  staked: ({ amount }: Amount): AccountChange => ({ ...UNCHANGED, free: amount }),
  unbonded: ({ amount }: Amount): AccountChange => ({ ...UNCHANGED, free: -amount, unbonding: amount }),
  rebonded: ({ amount }: Amount): AccountChange => ({ ...UNCHANGED, free: amount, unbonding: -amount }),
  withdrawn: ({ amount }: Amount): AccountChange => ({ ...UNCHANGED, unbonding: -amount }),
  bondLocked: ({ amount }: Amount): AccountChange => ({ ...UNCHANGED, free: -amount, bonded: amount }),
  bondUnlocked: ({ amount, burned, paid }: Amount & { readonly burned: bigint; readonly paid: bigint }) => ({
    ...UNCHANGED,
    free: amount - burned - paid,
    bonded: -amount,
  }),
  /** A burn from the free balance; a burn from a bond is in `bondUnlocked` already. */
  burnedFree: ({ amount }: Amount): AccountChange => ({ ...UNCHANGED, free: -amount }),
} as const;
