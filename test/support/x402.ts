import { AbiCoder, type Addressable, concat, hexlify, randomBytes, type Signer, ZeroHash } from "ethers";
import { encodeGateRow, type GateRow, type X402ChannelConfig } from "../../sdk/src/node/x402/gateRows.ts";
import type { InferenceBatch } from "../../sdk/src/types.ts";
import type {
  BatchSettlementDouble,
  TestUSD,
  X402Gate,
  X402Gates,
  X402StandIn,
} from "../../types/ethers-contracts/index.ts";
import { BatchRoute, type SignedBatch } from "./batches.ts";
import { ethers, loadProtocol, networkHelpers, type Protocol } from "./fixtures.ts";

/** Where x402's channel contract is, on every chain that has it. */
export const X402_ADDRESS = "0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003";
/** Where x402's collector of ERC-3009 deposits is. */
export const X402_COLLECTOR_ADDRESS = "0x4020806089470a89826cB9fB1f4059150b550004";

/** Puts our stand-ins of x402's contracts at x402's addresses. */
export async function installX402(): Promise<X402StandIn> {
  const standIn = await ethers.deployContract("X402StandIn");
  const collector = await ethers.deployContract("X402Collector", [X402_ADDRESS]);
  await networkHelpers.setCode(X402_ADDRESS, await ethers.provider.getCode(standIn));
  await networkHelpers.setCode(X402_COLLECTOR_ADDRESS, await ethers.provider.getCode(collector));
  return ethers.getContractAt("X402StandIn", X402_ADDRESS);
}

/** EIP-712 domain and types of x402's vouchers. */
const VOUCHER_TYPES = {
  Voucher: [
    { name: "channelId", type: "bytes32" },
    { name: "maxClaimableAmount", type: "uint128" },
  ],
};

export async function signX402Voucher(by: Signer, channelId: string, maxClaimableAmount: bigint): Promise<string> {
  const { chainId } = await ethers.provider.getNetwork();
  const domain = { name: "x402 Batch Settlement", version: "1", chainId, verifyingContract: X402_ADDRESS };
  return by.signTypedData(domain, VOUCHER_TYPES, { channelId, maxClaimableAmount });
}

