import type { Signer } from "ethers";
import { type Contracts, contractsOf } from "../chain/contracts.ts";
import type { Deployment } from "../deployment.ts";
import { OpgError } from "../errors/OpgError.ts";
import { modelIdOf } from "../hash/modelIdOf.ts";
import type { OutputCommitment, Route } from "../types.ts";

/** A new version of a route. */
export interface NewRoute {
  readonly route: Route;
  /** Its number in the verifier registry; see {@link OpgModels.verifierIdOf}. */
  readonly verifierId: number;
  readonly outputCommitment: OutputCommitment;
  /** What the verifier needs to know of the model (0x-hex), in the verifier's own format. */
  readonly parameters: string;
}

/** The model owner's side of the protocol. Every function that sends a transaction returns when it is mined. */
export class OpgModels {
  readonly contracts: Contracts;
  readonly #signer: Signer;

  constructor({ signer, deployment }: { readonly signer: Signer; readonly deployment: Deployment }) {
    this.contracts = contractsOf(deployment, signer);
    this.#signer = signer;
  }

  /** Registers a model under the signer. @returns its `modelId`. */
  async register(contentHash: string, metadataURI = ""): Promise<string> {
    await this.contracts.models.write("register", contentHash, metadataURI);
    return modelIdOf(await this.#signer.getAddress(), contentHash);
  }

  /** Sets the next version of a route. @returns the version's number, from 1. */
  async setRoute(modelId: string, { route, verifierId, outputCommitment, parameters }: NewRoute): Promise<number> {
    const { models } = this.contracts;
    const receipt = await models.write("setRoute", modelId, route, verifierId, outputCommitment, parameters);
    const [set] = models.parse("RouteSet", receipt.logs);
    if (set === undefined) throw new OpgError(`Transaction ${receipt.hash} set no route.`);
    return set.args.version;
  }

  /** Takes a route out of use for new requests. */
  async disableRoute(modelId: string, route: Route): Promise<void> {
    await this.contracts.models.write("disableRoute", modelId, route);
  }

  /** The number of a verifier contract in the verifier registry. @throws OpgError if it is not in it. */
  async verifierIdOf(address: string): Promise<number> {
    const { verifiers } = this.contracts;
    const count = await verifiers.read("count");
    for (let verifierId = count; verifierId > 0; --verifierId) {
      const { verifier } = await verifiers.read("verifierOf", verifierId);
      if (verifier.toLowerCase() === address.toLowerCase()) return verifierId;
    }
    throw new OpgError(`The verifier registry has no entry for ${address}.`);
  }
}
