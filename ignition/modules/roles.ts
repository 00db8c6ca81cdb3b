import type { CallableContractFuture, ContractFuture, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { id } from "ethers";

/** The roles of the AccessManager. Role 0 is its own admin; everything that is not listed here is the admin's. */
export const ROLES = {
  /** Pauses new requests, and can do nothing else. */
  guardian: 1n,
  /** Lists tokens, schedules parameters, adds and freezes verifiers, adds settlement modules, unpauses. */
  governor: 2n,
  /** Revokes what is broken: a verifier, whose pending requests can then be voided, a certificate, an enclave's key. */
  emergency: 3n,
} as const;

export const selectors = (...signatures: string[]): string[] =>
  signatures.map((signature) => id(signature).slice(0, 10));

/** Gives a role the functions of a contract that have these signatures. */
export const assignRole = (
  m: IgnitionModuleBuilder,
  manager: CallableContractFuture<string>,
  role: keyof typeof ROLES,
  target: ContractFuture<string>,
  label: string,
  ...functions: string[]
) =>
  m.call(manager, "setTargetFunctionRole", [target, selectors(...functions), ROLES[role]], { id: `${role}_${label}` });
