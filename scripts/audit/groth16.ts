import { groth16 } from "snarkjs";
import { withCurve } from "../../circuits/src/curve.ts";
import { groth16VerifierAbi } from "../../sdk/src/generated/abis.ts";
import type { InferenceClaim } from "../../sdk/src/types.ts";
import {
  isGroth16Valid,
  type KeyCeremony,
  publicSignalsFor,
  readRegisteredKey,
  readZkParameters,
} from "../../sdk/src/verify/groth16.ts";
import { Refuted, Unreadable } from "../../sdk/src/verify/refuted.ts";
import type { ProvenRoute } from "./route.ts";
import type { Proof, Shown } from "./shown.ts";
import type { Notes, Subject } from "./subject.ts";

/**
 * Verifies with snarkjs that one of some proofs proves a claim: under the key that the model's route names, read from
 * its contract's code, and with public signals made here of the claim.
 *
 * @throws Refuted if none does; Unreadable for another proof system or a key that the node does not have.
 */
export async function auditGroth16(
  subject: Subject,
  claim: InferenceClaim,
  claimHash: string,
  route: ProvenRoute,
  proofs: AsyncIterable<Shown<Proof>>,
  { say, mind }: Notes,
): Promise<void> {
  const parameters = readZkParameters(route.parameters);
  if (parameters === undefined)
    throw new Unreadable("the route's verifier is of a proof system that this audit does not know");
  const { keyId } = parameters;
  const [registered] = await subject.chain.events(route.verifier, groth16VerifierAbi, "KeyRegistered", [keyId]);
  if (registered === undefined) throw new Unreadable(`no Groth16 key ${keyId} is registered with the route's verifier`);
  const { pointer } = registered.args;
  const { key, ceremony } = readRegisteredKey(await subject.chain.code(pointer), keyId);
  say(`key ${keyId}, from the code of ${pointer}`);
  say(`its ceremony: ${describe(ceremony)}`);
  if (ceremony.development) {
    mind(
      "the verifying key is a development key: whoever made it can prove anything, so this proof shows nothing to others",
    );
  }
  const signals = publicSignalsFor(claim, claimHash, parameters);
  await withCurve(async (curve) => {
    for await (const { proof, where } of proofs) {
      if (!(await isGroth16Valid({ groth16, curve }, key, signals, proof))) continue;
      say(`snarkjs accepts the proof ${where} of claim, weights, input and output`);
      return;
    }
    throw new Refuted("snarkjs refuses the proof");
  });
}

const describe = ({ development, contributions, beacon, zkeyHash }: KeyCeremony): string =>
  development
    ? "none; a DEVELOPMENT key"
    : `${contributions} contributions, ${BigInt(beacon) === 0n ? "no beacon" : `beacon ${beacon}`}, zkey ${zkeyHash} (as declared; opg circuit verify checks a ceremony)`;
