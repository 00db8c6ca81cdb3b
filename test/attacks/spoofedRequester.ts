import { getAddress, toBeHex, ZeroAddress, zeroPadValue } from "ethers";
import { ethers, loadProtocol } from "../support/fixtures.ts";
import { refused } from "../support/refused.ts";

/**
 * A relayed request is paid by the account that signed it, or whose code says so (ERC-1271). Some addresses answer a
 * call without being an account: precompiles (the identity contract even echoes the question), addresses without code,
 * and contracts that answer anything.
 */
describe("Attack: a request in the name of an address that never agreed", () => {
  it("is refused for the zero address, every precompile, an account without code, and contracts without ERC-1271", async () => {
    const protocol = await loadProtocol();
    const { settlement, usd, nodes } = protocol.contracts;
    const echo = await ethers.deployContract("EchoAccount");
    const requesters = [
      ZeroAddress,
      ...Array.from({ length: 20 }, (_, i) => getAddress(zeroPadValue(toBeHex(i + 1), 20))),
      // P-256 verification (EIP-7951).
      zeroPadValue("0x0100", 20),
      protocol.accounts.stranger.address,
      await usd.getAddress(),
      await nodes.getAddress(),
      await settlement.getAddress(),
      await echo.getAddress(),
    ];
    for (const requester of requesters) {
      const terms = await protocol.terms({ requester, maxFee: 1_000_000n });
      const requestId = await protocol.requestIdOf(terms);
      for (const signature of ["0x", await protocol.signTerms(terms), `0x${"00".repeat(65)}`]) {
        const call = () => settlement.connect(protocol.accounts.relayer).request(terms, signature);
        await refused(protocol, call, settlement, "Settlement_BadRequesterSignature", [requestId, requester]);
      }
    }
  });
});
