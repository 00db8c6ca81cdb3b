import { Signature, toBeHex } from "ethers";
import { loadProtocol } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/** The order of secp256k1 (SEC 2). */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * (r, n − s) with the other parity recovers the same key as (r, s). Nothing here counts signatures, so the twin could not
 * repeat anything; it is refused all the same, and so is the 64-byte form (EIP-2098), so that a signature has one form.
 */
describe("Attack: the twin of an ECDSA signature", () => {
  const twins = (signature: string) => {
    const { r, s, yParity, compactSerialized } = Signature.from(signature);
    const twin = r + toBeHex(N - BigInt(s), 32).slice(2) + toBeHex(yParity === 0 ? 28 : 27).slice(2);
    return [twin, compactSerialized];
  };

  it("is no signature of the requester", async () => {
    const protocol = await loadProtocol();
    const { settlement } = protocol.contracts;
    const terms = await protocol.terms();
    const values = [await protocol.requestIdOf(terms), terms.requester];
    for (const signature of twins(await protocol.signTerms(terms))) {
      const call = () => settlement.connect(protocol.accounts.relayer).request(terms, signature);
      await refused(protocol, call, settlement, "Settlement_BadRequesterSignature", values);
    }
  });

  it("is no signature of the node", async () => {
    const protocol = await loadProtocol();
    const { settlement } = protocol.contracts;
    const { terms, requestId } = await protocol.request();
    const answer = await protocol.answer(terms);
    for (const signature of twins(answer.signature)) {
      const call = () => settlement.connect(protocol.accounts.relayer).deliver(terms, { ...answer, signature });
      await refused(protocol, call, settlement, "Settlement_BadNodeSignature", [requestId, protocol.nodeId]);
    }
  });
});