/** Deposits the payer's test money into an x402 channel, by an ERC-3009 authorization. */
export async function depositX402(
  x402: X402StandIn,
  usd: TestUSD,
  payer: Signer,
  config: X402ChannelConfig,
  amount: bigint,
): Promise<void> {
  await usd.mint(config.payer, amount);
  const salt = BigInt(hexlify(randomBytes(32)));
  const channelId = await x402.getChannelId(config);
  const coder = AbiCoder.defaultAbiCoder();
  const { chainId } = await ethers.provider.getNetwork();
  const validBefore = 2n ** 40n;
  const signature = await payer.signTypedData(
    { name: "Test USD", version: "1", chainId, verifyingContract: await usd.getAddress() },
    {
      ReceiveWithAuthorization: [
        { name: "from", type: "address" },
        { name: "to", type: "address" },
        { name: "value", type: "uint256" },
        { name: "validAfter", type: "uint256" },
        { name: "validBefore", type: "uint256" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    {
      from: config.payer,
      to: X402_COLLECTOR_ADDRESS,
      value: amount,
      validAfter: 0n,
      validBefore,
      nonce: ethers.keccak256(coder.encode(["bytes32", "uint256"], [channelId, salt])),
    },
  );
  const data = coder.encode(["uint256", "uint256", "uint256", "bytes"], [0n, validBefore, salt, signature]);
  await x402.deposit(config, amount, X402_COLLECTOR_ADDRESS, data);
}

/** Where our stand-in keeps a channel's balance: for payers that cannot sign a deposit. */
export const channelSlot = (channelId: string): string =>
  ethers.keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [channelId, 2n]));

/** Channels of x402 clients that pay a gate. */
export class X402Payers {
  readonly p: Protocol;
  readonly x402: X402StandIn;
  readonly gate: X402Gate;
  readonly gates: X402Gates;

  constructor(p: Protocol, x402: X402StandIn, gate: X402Gate, gates: X402Gates) {
    this.p = p;
    this.x402 = x402;
    this.gate = gate;
    this.gates = gates;
  }

  /** The channel that an x402 client makes for this payer. */
  async config(payer: Addressable, change: Partial<X402ChannelConfig> = {}): Promise<X402ChannelConfig> {
    const address = await payer.getAddress();
    const gate = await this.gate.getAddress();
    return {
      payer: address,
      payerAuthorizer: address,
      receiver: gate,
      receiverAuthorizer: gate,
      token: await this.p.contracts.usd.getAddress(),
      withdrawDelay: 3_600,
      salt: ZeroHash,
      ...change,
    };
  }

  /** Opens a channel, of a new key unless one is named, and deposits. */
  async channel(deposit: bigint, change: Partial<X402ChannelConfig> = {}, by: Signer = ethers.Wallet.createRandom()) {
    const config = await this.config(by, change);
    if (deposit !== 0n) await depositX402(this.x402, this.p.contracts.usd, by, config, deposit);
    return { config, by, id: await this.x402.getChannelId(config) };
  }

  /** A row with a good voucher, unless something is changed. */
  async row(
    { config, by, id }: { config: X402ChannelConfig; by: Signer; id: string },
    ceiling: bigint,
    amount: bigint,
    change: Partial<GateRow> = {},
  ): Promise<string> {
    return encodeGateRow({ config, signature: await signX402Voucher(by, id, ceiling), ceiling, amount, ...change });
  }
}

/** A node's gate, whose batch settlement is a double that takes every batch for proven: for tests of the gate alone. */
export class GateFixture extends X402Payers {
  readonly batches: BatchSettlementDouble;

  constructor(p: Protocol, x402: X402StandIn, gate: X402Gate, gates: X402Gates, batches: BatchSettlementDouble) {
    super(p, x402, gate, gates);
    this.batches = batches;
  }

  /** Settles a batch with these rows. */
  async prove(...rows: string[]) {
    return this.batches.prove(this.gate, this.p.nodeId, this.p.contracts.usd, concat(rows));
  }

  /** Draws what is unpaid with these rows. */
  async claim(...rows: string[]) {
    return this.batches.claim(this.gate, this.p.nodeId, this.p.contracts.usd, concat(rows));
  }

  /** What the batch settlement has been paid. */
  async paid(): Promise<bigint> {
    return this.p.contracts.usd.balanceOf(this.batches);
  }
}

/** See {@link GateFixture}. */
export async function deployGate(): Promise<GateFixture> {
  const p = await loadProtocol();
  const x402 = await installX402();
  const batches = await ethers.deployContract("BatchSettlementDouble", [X402_ADDRESS, p.contracts.nodes]);
  const gates = await ethers.getContractAt("X402Gates", await batches.gates());
  return new GateFixture(p, x402, await makeGate(gates, p.nodeId, p.modelId, 1n), gates, batches);
}

/** The node's gate under the real batch settlement, with an attested enclave that signs the batches. */
export class X402Route extends X402Payers {
  readonly route: BatchRoute;

  private constructor(route: BatchRoute, x402: X402StandIn, gate: X402Gate, gates: X402Gates) {
    super(route.protocol, x402, gate, gates);
    this.route = route;
  }

  /** Opens the route, and makes the gate unless it is made. */
  static async open(): Promise<X402Route> {
    const p = await loadProtocol();
    const x402 = await installX402();
    const route = await BatchRoute.open(p);
    const gates = await ethers.getContractAt("X402Gates", await p.contracts.batches.gates());
    const gate = await makeGate(gates, p.nodeId, p.modelId, route.route.offer.routeVersion);
    return new X402Route(route, x402, gate, gates);
  }

  /** The stream's next batch over these rows, signed, unless something is changed. */
  async signed(rows: readonly string[], change: Partial<InferenceBatch> = {}): Promise<SignedBatch> {
    const [ledger, count] = [await this.gate.getAddress(), BigInt(rows.length)];
    return this.route.signed(concat(rows), { ledger, count, ...change });
  }

  /** Settles one batch over these rows. */
  async settle(...rows: string[]) {
    return this.route.contract.settleBatch(...(await this.signed(rows)));
  }

  /** Draws what is unpaid with these rows. */
  async claim(...rows: string[]) {
    const { nodeId, modelId, contracts } = this.p;
    const { routeVersion } = this.route.route.offer;
    return this.route.contract.claimLedger(nodeId, modelId, routeVersion, contracts.usd, concat(rows));
  }
}

/** Makes a gate. */
export async function makeGate(gates: X402Gates, nodeId: string, modelId: string, routeVersion: bigint) {
  await gates.make(nodeId, modelId, routeVersion);
  return ethers.getContractAt("X402Gate", await gates.gateOf(nodeId, modelId, routeVersion));
}

/** As in IX402Gate.sol. */
export const X402RowFault = { AMOUNT_TOO_LARGE: 1n, LOW_CEILING: 2n, LOW_BALANCE: 3n, REFUSED: 4n } as const;
