import { AbiCoder, type Addressable, hexlify, randomBytes, type Signer, ZeroHash } from "ethers";
import { encodeGateRow, type GateRow, type X402ChannelConfig } from "../../sdk/src/node/x402/gateRows.ts";
import type {
  BatchSettlementDouble,
  TestUSD,
  X402Gate,
  X402Gates,
  X402StandIn,
} from "../../types/ethers-contracts/index.ts";
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

/** A node's gate, whose batch settlement is a double that takes every batch for proven. */
export async function deployGate() {
  const p = await loadProtocol();
  const x402 = await installX402();
  const batches = await ethers.deployContract("BatchSettlementDouble", [X402_ADDRESS, p.contracts.nodes]);
  const gates = await ethers.getContractAt("X402Gates", await batches.gates());
  await gates.make(p.nodeId, p.modelId, 1n);
  const gate = await ethers.getContractAt("X402Gate", await gates.gateOf(p.nodeId, p.modelId, 1n));
  return new GateFixture(p, x402, gate, gates, batches);
}

/** See {@link deployGate}. */
export class GateFixture {
  readonly p: Protocol;
  readonly x402: X402StandIn;
  readonly gate: X402Gate;
  readonly gates: X402Gates;
  readonly batches: BatchSettlementDouble;

  constructor(p: Protocol, x402: X402StandIn, gate: X402Gate, gates: X402Gates, batches: BatchSettlementDouble) {
    this.p = p;
    this.x402 = x402;
    this.gate = gate;
    this.gates = gates;
    this.batches = batches;
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

  /** Opens a channel of a new key and deposits. */
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

  /** Settles a batch with these rows. */
  async prove(...rows: string[]) {
    return this.batches.prove(this.gate, this.p.nodeId, this.p.contracts.usd, ethers.concat(rows));
  }

  /** Draws what is unpaid with these rows. */
  async claim(...rows: string[]) {
    return this.batches.claim(this.gate, this.p.nodeId, this.p.contracts.usd, ethers.concat(rows));
  }

  /** What the batch settlement has been paid. */
  async paid(): Promise<bigint> {
    return this.p.contracts.usd.balanceOf(this.batches);
  }
}

/** As in IX402Gate.sol. */
export const X402RowFault = { AMOUNT_TOO_LARGE: 1n, LOW_CEILING: 2n, LOW_BALANCE: 3n, REFUSED: 4n } as const;
