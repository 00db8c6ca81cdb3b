/** What each figure means, and the figures that the design set out to reach (gas). */
export interface Bar {
  what: string;
  /** At or under this from the start. */
  first?: number;
  /** Where we want to be. */
  target?: number;
}

/** In the order in which they are printed. A figure without bars is information. */
export const BARS: Record<string, Bar> = {
  "sha384.block": { what: "one 128-byte block of SHA-384", first: 32_000, target: 22_000 },
  "p384.verify": { what: "one P-384 signature with its hint, in a call", first: 2_200_000, target: 1_250_000 },
  "nitro.warm": { what: "attestation document under a cached chain and leaf", first: 4_000_000, target: 2_200_000 },
  "nitro.caCached": { what: "new leaf and document under cached CAs", first: 6_500_000, target: 3_600_000 },
  "nitro.cold": { what: "whole chain and document", first: 13_500_000, target: 5_600_000 },
  "groth16.verify": { what: "one Groth16 proof with 4 public signals, ours" },
  "groth16.snarkjs": { what: "the same proof, the contract that snarkjs generates" },
  "groth16.batchMarginal": { what: "one more proof in a batch, calldata included", first: 70_000, target: 50_000 },
  request: { what: "escrowed request, bond locked", first: 150_000, target: 105_000 },
  deliver: { what: "delivery by the node, output sent directly", first: 75_000, target: 50_000 },
  "settle.tee": { what: "enclave signature, payment and burn", first: 110_000, target: 80_000 },
  "settle.zk": { what: "Groth16 proof, payment and burn", first: 320_000, target: 280_000 },
  "settleMany.perRequest": { what: "one more request in a batch settled at once" },
  "batch.perPayer": { what: "one more native channel in a settled batch", first: 14_000, target: 10_100 },
  "batch.perPayerBytes": { what: "its calldata, in bytes" },
  "batch.perInference": { what: "100 payers with 1,000 inferences each, leaves by hash", first: 20, target: 11 },
  "batch.perPayerX402": { what: "one more x402 channel through the gate", first: 40_000, target: 25_000 },
  "batch.perPayerX402Bytes": { what: "its bytes of calldata" },
};

/** Ours may cost at most this many times what snarkjs's contract costs. */
export const GROTH16_RATIO = { first: 1.05, target: 1.0 };
