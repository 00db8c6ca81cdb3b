import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { MaxUint256 } from "ethers";
import type { DEALINGS } from "../../indexer/src/mapping/enums.ts";
import { type Indexer, type IndexerOptions, startIndexer } from "../../indexer/start.ts";
import { reconcile } from "../../scripts/reconcile/reconcile.ts";
import { ethers, type Protocol, provider, type TermsChange, USD_UNIT } from "./fixtures.ts";
import { type RpcServer, serveRpc } from "./rpcServer.ts";
import { deploymentOf } from "./sdk.ts";

type Dealing = (typeof DEALINGS)[number];

/** Demand for a node's inferences by anybody, and what the indexer takes it for. */
export class Demand {
  readonly protocol: Protocol;
  readonly #rpc: RpcServer;
  readonly #indexers = new Set<Indexer>();

  private constructor(protocol: Protocol, rpc: RpcServer) {
    this.protocol = protocol;
    this.#rpc = rpc;
  }

  static async of(protocol: Protocol): Promise<Demand> {
    return new Demand(protocol, await serveRpc(provider));
  }

  /** Indexes the chain, from its beginning on. */
  async index(funding: IndexerOptions["funding"] & string): Promise<Indexer> {
    const indexer = await startIndexer({
      rpcUrl: this.#rpc.url,
      deployment: await deploymentOf(this.protocol),
      funding,
    });
    this.#indexers.add(indexer);
    return indexer;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#indexers].map((indexer) => indexer.stop()));
    await this.#rpc.close();
  }

  /** An account with USD of its own, which it has approved to the settlement. */
  async buyer(index: number): Promise<HardhatEthersSigner> {
    const { usd, settlement } = this.protocol.contracts;
    const buyer = (await ethers.getSigners())[index];
    if (buyer === undefined) throw new Error(`The test chain has no account ${index}`);
    await usd.mint(buyer, 1_000n * USD_UNIT);
    await usd.connect(buyer).approve(settlement, MaxUint256);
    return buyer;
  }

  /** Makes a buyer's request, which the node's signer sends. */
  async request(buyer: HardhatEthersSigner, change: TermsChange = {}) {
    const terms = await this.protocol.terms({ requester: buyer.address, ...change });
    const { settlement } = this.protocol.contracts;
    const signature = await this.protocol.signTerms(terms, buyer);
    await settlement.connect(this.protocol.accounts.signer).request(terms, signature);
    return { terms, requestId: await this.protocol.requestIdOf(terms) };
  }

  /** Answers a request and settles it. */
  async settle({ terms, requestId }: Awaited<ReturnType<Demand["request"]>>): Promise<string> {
    const { settlement } = this.protocol.contracts;
    const answer = await this.protocol.answer(terms);
    await settlement.deliver(terms, answer);
    const proof = await this.protocol.proof(await this.protocol.claim(terms, answer));
    await settlement.settle(terms, answer.outputHash, answer.units, proof);
    return requestId;
  }

  /** A buyer's inference, from request to settlement. @returns its id. */
  async buy(buyer: HardhatEthersSigner): Promise<string> {
    return this.settle(await this.request(buyer));
  }

  /** What an indexer's API says once it has the newest block. */
  async ask<Data>(indexer: Indexer, query: string): Promise<Data> {
    await indexer.reached(await ethers.provider.getBlockNumber());
    return indexer.query<Data>(query);
  }

  /** How close each request's buyer was to its node, by the request's id. */
  async dealings(indexer: Indexer): Promise<Record<string, Dealing>> {
    type Page = { inferences: { items: { id: string; dealing: Dealing; selfDealing: boolean }[] } };
    const { inferences } = await this.ask<Page>(indexer, "{ inferences { items { id dealing selfDealing } } }");
    for (const { dealing, selfDealing } of inferences.items) expect(selfDealing).to.equal(dealing !== "ARMS_LENGTH");
    return Object.fromEntries(inferences.items.map(({ id, dealing }) => [id, dealing]));
  }

  /** Whether an indexer's tables agree with the chain in every row. */
  async reconcile(indexer: Indexer): Promise<void> {
    await indexer.reached(await ethers.provider.getBlockNumber());
    const deployment = await deploymentOf(this.protocol);
    const source = { kind: "indexer", url: indexer.url } as const;
    const { differences, uncompared } = await reconcile({ rpcUrl: this.#rpc.url, deployment, source });
    expect({ differences, uncompared }).to.deep.equal({ differences: [], uncompared: [] });
  }
}
