import { expect } from "chai";
import { encodeBytes32String, Interface, type JsonFragment, parseUnits, ZeroAddress, ZeroHash } from "ethers";
import { contractsOf } from "../../../sdk/src/chain/contracts.ts";
import { ContractError } from "../../../sdk/src/errors/ContractError.ts";
import { decodeError } from "../../../sdk/src/errors/decodeError.ts";
import { abis } from "../../../sdk/src/generated/abis.ts";
import { loadProtocol } from "../../support/fixtures.ts";
import { deploymentOf } from "../../support/sdk.ts";

const SAMPLES: Readonly<Record<string, unknown>> = {
  address: ZeroAddress,
  bytes: "0x6b6579",
  bytes4: "0x12345678",
  bytes32: encodeBytes32String("key"),
  string: "text",
};
const sample = (type: string): unknown => SAMPLES[type] ?? 1n;

describe("SDK: errors", () => {
  it("says in one sentence what every custom error of every contract means, with its values", () => {
    let errors = 0;
    for (const [contract, abi] of Object.entries(abis)) {
      const iface = new Interface(abi as readonly JsonFragment[]);
      iface.forEachError((fragment) => {
        const values = fragment.inputs.map(({ type }) => sample(type));
        const decoded = decodeError({ info: { error: { data: iface.encodeErrorResult(fragment, values) } } });
        const what = `${contract}: ${fragment.name}`;
        expect(decoded?.name, what).to.equal(fragment.name);
        expect(Object.keys(decoded?.args ?? {}), what).to.deep.equal(fragment.inputs.map(({ name }) => name));
        expect(decoded?.sentence, what).to.match(/^\S.+\S\.$/);
        expect(decoded?.sentence, what).not.to.match(/undefined|NaN|\[object/);
        expect(decoded?.sentence, what).not.to.contain(fragment.name);
        errors++;
      });
    }
    expect(errors).to.be.greaterThan(90);
  });

  it("does not invent a meaning for data that no contract of ours gives", () => {
    expect(decodeError({ data: "0x12345678" })).to.equal(undefined);
    expect(decodeError({ data: "0x" })).to.equal(undefined);
    expect(decodeError(undefined)).to.equal(undefined);
  });

  it("explains Solidity's own reverts", () => {
    const iface = new Interface(["error Error(string message)", "error Panic(uint256 code)"]);
    expect(decodeError({ data: iface.encodeErrorResult("Error", ["no"]) })?.sentence).to.equal(
      "The contract refused: no.",
    );
    expect(decodeError({ data: iface.encodeErrorResult("Panic", [17]) })?.sentence).to.equal(
      "The contract panicked with code 17.",
    );
  });

  it("turns a transaction that the chain refuses into that sentence, whichever contract refused", async () => {
    const p = await loadProtocol();
    const { nodes, settlement } = contractsOf(await deploymentOf(p), p.accounts.stranger);
    const refusal = async (call: Promise<unknown>): Promise<ContractError> => {
      try {
        await call;
      } catch (error) {
        if (error instanceof ContractError) return error;
        throw error;
      }
      throw new Error("it was not refused");
    };
    const stake = await refusal(nodes.write("stake", p.nodeId, parseUnits("1")));
    expect(stake.error).to.equal("ERC20InsufficientAllowance");
    expect(stake.message).to.contain(nodes.address).and.to.contain("approve more");

    const unknown = await refusal(nodes.write("unbond", ZeroHash, 1n));
    expect(unknown.message).to.equal(`There is no node ${ZeroHash}.`);

    const credit = await refusal(settlement.write("withdraw", p.nodeId.slice(0, 42), p.accounts.stranger.address));
    expect(credit.error).to.equal("Settlement_NoCredit");
    expect(Object.values(credit.args)).to.include(p.accounts.stranger.address);
  });

  it("says when the deployment is not on the network that is asked", async () => {
    const p = await loadProtocol();
    const { settlement } = contractsOf(
      {
        ...(await deploymentOf(p)),
        addresses: { ...(await deploymentOf(p)).addresses, Settlement: p.accounts.payout.address },
      },
      p.accounts.stranger,
    );
    let message = "";
    try {
      await settlement.read("parameters");
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    expect(message).to.contain("the deployment and the network do not belong together");
  });
});
