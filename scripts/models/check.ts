import { dataSlice } from "ethers";
import { CeremonyError } from "../../circuits/src/ceremony.ts";
import { decodeZkParameters } from "../../circuits/src/key.ts";
import type { Contracts } from "../../sdk/src/chain/contracts.ts";
import type { DeclaredCeremony } from "../../sdk/src/client/keyWeaknesses.ts";
import { modelIdOf } from "../../sdk/src/hash/modelIdOf.ts";
import { OutputCommitment } from "../../sdk/src/types.ts";
import { InputError } from "../cli/InputError.ts";
import type { ModelCircuit } from "./ModelModule.ts";
import { currentRoute, type Groth16, keyInfo } from "./publish.ts";
import { type CircuitKey, keyOf, readSources, type SourceOptions } from "./sources.ts";

/** One thing that was checked of a model. */
export interface Step {
  readonly what: string;
  readonly holds: boolean;
  readonly detail: string;
}

/** Where to look a model up. */
export interface Chain {
  readonly contracts: Contracts;
  readonly groth16: Groth16;
  /** The deployment's first block. */
  readonly startBlock: number;
}

/** Where a key's points begin; what it declares comes before them. See `IGroth16Verifier`. */
const POINTS = 0x60;

/**
 * Whether what is registered for a model is what its sources give: its content hash and the commitment to its weights from
 * the weights' file, its verifying key from the circuit, compiled anew, and the transcript of the ceremony that the key
 * declares. A declaration alone proves nothing. The model belongs to the sources if every step holds.
 *
 * @throws InputError if a source is missing or cannot be read.
 */
export async function* checkModel(
  { contracts, groth16, startBlock }: Chain,
  modelId: string,
  model: ModelCircuit,
  options: SourceOptions,
): AsyncGenerator<Step> {
  const [registration] = await contracts.models.events("ModelRegistered", [modelId], startBlock);
  if (registration === undefined) return yield { what: "model", holds: false, detail: "it is not registered" };
  const route = await currentRoute({ contracts }, modelId);
  if (route === undefined) return yield { what: "route", holds: false, detail: "the model has no ZK route" };
  const { verifier } = await contracts.verifiers.read("verifierOf", route.verifierId);
  const registered = decodeZkParameters(route.parameters);
  const isGroth16 = verifier.toLowerCase() === groth16.address.toLowerCase() && registered !== undefined;
  const detail = `version ${route.version}, by verifier ${route.verifierId}`;
  if (!isGroth16) return yield { what: "route", holds: false, detail: `${detail}, which is not Groth16Verifier` };
  yield { what: "route", holds: true, detail };

  const { circuit, contentHash, weightsCommitment } = await readSources(model, options);
  yield {
    what: "weights' file",
    holds: modelIdOf(registration.args.owner, contentHash) === modelId,
    detail: same("Keccak-256", registration.args.contentHash, contentHash),
  };
  yield {
    what: "weights",
    holds: registered.weightsCommitment === weightsCommitment,
    detail: same("commitment in the circuit", registered.weightsCommitment, weightsCommitment),
  };
  yield {
    what: "units",
    holds: registered.units === circuit.units,
    detail: same("an inference meters", String(registered.units), String(circuit.units)),
  };
  const outputs = Object.keys(OutputCommitment);
  yield {
    what: "output",
    holds: route.outputCommitment === circuit.output,
    detail: same("outputHash commits by", outputs[route.outputCommitment] ?? "?", outputs[circuit.output] ?? "?"),
  };

  const info = await keyInfo(groth16, registered.keyId);
  if (info === undefined) return yield { what: "key", holds: false, detail: `${registered.keyId} is not registered` };
  const { development, contributions, zkeyHash } = info.ceremony;
  if (!development && options.ceremony === undefined && options.zkey === undefined) {
    throw new InputError(
      `key ${registered.keyId} declares a ceremony of ${contributions} contributions: name its transcript, whose .zkey has the SHA-256 ${zkeyHash}, by --ceremony, or by --zkey and --ptau`,
    );
  }
  let key: CircuitKey;
  try {
    key = await keyOf(circuit.source, options);
  } catch (error) {
    if (!(error instanceof CeremonyError)) throw error;
    return yield { what: "ceremony", holds: false, detail: error.message };
  }
  const bytes = dataSlice(await contracts.models.provider.getCode(info.pointer), 1);
  const arePointsSame = dataSlice(bytes, POINTS) === dataSlice(key.keyBytes, POINTS);
  yield {
    what: "key's points",
    holds: arePointsSame,
    detail: arePointsSame ? "of this circuit and this setup" : "of another circuit or another setup",
  };
  const isDeclared = dataSlice(bytes, 0, POINTS) === dataSlice(key.keyBytes, 0, POINTS);
  yield {
    what: "key's declaration",
    holds: isDeclared,
    detail: isDeclared
      ? key.weaknesses.length === 0
        ? "a production key"
        : `a development key: ${key.weaknesses.join("; ")}`
      : `it declares ${describe(info.ceremony)}, and the transcript shows ${describe(key.ceremony)}`,
  };
  yield { what: "key", holds: key.keyId === registered.keyId, detail: same("id", registered.keyId, key.keyId) };
  const { powers } = key.verified ?? {};
  if (powers !== undefined) {
    const unknown = `not a published file that is known here (BLAKE2b-512 ${powers.hash.slice(2)}): trust it if you trust ${powers.contributions.map(({ name }) => name).join(", ") || "nobody"}`;
    yield { what: "powers of tau", holds: true, detail: powers.published ?? unknown };
  }
}

const same = (what: string, registered: string, found: string) =>
  registered === found ? `${what} ${registered}` : `${what} ${registered} on chain, ${found} by the sources`;

const describe = ({ development, contributions, beacon, zkeyHash }: DeclaredCeremony & { zkeyHash: string }) =>
  `${development ? "a development key" : "a production key"}, ${contributions} contributions, beacon ${beacon}, .zkey ${zkeyHash}`;
