import { expect } from "chai";
import { dataSlice, hexlify, toBeHex } from "ethers";
import { ethers, loadProtocol, type Protocol, RequestStatus } from "../support/fixtures.ts";

/**
 * Terms and offers are hashed as they lie in calldata, without cleaning the words that are narrower than 256 bits. Were
 * a word with dirty high bits accepted, one set of values would have many identifiers: a request could be made, or an
 * offer stand, under a hash that no honest caller computes.
 */
describe("Attack: dirty high bits in calldata", () => {
  /** Index in `Terms`, name, and width in bits of every member that is narrower than a word. */
  const NARROW_TERMS = [
    [0, "requester", 160],
    [2, "deadline", 64],
    [3, "maxFee", 128],
    [4, "verificationFee", 96],
    [5, "compensationBps", 16],
    [6, "rewardBps", 16],
    [7, "proofBlocks", 24],
    [9, "mode", 8],
    [10, "consumer", 160],
  ] as const;
  const NARROW_OFFER = [
    [2, "route", 8],
    [3, "routeVersion", 32],
    [4, "token", 160],
    [5, "pricePerRequest", 128],
    [6, "pricePerUnit", 128],
    [7, "coverage", 128],
    [8, "deliveryWindow", 32],
    [9, "proofWindow", 32],
  ] as const;
  const OFFER_IN_TERMS = 11;

  /** `data` with bit `bit` of argument word `word` set. */
  function dirtied(data: string, word: number, bit: number): string {
    const start = 4 + 32 * word;
    const value = BigInt(dataSlice(data, start, start + 32)) | (1n << BigInt(bit));
    return hexlify(
      Buffer.concat(
        [dataSlice(data, 0, start), toBeHex(value, 32), dataSlice(data, start + 32)].map((part) =>
          Buffer.from(part.slice(2), "hex"),
        ),
      ),
    );
  }

  let protocol: Protocol;
  beforeEach(async () => {
    protocol = await loadProtocol();
  });

  const words = [
    ...NARROW_TERMS,
    ...NARROW_OFFER.map(([index, name, width]) => [OFFER_IN_TERMS + index, `offer.${name}`, width] as const),
  ];
  for (const [index, name, width] of words) {
    it(`refuses a request whose ${name} has a bit beyond its type`, async () => {
      const { settlement } = protocol.contracts;
      const { requester } = protocol.accounts;
      const terms = await protocol.terms();
      const data = settlement.interface.encodeFunctionData("request", [terms, "0x"]);
      const to = await settlement.getAddress();
      // Offset: `terms` is static, so its words are the first arguments themselves.
      for (const bit of [width, 255]) {
        await expect(requester.sendTransaction({ to, data: dirtied(data, index, bit) })).to.be.revert(ethers);
      }
      expect(await settlement.statusOf(await protocol.requestIdOf(terms))).to.equal(RequestStatus.NONE);
      // The same calldata without the dirt is a good request, so it was the dirt that was refused.
      await expect(requester.sendTransaction({ to, data })).to.emit(settlement, "Requested");
    });
  }

  for (const [index, name, width] of NARROW_OFFER) {
    it(`refuses to post an offer whose ${name} has a bit beyond its type`, async () => {
      const { nodes } = protocol.contracts;
      const { operator } = protocol.accounts;
      const offer = await protocol.offer({ pricePerRequest: 7n });
      const data = nodes.interface.encodeFunctionData("postOffer", [offer]);
      const to = await nodes.getAddress();
      for (const bit of [width, 255]) {
        await expect(operator.sendTransaction({ to, data: dirtied(data, index, bit) })).to.be.revert(ethers);
      }
      await expect(operator.sendTransaction({ to, data })).to.emit(nodes, "OfferPosted");
    });
  }
});
