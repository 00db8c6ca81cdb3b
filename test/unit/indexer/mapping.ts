import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { Interface, keccak256 } from "ethers";
import {
  DELIVERY_MODES,
  KEY_FAULTS,
  NODE_STATUSES,
  nameOf,
  OUTPUT_COMMITMENTS,
  REQUEST_STATUSES,
  ROUTES,
  ROW_FAULTS,
  TRUSTS,
  X402_ROW_FAULTS,
} from "../../../indexer/src/mapping/enums.ts";
import { gapSubjects } from "../../../indexer/src/mapping/gap.ts";
import {
  creditsOfDefault,
  creditsOfRefund,
  creditsOfSettlement,
  delivered,
  ended,
  requested,
  settled,
  transition,
} from "../../../indexer/src/mapping/inference.ts";
import { moves } from "../../../indexer/src/mapping/node.ts";
import { offerRow } from "../../../indexer/src/mapping/offer.ts";
import { firstPeak, peakAfter, periodsOf, stocksOf } from "../../../indexer/src/mapping/period.ts";
import { errorNameOf } from "../../../indexer/src/mapping/revert.ts";
import { stampOf } from "../../../indexer/src/mapping/stamp.ts";
import { plus } from "../../../indexer/src/mapping/sums.ts";
import { kept } from "../../../indexer/src/mapping/text.ts";
import {
  measurementSetOf,
  provesByEnclave,
  provesUnderKey,
  verifyingKeyIdOf,
} from "../../../indexer/src/mapping/trust.ts";
import { AWS_NITRO_ROOT_HASH } from "../../../sdk/src/attestation/awsRoot.ts";
import { encodeTeeParameters } from "../../../sdk/src/attestation/tee.ts";
import { settlementAbi } from "../../../sdk/src/generated/abis.ts";
import { Trust } from "../../../sdk/src/types.ts";

const address = (digit: string) => `0x${digit.repeat(40)}` as const;
const word = (digit: string) => `0x${digit.repeat(64)}` as const;

const REQUESTER = address("a");
const PAYOUT = address("b");
const USD = address("c");
const OPG = address("d");
const requestId = word("1");
const nodeId = word("2");
const stamp = (timestamp: bigint, blockNumber: bigint) => ({ timestamp, blockNumber, transactionHash: word("f") });

const terms = {
  requester: REQUESTER,
  nonce: 7n,
  deadline: 2n ** 64n - 1n,
  maxFee: 5_000_000n,
  verificationFee: 2n,
  compensationBps: 8_000,
  rewardBps: 200,
  proofBlocks: 5,
  inputHash: word("3"),
  mode: 1,
  consumer: address("0"),
  offer: {
    nodeId,
    modelId: word("4"),
    route: 1,
    routeVersion: 3,
    token: USD,
    pricePerRequest: 1n,
    pricePerUnit: 2n,
    coverage: 100n,
    deliveryWindow: 600,
    proofWindow: 3_600,
  },
} as const;
const named = requested({ requestId, requester: REQUESTER, nodeId, terms }, stamp(1_000n, 10n));
const openTerms = { ...terms, offer: { ...terms.offer, nodeId: word("0"), coverage: 0n, proofWindow: 0 } };
const open = requested({ requestId, requester: REQUESTER, nodeId: word("0"), terms: openTerms }, stamp(1_000n, 10n));
const row = (made: typeof named | typeof open) => ({ ...made, deliveredAt: null, deliveredBlock: null });

