import { expect } from "chai";
import { getAddress } from "ethers";
import {
  closest,
  dealingByPrice,
  isFunding,
  isParty,
  MAX_PARTIES,
  newParties,
} from "../../../indexer/src/mapping/dealing.ts";

const address = (number: number) => `0x${number.toString(16).padStart(40, "0")}` as const;
const upper = (written: string) => `0x${written.slice(2).toUpperCase()}` as const;

const OWNER = address(0xa1);
const SIGNER = address(0xb2);
const PAYER = address(0xc3);
const SETTLEMENT = address(0xd4);

describe("self-dealing", () => {
  describe("how close payer and node are", () => {
    it("is the closest that was ever seen", () => {
      expect(closest()).to.equal("ARMS_LENGTH");
      expect(closest("ARMS_LENGTH", "FUNDED")).to.equal("FUNDED");
      expect(closest("PARTY", "FUNDED", "UNPAID", "ARMS_LENGTH")).to.equal("PARTY");
      expect(closest("UNPAID", "FUNDED")).to.equal("FUNDED");
    });

    it("cannot be told where nobody pays anything", () => {
      const terms = { maxFee: 5n, pricePerRequest: 1n, pricePerUnit: 1n };
      expect(dealingByPrice(terms)).to.equal("ARMS_LENGTH");
      expect(dealingByPrice({ ...terms, units: 0n })).to.equal("ARMS_LENGTH");
      expect(dealingByPrice({ ...terms, maxFee: 0n })).to.equal("UNPAID");
      const metered = { ...terms, pricePerRequest: 0n };
      expect(dealingByPrice({ ...metered, units: null })).to.equal("ARMS_LENGTH");
      expect(dealingByPrice({ ...metered, units: 2n })).to.equal("ARMS_LENGTH");
      expect(dealingByPrice({ ...metered, units: 0n })).to.equal("UNPAID");
      expect(dealingByPrice({ ...metered, pricePerUnit: 0n })).to.equal("UNPAID");
    });
  });

  describe("parties", () => {
    it("are kept once, in the order in which they came, however they are written", () => {
      const parties = newParties([], [upper(OWNER), SIGNER, OWNER]);
      expect(parties).to.deep.equal([OWNER, SIGNER]);
      expect(newParties(parties, [SIGNER, PAYER])).to.deep.equal([PAYER]);
      expect(newParties(parties, [getAddress(OWNER) as typeof OWNER])).to.deep.equal([]);
    });

    it("are those accounts and nobody else", () => {
      const parties = [OWNER, SIGNER];
      for (const party of parties) expect(isParty(parties, upper(party))).to.equal(true);
      expect(isParty(parties, PAYER)).to.equal(false);
      expect(isParty([], PAYER)).to.equal(false);
    });

    it("are everybody at a node that has had more than can be kept", () => {
      const many = Array.from({ length: MAX_PARTIES + 7 }, (_, index) => address(0x1000 + index));
      const almost = newParties([], many.slice(0, MAX_PARTIES - 1));
      expect(isParty(almost, PAYER)).to.equal(false);
      const full = [...almost, ...newParties(almost, many)];
      expect(full).to.have.length(MAX_PARTIES);
      expect(isParty(full, PAYER)).to.equal(true);
      // And whoever pays without being known.
      expect([isParty(full), isParty(almost)]).to.deep.equal([true, false]);
      expect(newParties(full, [PAYER])).to.deep.equal([]);
    });
  });

  describe("funding", () => {
    const payment = { funder: OWNER, account: PAYER, how: "TOKEN_TRANSFER", token: address(0xe5), amount: 1n } as const;

    it("is any amount that goes to somebody else", () => {
      expect(isFunding(payment, [SETTLEMENT])).to.equal(true);
    });

    it("is nothing to oneself, or to the protocol, and no transfer of nothing", () => {
      expect(isFunding({ ...payment, account: upper(OWNER) }, [SETTLEMENT])).to.equal(false);
      expect(isFunding({ ...payment, account: upper(SETTLEMENT) }, [SETTLEMENT])).to.equal(false);
      expect(isFunding({ ...payment, amount: 0n }, [SETTLEMENT])).to.equal(false);
    });
  });
});
