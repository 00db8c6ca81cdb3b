import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { encode } from "cborg";
import { concat, element, octetString, sequence } from "../../sdk/src/attestation/der.ts";
import { basicConstraints, extension, issueCertificate, KeyUsage, keyUsage, signP384 } from "./certificate.ts";

/** A certificate and the private key that it certifies. */
export interface Identity {
  readonly certificate: Uint8Array;
  readonly key: KeyObject;
}

/** What an enclave asks its security module to attest. */
export interface AttestationRequest {
  /** Unix time in milliseconds; now by default. */
  readonly timestamp?: number;
  readonly publicKey?: Uint8Array | null;
  readonly userData?: Uint8Array | null;
  readonly nonce?: Uint8Array | null;
  /** PCR0 to PCR2, 48 bytes each; the simulator's image by default. */
  readonly measurement?: SimulatorOptions["measurement"];
}

/** What the simulated instance is. */
export interface SimulatorOptions {
  /** The development root; `createDevelopmentRoot` makes one. */
  readonly root: Identity;
  /** PCR0 to PCR2 of the simulated image, 48 bytes each; all zero for an enclave in debug mode. */
  readonly measurement: readonly [Uint8Array, Uint8Array, Uint8Array];
  /** Unix time, in seconds, around which the certificates are valid; now by default. */
  readonly now?: number;
}

type Name = readonly (readonly [string, string])[];

const DAY = 86_400;
const ROOT_NAME: Name = [
  ["C", "US"],
  ["O", "OPG Settlement development"],
  ["CN", "development.nitro-enclaves"],
];

const now = (): number => Math.floor(Date.now() / 1000);
const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "secp384r1" }).privateKey;

/** The head of a CBOR item (RFC 8949, section 3) of less than 65,536. */
const head = (major: number, argument: number): Uint8Array =>
  Uint8Array.from(
    argument < 24
      ? [(major << 5) | argument]
      : argument < 0x100
        ? [(major << 5) | 24, argument]
        : [(major << 5) | 25, argument >> 8, argument & 0xff],
  );

/** A map in CBOR with its pairs in the given order, as AWS's encoder keeps them; keys may repeat, for tests. */
export const encodeMap = (pairs: readonly (readonly [unknown, unknown])[]): Uint8Array =>
  concat(
    head(5, pairs.length),
    ...pairs.flatMap(([key, value]) => [encode(key), value instanceof Map ? encodeMap([...value]) : encode(value)]),
  );

/** A COSE_Sign1 message (RFC 9052) signed with ES384, untagged as AWS makes it. */
export function signMessage(payload: Uint8Array, key: KeyObject): Uint8Array {
  const protectedHeader = Uint8Array.from([0xa1, 0x01, 0x38, 0x22]);
  const signed = concat(
    head(4, 4),
    encode("Signature1"),
    encode(protectedHeader),
    encode(new Uint8Array()),
    encode(payload),
  );
  return concat(head(4, 4), encode(protectedHeader), head(5, 0), encode(payload), encode(signP384(signed, key)));
}

/**
 * Makes a root for development: a self-signed P-384 certificate that no production deployment accepts, since those
 * pin AWS's.
 *
 * @param key The root's private key; a new one by default.
 * @param from Unix time, in seconds, from which it is valid for thirty years; yesterday by default.
 */
export function createDevelopmentRoot(key: KeyObject = newKey(), from: number = now() - DAY): Identity {
  const certificate = issueCertificate(
    {
      subject: ROOT_NAME,
      issuer: ROOT_NAME,
      serial: randomSerial(),
      notBefore: from,
      notAfter: from + 30 * 365 * DAY,
      publicKey: createPublicKey(key),
      extensions: [
        basicConstraints(true),
        extension("2.5.29.14", false, octetString(keyIdentifier(key))),
        keyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign | KeyUsage.cRLSign),
      ],
    },
    key,
  );
  return { certificate, key };
}

/** Sixteen bytes, the first neither zero nor above 0x7f, so that every serial takes the same room. */
function randomSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(16));
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return serial;
}

/** A key's identifier: the leftmost 160 bits of the SHA-256 of the point (RFC 7093, section 2). */
function keyIdentifier(key: KeyObject): Uint8Array {
  const point = createPublicKey(key).export({ type: "spki", format: "der" }).subarray(-97);
  return new Uint8Array(createHash("sha256").update(point).digest().subarray(0, 20));
}

