import { SigningKey } from "ethers";
import { deployNitroVerifier } from "../../scripts/attestation/deploy.ts";
import { DevelopmentEnclave } from "../../scripts/enclave/enclave.ts";
import { createDevelopmentRoot, type Identity } from "../../scripts/enclave/simulator.ts";
import { documentHints } from "../../sdk/src/attestation/documentHints.ts";
import { encodeTeeParameters, measurementOf } from "../../sdk/src/attestation/tee.ts";
import { Trust } from "../../sdk/src/types.ts";
import type { NitroVerifier, TeeVerifier } from "../../types/ethers-contracts/index.ts";
import { Commitment, ethers, networkHelpers, type Offer, type Protocol, Route, type Terms } from "./fixtures.ts";

const register = (value: number) => new Uint8Array(48).fill(value);
/** PCR0 to PCR2 of the enclave's image. */
export const IMAGE = [register(1), register(2), register(3)] as const;

/** The enclave's key; fixed, because what a transaction's bytes cost must not depend on the run. */
const KEY = new SigningKey(`0x${"0e".repeat(32)}`);

async function attest({ nodeId, accounts }: Protocol, tee: TeeVerifier, enclave: DevelopmentEnclave): Promise<void> {
  const [userData, nonce] = await tee.expectedBinding(nodeId);
  const document = enclave.attest({ userData, nonce }, (await networkHelpers.time.latest()) * 1000);
  await tee.connect(accounts.operator).attest(nodeId, document, await documentHints(document));
}

/** The fixture's model with its TEE route under the real TeeVerifier, and an enclave that is attested for the node. */
export class EnclaveRoute {
  readonly protocol: Protocol;
  readonly tee: TeeVerifier;
  readonly enclave: DevelopmentEnclave;
  readonly offer: Offer;
  /** The verifier of documents, under the development root. */
  readonly nitro: NitroVerifier;
  readonly root: Identity;

  private constructor(
    protocol: Protocol,
    tee: TeeVerifier,
    nitro: NitroVerifier,
    root: Identity,
    enclave: DevelopmentEnclave,
    offer: Offer,
  ) {
    this.protocol = protocol;
    this.tee = tee;
    this.nitro = nitro;
    this.root = root;
    this.enclave = enclave;
    this.offer = offer;
  }

  /** Deploys the route under a development root, attests an enclave, sets the model's route, posts the node's offer. */
  static async open(protocol: Protocol): Promise<EnclaveRoute> {
    const { manager, models, nodes, verifiers } = protocol.contracts;
    const { modelOwner, operator } = protocol.accounts;
    const root = createDevelopmentRoot(undefined, (await networkHelpers.time.latest()) - 86_400);
    const { verifier } = await deployNitroVerifier({ ethers }, root.certificate);
    const tee = await ethers.deployContract("TeeVerifier", [manager, nodes, verifier, 900, 60, 2_592_000]);
    await verifiers.add(Route.TEE, tee);
    await networkHelpers.time.increase(await verifiers.activationDelay());

    const now = await networkHelpers.time.latest();
    const enclave = new DevelopmentEnclave({ root, measurement: IMAGE, now }, KEY);
    await attest(protocol, tee, enclave);

    const parameters = encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements: [measurementOf(IMAGE)] });
    const verifierId = await verifiers.count();
    await models
      .connect(modelOwner)
      .setRoute(protocol.modelId, Route.TEE, verifierId, Commitment.KECCAK256, parameters);
    const [routeVersion] = await models.currentRoute(protocol.modelId, Route.TEE);
    const offer = await protocol.offer({ route: Route.TEE, routeVersion });
    await nodes.connect(operator).postOffer(offer);
    return new EnclaveRoute(protocol, tee, verifier, root, enclave, offer);
  }

  /** Attests the enclave's key for the node once more. */
  async attestAgain(): Promise<void> {
    await attest(this.protocol, this.tee, this.enclave);
  }

  /** The enclave's proof of an answer to a request. */
  async prove(terms: Terms, answer: { outputHash: string; units: bigint }): Promise<string> {
    const claim = await this.protocol.claim(terms, answer);
    return this.enclave.prove(await this.protocol.hashClaim(claim), 0);
  }
}
