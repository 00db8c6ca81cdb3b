import type { ModelCodec } from "../model.ts";
import type { InferenceClaim } from "../types.ts";

/** A model as its node runs it. */
export interface NodeModel extends ModelCodec {
  /**
   * Runs the model.
   *
   * @param limits `maxUnits`: how many units the requester's escrow pays for; undefined if units are free.
   * @returns the output bytes and what is metered.
   */
  run(
    input: Uint8Array,
    limits: { readonly maxUnits: bigint | undefined },
  ): Promise<{ readonly output: Uint8Array; readonly units: bigint }>;
  /** Proves what was run. @returns the proof (0x-hex) as the route's verifier takes it. */
  prove(job: {
    readonly claim: InferenceClaim;
    /** The claim's EIP-712 digest, which the proof has to bind. */
    readonly claimHash: string;
    readonly input: Uint8Array;
    /** 32 bytes of 0x-hex. */
    readonly salt: string;
    readonly output: Uint8Array;
  }): Promise<string>;
}