/** An extension of the size of AWS's that this project's verifier ignores. */
const crlDistributionPoint = (uri: string): Uint8Array =>
  extension(
    "2.5.29.31",
    false,
    sequence(sequence(element(0xa0, element(0xa0, element(0x86, new TextEncoder().encode(uri)))))),
  );

/**
 * Simulates the security module of a Nitro instance, for tests and demonstrations: attestation documents of the same
 * shape and size as AWS's, five signatures deep, under a development root.
 */
export class EnclaveSimulator {
  /** Root, region, zone, instance: the certificates of `cabundle`. */
  readonly path: readonly Identity[];
  /** The enclave's own certificate and key, with which documents are signed. */
  readonly leaf: Identity;
  readonly #measurement: SimulatorOptions["measurement"];
  readonly #instance = `i-${randomBytes(9).toString("hex").slice(0, 17)}`;
  readonly #moduleId = `${this.#instance}-enc${randomBytes(8).toString("hex")}`;

  constructor({ root, measurement, now: at = now() }: SimulatorOptions) {
    this.#measurement = measurement;
    const authority = (
      subject: Name,
      issuer: Name,
      issuerKey: KeyObject,
      pathLength: number,
      days: number,
      crl: boolean,
    ) => {
      const key = newKey();
      const certificate = issueCertificate(
        {
          subject,
          issuer,
          serial: randomSerial(),
          notBefore: at - 3600,
          notAfter: at + days * DAY,
          publicKey: createPublicKey(key),
          extensions: [
            basicConstraints(true, pathLength),
            extension("2.5.29.35", false, sequence(element(0x80, keyIdentifier(issuerKey)))),
            extension("2.5.29.14", false, octetString(keyIdentifier(key))),
            keyUsage(crl ? KeyUsage.digitalSignature | KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.keyCertSign),
            ...(crl ? [crlDistributionPoint(`http://development.invalid/crl/${"0".repeat(36)}.crl`)] : []),
          ],
        },
        issuerKey,
      );
      return { certificate, key };
    };
    const place: Name = [
      ["C", "US"],
      ["ST", "Washington"],
      ["L", "Seattle"],
      ["O", "Amazon"],
      ["OU", "AWS"],
    ];
    const region: Name = [
      ...ROOT_NAME.slice(0, 2),
      ["OU", "AWS"],
      ["CN", `${randomBytes(8).toString("hex")}.development.nitro-enclaves`],
    ];
    const zone: Name = [...place, ["CN", `${randomBytes(8).toString("hex")}.zonal.development.nitro-enclaves`]];
    const instance: Name = [...place, ["CN", `${this.#instance}.development.nitro-enclaves`]];
    const regional = authority(region, ROOT_NAME, root.key, 2, 20, true);
    const zonal = authority(zone, region, regional.key, 1, 6, true);
    const host = authority(instance, zone, zonal.key, 0, 1, false);
    this.path = [root, regional, zonal, host];

    const key = newKey();
    const certificate = issueCertificate(
      {
        subject: [...place, ["CN", `${this.#moduleId}.development`]],
        issuer: instance,
        serial: randomSerial(),
        notBefore: at - 3,
        notAfter: at + 3 * 3600,
        publicKey: createPublicKey(key),
        extensions: [basicConstraints(false), keyUsage(KeyUsage.digitalSignature | KeyUsage.nonRepudiation, false)],
      },
      host.key,
    );
    this.leaf = { certificate, key };
  }

  /** The pairs of a document's payload, in AWS's order. */
  fields(request: AttestationRequest = {}): [string, unknown][] {
    const measurement = request.measurement ?? this.#measurement;
    const pcrs = new Map<number, Uint8Array>();
    for (let index = 0; index < 16; ++index) pcrs.set(index, measurement[index] ?? new Uint8Array(48));
    return [
      ["module_id", this.#moduleId],
      ["digest", "SHA384"],
      ["timestamp", request.timestamp ?? Date.now()],
      ["pcrs", pcrs],
      ["certificate", this.leaf.certificate],
      ["cabundle", this.path.map(({ certificate }) => certificate)],
      ["public_key", request.publicKey ?? null],
      ["user_data", request.userData ?? null],
      ["nonce", request.nonce ?? null],
    ];
  }

  /** An attestation document. */
  attest(request: AttestationRequest = {}): Uint8Array {
    return signMessage(encodeMap(this.fields(request)), this.leaf.key);
  }
}