describe("indexer mappings", () => {
  describe("enums", () => {
    const source = readdirSync("contracts/interfaces")
      .map((file) => readFileSync(`contracts/interfaces/${file}`, "utf8"))
      .join("\n");
    const declared = { Route: ROUTES, NodeStatus: NODE_STATUSES, OutputCommitment: OUTPUT_COMMITMENTS };
    for (const [name, names] of Object.entries({
      ...declared,
      DeliveryMode: DELIVERY_MODES,
      RequestStatus: REQUEST_STATUSES,
      Trust: TRUSTS,
      KeyFault: KEY_FAULTS,
      RowFault: ROW_FAULTS,
      X402RowFault: X402_ROW_FAULTS,
    })) {
      it(`${name} has the names of the contracts, in their order`, () => {
        const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? "";
        expect(body.split(",").map((value) => value.trim())).to.deep.equal([...names]);
      });
    }

    it("nameOf refuses a value that no enum has", () => {
      expect(nameOf(ROUTES, 1)).to.equal("TEE");
      expect(() => nameOf(ROUTES, 2)).to.throw(RangeError, "no value 2 among ZK, TEE");
    });
  });

  describe("reverts", () => {
    it("are known by the selector of the protocol's own errors, however their data is cut", () => {
      const wrong = new Interface(settlementAbi).getError("Settlement_WrongStatus")?.selector as `0x${string}`;
      expect(errorNameOf(wrong)).to.equal("Settlement_WrongStatus");
      expect(errorNameOf(`${wrong}00`)).to.equal("Settlement_WrongStatus");
      for (const other of ["0x", "0x123456", "0x12345678"] as const) expect(errorNameOf(other)).to.equal(null);
    });
  });

  describe("requests", () => {
    it("keeps every term, and the bond of a named node", () => {
      expect(named).to.include({
        id: requestId,
        status: "REQUESTED",
        open: false,
        nodeId,
        route: "TEE",
        mode: "ONCHAIN",
        consumer: null,
        routeVersion: 3n,
        deadline: 2n ** 64n - 1n,
        bond: 102n,
        deliveryDeadline: 1_600n,
      });
    });

    it("has no node and no bond if it is open", () => {
      expect(open).to.include({ open: true, nodeId: null, bond: 0n });
    });

    it("names a consumer if there is one", () => {
      const consumer = address("e");
      const made = requested(
        { requestId, requester: REQUESTER, nodeId, terms: { ...terms, consumer } },
        stamp(1_000n, 10n),
      );
      expect(made.consumer).to.equal(consumer);
    });
  });

  describe("deliveries and settlements", () => {
    const answer = { requestId, nodeId, outputHash: word("5"), units: 9n };
    const payment = { requestId, nodeId, payout: PAYOUT, fee: 3n, returned: 4_999_997n };

    it("starts the proof deadline, in time and in blocks", () => {
      expect(delivered(row(named), answer, stamp(1_100n, 20n))).to.include({
        status: "DELIVERED",
        deliveredAt: 1_100n,
        proofDeadline: 4_700n,
        proofDeadlineBlock: 25n,
      });
    });

    it("has no proof deadline for an open request, and notes who took it", () => {
      expect(delivered(row(open), answer, stamp(1_100n, 20n))).to.include({
        nodeId,
        proofDeadline: null,
        proofDeadlineBlock: null,
      });
    });

    it("measures the trust gap from delivery to settlement", () => {
      const before = { ...row(named), deliveredAt: 1_100n, deliveredBlock: 20n };
      expect(settled(before, payment, stamp(1_130n, 23n))).to.include({
        status: "SETTLED",
        trustGapSeconds: 30n,
        trustGapBlocks: 3n,
        fee: 3n,
      });
    });

    it("has a trust gap of 0 where proof and delivery come together", () => {
      const before = { ...row(open), deliveredAt: 1_130n, deliveredBlock: 23n };
      expect(settled(before, payment, stamp(1_130n, 23n))).to.include({ trustGapSeconds: 0n, trustGapBlocks: 0n });
    });

    it("returns all of maxFee where nothing is settled", () => {
      expect(ended(row(named), "VOIDED", stamp(1_200n, 30n))).to.deep.equal({
        status: "VOIDED",
        endedAt: 1_200n,
        endedBlock: 30n,
        returned: 5_000_000n,
      });
    });

    it("credits fee and return, without zeros", () => {
      expect(creditsOfSettlement(row(named), payment)).to.deep.equal([
        { token: USD, account: PAYOUT, cause: "FEE", amount: 3n },
        { token: USD, account: REQUESTER, cause: "RETURN", amount: 4_999_997n },
      ]);
      expect(creditsOfSettlement(row(named), { ...payment, fee: 0n, returned: 0n })).to.deep.equal([]);
    });

    it("credits refund, compensation and reward of a default", () => {
      const shares = { requestId, nodeId, claimer: PAYOUT, compensation: 80n, reward: 2n, burned: 18n };
      expect(creditsOfDefault(row(named), shares, OPG)).to.deep.equal([
        { token: USD, account: REQUESTER, cause: "REFUND", amount: 5_000_000n },
        { token: OPG, account: REQUESTER, cause: "COMPENSATION", amount: 80n },
        { token: OPG, account: PAYOUT, cause: "REWARD", amount: 2n },
      ]);
      expect(creditsOfRefund({ ...row(named), maxFee: 0n })).to.deep.equal([]);
    });

    it("moves a request from one status count to another", () => {
      expect(transition(null, "REQUESTED")).to.deep.equal({ requested: 1n });
      expect(transition("DELIVERED", "SETTLED")).to.deep.equal({ delivered: -1n, settled: 1n });
      expect(() => transition("NONE", "SETTLED")).to.throw(RangeError);
    });
  });

  describe("accounts", () => {
    it("moves OPG as the registry does", () => {
      const amount = 10n;
      expect(moves.staked({ amount })).to.deep.equal({ free: 10n, bonded: 0n, unbonding: 0n });
      expect(moves.unbonded({ amount })).to.deep.equal({ free: -10n, bonded: 0n, unbonding: 10n });
      expect(moves.rebonded({ amount })).to.deep.equal({ free: 10n, bonded: 0n, unbonding: -10n });
      expect(moves.withdrawn({ amount })).to.deep.equal({ free: 0n, bonded: 0n, unbonding: -10n });
      expect(moves.bondLocked({ amount })).to.deep.equal({ free: -10n, bonded: 10n, unbonding: 0n });
      expect(moves.bondUnlocked({ amount, burned: 3n, paid: 4n })).to.deep.equal({
        free: 3n,
        bonded: -10n,
        unbonding: 0n,
      });
      expect(moves.burnedFree({ amount })).to.deep.equal({ free: -10n, bonded: 0n, unbonding: 0n });
    });
  });

  describe("offers", () => {
    it("takes the largest value of every field", () => {
      const largest = {
        ...terms.offer,
        routeVersion: 2 ** 32 - 1,
        pricePerRequest: 2n ** 128n - 1n,
        deliveryWindow: 2 ** 32 - 1,
        proofWindow: 2 ** 32 - 1,
      };
      expect(offerRow({ offerHash: word("6"), offer: largest })).to.include({
        hash: word("6"),
        route: "TEE",
        routeVersion: 2n ** 32n - 1n,
        pricePerRequest: 2n ** 128n - 1n,
        deliveryWindow: 2n ** 32n - 1n,
        proofWindow: 2n ** 32n - 1n,
      });
    });
  });

  describe("trust", () => {
    it("finds the measurement set in a TEE route's parameters, and none elsewhere", () => {
      const measurements = [word("7")];
      const local = encodeTeeParameters({ trust: Trust.LOCAL, backend: "", measurements }) as `0x${string}`;
      const id = keccak256(local) as `0x${string}`;
      expect(measurementSetOf("TEE", local)).to.deep.equal({ id, trust: "LOCAL", backend: "", measurements });
      const relay = encodeTeeParameters({ trust: Trust.GATEWAY, backend: "a\0b", measurements }) as `0x${string}`;
      expect(measurementSetOf("TEE", relay)).to.include({ trust: "GATEWAY", backend: "a\ufffdb" });
      expect(measurementSetOf("TEE", "0x")).to.equal(null);
      expect(measurementSetOf("TEE", `${local}00`)).to.equal(null);
      expect(measurementSetOf("ZK", local)).to.equal(null);
    });

    it("finds the key in a ZK route's parameters, and none in those of other proof systems or routes", () => {
      const parameters = `${word("7")}${"0".repeat(128)}` as const;
      expect(verifyingKeyIdOf("ZK", parameters)).to.equal(word("7"));
      expect(verifyingKeyIdOf("TEE", parameters)).to.equal(null);
      for (const other of ["0x", "0x01", `${parameters}00`] as const) {
        expect(verifyingKeyIdOf("ZK", other)).to.equal(null);
      }
    });

    it("counts a gap overall, and for the inference's route, model and node", () => {
      expect(gapSubjects({ route: "ZK", modelId: word("4"), nodeId })).to.deep.equal([
        { scope: "OVERALL", subject: "" },
        { scope: "ROUTE", subject: "ZK" },
        { scope: "MODEL", subject: word("4") },
        { scope: "NODE", subject: nodeId },
      ]);
    });

    it("takes a circuit and a local enclave for execution, a gateway for a relay, and the unknown for nothing", () => {
      const key = { development: false, contributions: 2n, beacon: word("5") };
      expect(provesUnderKey(key)).to.equal("EXECUTION");
      expect(provesByEnclave("LOCAL", AWS_NITRO_ROOT_HASH)).to.equal("EXECUTION");
      expect(provesByEnclave("GATEWAY", AWS_NITRO_ROOT_HASH)).to.equal("RELAY");
      expect(provesByEnclave("NONE", AWS_NITRO_ROOT_HASH)).to.equal(null);
      expect(provesByEnclave(null, AWS_NITRO_ROOT_HASH)).to.equal(null);
    });

    it("takes no proof under a key that anybody could have made for execution", () => {
      const key = { development: false, contributions: 2n, beacon: word("5") };
      for (const weakness of [{ development: true }, { contributions: 1n }, { beacon: null }]) {
        expect(provesUnderKey({ ...key, ...weakness })).to.equal("DEVELOPMENT");
      }
    });

    it("takes no enclave for what another root than AWS's says it is, nor one of which nobody says it", () => {
      for (const trust of ["LOCAL", "GATEWAY"] as const) {
        expect(provesByEnclave(trust, word("6"))).to.equal("DEVELOPMENT");
        expect(provesByEnclave(trust, null)).to.equal(null);
      }
    });
  });

  describe("texts", () => {
    it("are kept as far as 2,048 code units go, in whole characters", () => {
      expect(kept("")).to.equal("");
      expect(kept("\u{1f600}")).to.equal("\u{1f600}");
      expect(kept("x".repeat(2_048))).to.equal("x".repeat(2_048));
      expect(kept(`${"x".repeat(2_046)}\u{1f600}y`)).to.equal(`${"x".repeat(2_046)}\u{1f600}`);
      expect(kept(`${"x".repeat(2_047)}\u{1f600}y`)).to.equal("x".repeat(2_047));
    });

    it("have no byte order mark in front, however many there were", () => {
      expect(kept("\ufeff\0\ufeffa\ufeff")).to.equal("a\ufeff");
      expect(kept(`\ufeff${"x".repeat(2_048)}`)).to.equal("x".repeat(2_048));
      expect(kept("\0\ufeff")).to.equal("");
    });
  });

  describe("periods", () => {
    it("puts a time into its hour, its day, its week from Monday on, and the whole", () => {
      const day = 20_000n * 86_400n;
      expect(periodsOf(day + 7_200n + 5n)).to.deep.equal([
        { interval: "HOUR", start: day + 7_200n },
        { interval: "DAY", start: day },
        { interval: "WEEK", start: day - 4n * 86_400n }, // Day 20,000 is Friday, 4 October 2024.
        { interval: "TOTAL", start: 0n },
      ]);
      expect(periodsOf(day)[0]).to.deep.equal({ interval: "HOUR", start: day });
      const monday = day + 3n * 86_400n;
      expect(periodsOf(monday)[2]).to.deep.equal({ interval: "WEEK", start: monday });
      expect(periodsOf(monday - 1n)[2]).to.deep.equal({ interval: "WEEK", start: monday - 7n * 86_400n });
    });

    it("adds what is named and leaves the rest", () => {
      const row = { a: 1n, b: 2n };
      expect(plus(row, { a: 5n })).to.deep.equal({ a: 6n });
      expect(plus({ a: 1n }, { a: -1n })).to.deep.equal({ a: 0n });
      const largest = 10n ** 78n - 1n;
      expect(plus({ a: largest }, { a: 2n ** 256n })).to.deep.equal({ a: largest });
    });

    it("knows what stands, by the protocol's row", () => {
      const row = { supply: 1n, coverageAtRisk: 2n, free: 3n, bonded: 4n, unbonding: 5n };
      expect(stocksOf(row)).to.deep.equal({ supply: 1n, atRisk: 2n, staked: 12n, bonded: 4n });
    });

    it("has the most that stood when a period began, or at the end of a block, as its peak", () => {
      // 5 stood; the first block adds 10 and takes them back, and then leaves 3 of another answer.
      let peak = firstPeak(7n, 15n, 10n);
      expect(peak).to.deep.equal({ atRiskPeak: 15n, peakBefore: 5n, lastBlock: 7n });
      peak = peakAfter(peakAfter(peak, 7n, 5n), 7n, 8n);
      expect(peak).to.deep.equal({ atRiskPeak: 8n, peakBefore: 5n, lastBlock: 7n });
      // The next takes all back, after it has risen.
      peak = peakAfter(peakAfter(peak, 9n, 100n), 9n, 0n);
      expect(peak).to.deep.equal({ atRiskPeak: 8n, peakBefore: 8n, lastBlock: 9n });
      expect(peakAfter(peak, 10n, 2n)).to.deep.equal({ atRiskPeak: 8n, peakBefore: 8n, lastBlock: 10n });
    });

    it("keeps where an event was", () => {
      expect(
        stampOf({
          id: "1",
          block: { number: 3n, timestamp: 4n },
          transaction: { hash: word("f"), from: REQUESTER },
        }),
      ).to.deep.equal({ blockNumber: 3n, timestamp: 4n, transactionHash: word("f") });
    });
  });
});
