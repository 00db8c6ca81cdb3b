import { expect } from "chai";
import { id, keccak256, Transaction } from "ethers";
import { network } from "hardhat";
import { type RpcObject, rpcArchive } from "../../../scripts/audit/archive.ts";
import { Chain } from "../../../scripts/audit/chain.ts";
import { encodeReceipt, encodeTransaction, headerHash, listRoot } from "../../../scripts/audit/encoding.ts";
import { Refuted, Unreadable } from "../../../sdk/src/verify/refuted.ts";

/** Compared with what Hardhat's EVM (written in Rust, by others) and ethers say of the same blocks and transactions. */
describe("What the audit recomputes of a block", () => {
  let block: RpcObject & { readonly transactions: readonly RpcObject[] };
  let receipts: readonly RpcObject[];
  let archive: ReturnType<typeof rpcArchive>;

  /** A block with transactions of every type that the chain takes, more than a trie's node has branches. */
  before(async () => {
    const { ethers, provider } = await network.create();
    archive = rpcArchive(ethers.provider);
    const [sender, other] = await ethers.getSigners();
    if (sender === undefined || other === undefined) throw new Error("the chain has too few accounts");
    const wallet = ethers.Wallet.createRandom(ethers.provider);
    await sender.sendTransaction({ to: wallet, value: 10n ** 18n });
    const token = await ethers.deployContract("OPG", [sender, 10n ** 18n]);
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const data = token.interface.encodeFunctionData("transfer", [other.address, 1n]);
    const call = { to: token, data, gasLimit: 100_000, gasPrice: 10n ** 10n };
    const accessList = [{ address: await token.getAddress(), storageKeys: [id("slot")] }];
    const authorization = await wallet.authorize({ address: other.address });
    const [nonce, chainId] = [0, 31_337];
    const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, gasLimit: 100_000, nonce, chainId };
    for (let i = 0; i < 16; ++i)
      await sender.sendTransaction({ ...call, type: 2, gasPrice: null, ...fees, nonce: null });
    const signed = [
      await wallet.signTransaction({ ...call, to: token.target.toString(), type: 0, nonce: 0 }),
      await wallet.signTransaction({ ...call, to: token.target.toString(), type: 0, nonce: 1, chainId }),
      await wallet.signTransaction({ ...call, to: token.target.toString(), type: 1, nonce: 2, chainId, accessList }),
      await wallet.signTransaction({ to: other.address, type: 2, ...fees, nonce: 3, accessList }),
      await wallet.signTransaction({
        to: other.address,
        type: 4,
        ...fees,
        nonce: 4,
        authorizationList: [authorization],
      }),
      await wallet.signTransaction({ data: "0x00", type: 2, ...fees, nonce: 5 }),
    ];
    for (const raw of signed) await provider.request({ method: "eth_sendRawTransaction", params: [raw] });
    await provider.request({ method: "evm_mine", params: [] });
    const number = await ethers.provider.getBlockNumber();
    block = (await archive.block(number)) as typeof block;
    receipts = (await archive.receipts(number)) ?? [];
  });

  it("is each transaction's hash, of every type, as ethers reads it", () => {
    expect(block.transactions).to.have.lengthOf(22);
    const types = new Set<unknown>();
    for (const transaction of block.transactions) {
      const encoded = encodeTransaction(transaction) ?? "";
      expect(keccak256(encoded)).to.equal(transaction.hash);
      const { type, hash, from } = Transaction.from(encoded);
      expect([hash, from?.toLowerCase()]).to.deep.equal([transaction.hash, transaction.from]);
      types.add(type);
    }
    expect([...types].sort()).to.deep.equal([0, 1, 2, 4]);
  });

  it("is a blob transaction's hash, as ethers makes it", () => {
    const transaction = Transaction.from({
      type: 3,
      chainId: 1,
      to: "0x00000000000000000000000000000000000000aa",
      maxFeePerBlobGas: 7,
      blobVersionedHashes: [`0x01${id("blob").slice(4)}`],
      signature: { r: id("r"), s: `0x00${id("s").slice(4)}`, v: 27 },
    });
    const { hash, to, signature, blobVersionedHashes } = transaction;
    const shown = {
      type: "0x3",
      chainId: "0x1",
      nonce: "0x0",
      gas: "0x0",
      value: "0x0",
      input: "0x",
      to,
      accessList: [],
    };
    const fees = { maxFeePerGas: "0x0", maxPriorityFeePerGas: "0x0", maxFeePerBlobGas: "0x7", blobVersionedHashes };
    const { r, s } = signature ?? {};
    expect(keccak256(encodeTransaction({ ...shown, ...fees, r, s, yParity: "0x0" }) ?? "")).to.equal(hash);
  });

  it("is the roots of transactions and receipts, and the header's hash", async () => {
    const known = (items: readonly (string | null)[]) => items.map((item) => item ?? "");
    expect(await listRoot(known(block.transactions.map(encodeTransaction)))).to.equal(block.transactionsRoot);
    expect(await listRoot(known(receipts.map(encodeReceipt)))).to.equal(block.receiptsRoot);
    expect(headerHash(block)).to.equal(block.hash);
    expect(headerHash({ ...block, sendRoot: id("") })).to.equal(null);
  });

  /** The block as it would be read with one transaction changed. */
  const reading = (change: Readonly<Record<string, unknown>>) => {
    const transactions = block.transactions.map((one, index) => (index === 3 ? { ...one, ...change } : one));
    const changed = { ...archive, block: async () => ({ ...block, transactions }) };
    return new Chain(changed, { startBlock: 0 }).block(Number(block.number)).catch((error: unknown) => error);
  };

  it("refuses a transaction of which any field is another, and does not read one that is malformed", async () => {
    for (const field of ["nonce", "gas", "value", "maxFeePerGas", "v", "r", "s", "input", "to", "hash"]) {
      const value = String(block.transactions[3]?.[field]);
      const other = `${value.slice(0, -1)}${value.endsWith("1") ? "2" : "1"}`;
      expect(await reading({ [field]: field === "input" ? `${value}01` : other }), field).to.be.instanceOf(Refuted);
    }
    for (const change of [{ input: "text" }, { nonce: 7 }, { accessList: null }, { type: "0x4" }]) {
      expect(await reading(change)).to.be.instanceOf(Unreadable);
    }
  });

  it("leaves the roots with transactions of an unknown type to the reader, and says so", async () => {
    const read = await reading({ type: "0x6a" });
    expect(read)
      .to.have.property("caveats")
      .that.deep.equals(["the root of the transactions is not recomputed, for some are of an unknown type"]);
  });
});
