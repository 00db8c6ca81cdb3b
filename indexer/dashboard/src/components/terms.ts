/** What the words of the protocol mean, for somebody who has not read its documentation. */
export const TERMS = {
  gap: {
    title: "Trust gap",
    meaning:
      "The time from the answer's delivery to its settlement. Within it the user has an answer that is not proven yet, and the node's collateral stands for it. It is zero where the proof came with the answer.",
  },
  atRisk: {
    title: "Collateral at risk",
    meaning:
      "OPG that nodes have locked for answers which are out and not proven. If a proof does not come in time, this is what the requesters are compensated from.",
  },
  net: {
    title: "Net of self-dealing",
    meaning:
      "Without inferences that a node sold to itself, as far as the chain shows: the requester is or was the node's owner, signer or payout address, was paid by one of them, or pays nothing. Gross figures contain them.",
  },
  burn: {
    title: "Burn",
    meaning:
      "OPG that is destroyed for good. Each proof that settles burns a verification fee from the node's own OPG, and each default burns a part of its collateral. Users' fees never burn.",
  },
  zk: {
    title: "Zero-knowledge route",
    meaning:
      "A mathematical proof (Groth16) that this model with these weights turned this input into this output. Nobody has to be trusted with the computation.",
  },
  development: {
    title: "Development key",
    meaning:
      "The key that checks this circuit's proofs is not one for production: it is marked as a development key, or its ceremony is not whole. Whoever made it can prove anything, so its proofs show nothing to others. It is for tests.",
  },
  developmentRoot: {
    title: "Development root",
    meaning:
      "The machine's attestation does not end at AWS's root certificate, but at another one. Whoever owns that can attest anything, so a signature shows nothing to others. It is for tests.",
  },
  tee: {
    title: "Enclave route",
    meaning:
      "An AWS Nitro enclave signs the answer. Its attestation, checked on chain up to its root certificate, says which program runs in it. What the signature shows depends on that program: see LOCAL and GATEWAY.",
  },
  local: {
    title: "LOCAL",
    meaning:
      "The model and its weights ran inside the attested machine. A signature shows that this model gave this answer.",
  },
  gateway: {
    title: "GATEWAY",
    meaning:
      "The attested machine only relayed the prompt to a named service and its answer back. It shows what was asked and answered. What ran at that service nobody knows.",
  },
  measurement: {
    title: "Measurement",
    meaning:
      "A fingerprint of the program that runs in an enclave. Two enclaves with the same measurement run exactly the same program.",
  },
  stake: {
    title: "Stake",
    meaning:
      "OPG that a node has deposited. Free: backs new requests and can be unbonded. Bonded: locked for requests that are not finished. Unbonding: on its way out, and still reachable by slashing.",
  },
  reliability: {
    title: "Reliability",
    meaning:
      "Of the inferences that the node owed a proof for, the share that it proved: settled ÷ (settled + defaulted).",
  },
  units: {
    title: "Units",
    meaning: "What a metered fee counts: tokens on enclave routes, one per inference on zero-knowledge routes.",
  },
  coverage: {
    title: "Coverage",
    meaning: "OPG that the node locks for each request. Most of it goes to the requester if no proof comes in time.",
  },
  batch: {
    title: "Batch",
    meaning:
      "Many inferences settled at once: an enclave signs one Merkle root over all of them, and each payer's channel is drawn by what was proven for it.",
  },
  channel: {
    title: "Channel",
    meaning:
      "A payer's prepaid balance towards one node. The payer signs vouchers with a rising ceiling; the node draws only what a settled batch has proven.",
  },
  stream: {
    title: "Stream",
    meaning:
      "The inferences of one enclave key for one route version, numbered without a gap, so that no inference can settle twice.",
  },
  laws: {
    title: "Books balance",
    meaning:
      "Sums that must agree, each counted twice from different rows: what the contracts owe, and who it is owed to. The indexer recounts them with every question.",
  },
  annualised: {
    title: "Annualised",
    meaning: "The share of the supply that would burn in 365 days if burning went on at this pace.",
  },
} as const;

export type TermName = keyof typeof TERMS;
