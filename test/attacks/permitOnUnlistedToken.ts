import { ZeroHash } from "ethers";
import { ethers, loadProtocol } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/**
 * The fee token of terms is an address that the caller chooses, and a permit is a call to it in the settlement's name,
 * made before the terms are judged. It could be any contract, and an address without code would end the call without
 * a reason.
 */
describe("Attack: a permit on a token that is not listed", () => {
  it("is refused before the token is called", async () => {
    const protocol = await loadProtocol();
    const { settlement } = protocol.contracts;
    const unlisted = await ethers.deployContract("HostileToken");
    const permit = { value: 1n, deadline: 1n, v: 27, r: ZeroHash, s: ZeroHash };
    for (const token of [await unlisted.getAddress(), protocol.accounts.stranger.address]) {
      const terms = await protocol.terms({ offer: { token } });
      const attempt = () => settlement.connect(protocol.accounts.requester).requestWithPermit(terms, "0x", permit);
      await refused(protocol, attempt, settlement, "Settlement_TokenNotListed", [token]);
    }
  });
});
