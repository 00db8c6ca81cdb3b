import type { ErrorDescription, Interface, Result } from "ethers";
import { decodeBytes32String, isHexString } from "ethers";

const date = (seconds: unknown): string => {
  const time = new Date(Number(seconds) * 1000);
  return Number.isNaN(time.valueOf()) ? `second ${seconds}` : time.toISOString().replace(".000Z", "Z");
};

const name = (text: unknown): string => {
  try {
    return decodeBytes32String(String(text));
  } catch {
    return String(text);
  }
};

/** What each refusal of `NitroVerifier` means, with its values. Those of the parsers are named as they are. */
const SENTENCES: Readonly<Record<string, (args: Result) => string>> = {
  CertificateCache_UnknownRoot: ([hash]) =>
    `the chain does not begin with the pinned root: its root has SHA-256 ${hash}`,
  CertificateCache_WrongIssuer: ([index]) => `certificate ${index} was not issued by the one before it`,
  CertificateCache_NotAnAuthority: ([index]) => `certificate ${index} may not issue certificates`,
  CertificateCache_PathTooLong: ([index]) => `certificate ${index} is one authority more than the path allows`,
  CertificateCache_NotValidNow: ([index, from, to, time]) =>
    `certificate ${index} is valid from ${date(from)} to ${date(to)}, not at ${date(time)}`,
  CertificateCache_Revoked: ([index]) => `certificate ${index} is revoked`,
  CertificateCache_BadSignature: ([index]) => `the signature of certificate ${index} is wrong`,
  NitroVerifier_NotASigner: () => "the document's certificate may not sign documents",
  NitroVerifier_BadSignature: () => "the document's signature is wrong",
  NitroAttestation_UnknownField: ([key]) => `the document has an unknown field ${name(key)}`,
  NitroAttestation_DuplicateField: ([key]) => `the document has the field ${name(key)} twice`,
  NitroAttestation_BadFieldLength: ([key, length]) => `the field ${name(key)} must not be ${length} long`,
};

/** The data with which a call was reverted, wherever in the error's causes it is. */
function revertData(error: unknown): string | null {
  for (let at = error; typeof at === "object" && at !== null; at = "cause" in at ? at.cause : undefined) {
    if ("data" in at && isHexString(at.data)) return at.data;
    if (
      "data" in at &&
      typeof at.data === "object" &&
      at.data !== null &&
      "data" in at.data &&
      isHexString(at.data.data)
    )
      return at.data.data;
  }
  return null;
}

/**
 * Says why a contract refused a document.
 *
 * @param error What the call threw.
 * @param abi The contract's interface, for its custom errors.
 * @returns One sentence without a full stop; null when the error is not a contract's refusal.
 */
export function attestationReason(error: unknown, abi: Interface): string | null {
  const data = revertData(error);
  const description: ErrorDescription | null = data === null ? null : abi.parseError(data);
  if (description === null) return null;
  const sentence = SENTENCES[description.name];
  return sentence?.(description.args) ?? `${description.name}(${[...description.args].join(", ")})`;
}
