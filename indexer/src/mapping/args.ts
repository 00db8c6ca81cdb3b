import type { Abi, ContractEventName, GetEventArgs } from "viem";

/** The decoded arguments of a contract's event, by the contract's own ABI. */
export type EventArgs<Contract extends Abi, Name extends ContractEventName<Contract>> = GetEventArgs<
  Contract,
  Name,
  { EnableUnion: false; IndexedOnly: false; Required: true }
>;
