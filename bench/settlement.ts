import type { ContractTransactionResponse } from "ethers";
import { digitImages } from "../circuits/src/dataset.ts";
import { loadDigits, proveDigit } from "../circuits/src/digits.ts";
import { encodeZkParameters } from "../circuits/src/key.ts";
import { commitInput, commitOutput, type Hex, infer } from "../circuits/src/model.ts";
import { Commitment, ethers, loadProtocol, type Protocol, Route } from "../test/support/fixtures.ts";
import { withFixedBlinding } from "./fixedBlinding.ts";

/** Far away, and the same at every run: what a transaction's bytes cost must not depend on the day. */
const DEADLINE = 4_000_000_000n;
const SALT = 1n;
const GROTH16_VERIFIER = 1n;

async function gasOf(transaction: Promise<ContractTransactionResponse>): Promise<number> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("bench: the transaction is not mined");
  return Number(receipt.gasUsed);
}

/**
 * What the steps of one escrowed request for a digit cost as transactions, in the steady state: node and requester have
 * met before, so every balance is non-zero. `maxFee` is the fee, which is known beforehand on a ZK route.
 */
export async function measureSettlement(): Promise<Record<string, number>> {
  const digits = await loadDigits((line) => console.error(line));
  const protocol = await loadProtocol();
  const { settlement } = protocol.contracts;
  const { requester, signer } = protocol.accounts;
  await protocol.settled();
  const { routeVersion, ...prices } = await offerDigits(protocol, digits);

  const pixels = digitImages().heldOut[0]?.pixels ?? [];
  const terms = await protocol.terms({
    deadline: DEADLINE,
    maxFee: prices.pricePerRequest,
    inputHash: commitInput(pixels, SALT),
    offer: { routeVersion, ...prices },
  });
  const answer = await protocol.answer(terms, {
    outputHash: commitOutput(infer(digits.weights, pixels).digit),
    units: 1n,
    signature: "0x",
  });
  const claimHash = (await protocol.hashClaim(await protocol.claim(terms, answer))) as Hex;
  const { proof } = await withFixedBlinding(() => proveDigit(digits, { claimHash, pixels, salt: SALT }));
  return {
    request: await gasOf(settlement.connect(requester).request(terms, "0x")),
    deliver: await gasOf(settlement.connect(signer).deliver(terms, answer)),
    "settle.zk": await gasOf(settlement.settle(terms, answer.outputHash, answer.units, proof)),
  };
}

/** Sets the model's ZK route to the digit circuit under the real verifier, and the node's offer to it. */
async function offerDigits(protocol: Protocol, digits: Awaited<ReturnType<typeof loadDigits>>) {
  const { models, nodes, verifiers } = protocol.contracts;
  const groth16 = await ethers.getContractAt(
    "Groth16Verifier",
    (await verifiers.verifierOf(GROTH16_VERIFIER)).verifier,
  );
  await groth16.registerKey(digits.keyBytes);
  const parameters = encodeZkParameters({ ...digits, units: 1n });
  await models
    .connect(protocol.accounts.modelOwner)
    .setRoute(protocol.modelId, Route.ZK, GROTH16_VERIFIER, Commitment.VALUE, parameters);
  const [routeVersion] = await models.currentRoute(protocol.modelId, Route.ZK);
  const offer = await protocol.offer({ routeVersion, pricePerUnit: 0n });
  await nodes.connect(protocol.accounts.operator).postOffer(offer);
  return offer;
}
