import type {
  DeliveryMode,
  NodeStatus,
  OutputCommitment,
  RequestStatus,
  Route,
  Trust,
  VerifierStatus,
} from "../types.ts";

/** A parameter of a JSON ABI, as `as const` has it. */
export interface AbiParameter {
  readonly type: string;
  readonly name?: string;
  readonly internalType?: string;
  readonly components?: readonly AbiParameter[];
}

/** An entry of a JSON ABI, as `as const` has it. */
export interface AbiEntry {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: readonly AbiParameter[];
  readonly outputs?: readonly AbiParameter[];
  readonly stateMutability?: string;
}

export type Abi = readonly AbiEntry[];

interface Enums {
  readonly "enum DeliveryMode": DeliveryMode;
  readonly "enum NodeStatus": NodeStatus;
  readonly "enum OutputCommitment": OutputCommitment;
  readonly "enum RequestStatus": RequestStatus;
  readonly "enum Route": Route;
  readonly "enum Trust": Trust;
  readonly "enum VerifierStatus": VerifierStatus;
}

/** Integers that a JavaScript number always holds exactly; see `plainValue`. The same rule as viem's. */
type SmallBits = 8 | 16 | 24 | 32 | 40 | 48;

/** The TypeScript value of an ABI parameter: number up to 48 bits, bigint above, 0x-hex for addresses and bytes. */
export type AbiValue<P extends AbiParameter> = P extends { readonly internalType: keyof Enums }
  ? Enums[P["internalType"]]
  : P extends { readonly type: `${infer Element}[]` }
    ? readonly (P extends { readonly components: infer C extends readonly AbiParameter[] }
        ? AbiStruct<C>
        : AbiValue<{ readonly type: Element }>)[]
    : P extends { readonly type: "tuple"; readonly components: infer C extends readonly AbiParameter[] }
      ? AbiStruct<C>
      : P["type"] extends `uint${SmallBits}` | `int${SmallBits}`
        ? number
        : P["type"] extends `uint${string}` | `int${string}`
          ? bigint
          : P["type"] extends "bool"
            ? boolean
            : string;

/** Named parameters as an object. */
export type AbiStruct<C extends readonly AbiParameter[]> = {
  readonly [P in C[number] as P["name"] extends string ? P["name"] : never]: AbiValue<P>;
};

/** Parameters in order. */
export type AbiTuple<C extends readonly AbiParameter[]> = { readonly [I in keyof C]: AbiValue<C[I]> };

type Named<A extends Abi, Type extends string> = Extract<A[number], { readonly type: Type; readonly name: string }>;

type FunctionOf<A extends Abi, N> = Extract<Named<A, "function">, { readonly name: N }>;

export type ReadName<A extends Abi> = Extract<
  Named<A, "function">,
  { readonly stateMutability: "view" | "pure" }
>["name"];

export type WriteName<A extends Abi> = Exclude<Named<A, "function">["name"], ReadName<A>>;

/** The arguments of a function. */
export type FunctionArgs<A extends Abi, N> =
  FunctionOf<A, N> extends { readonly inputs: infer C extends readonly AbiParameter[] } ? AbiTuple<C> : never;

/** What a function returns: nothing, the value, or an object of the named values. */
export type FunctionResult<A extends Abi, N> =
  FunctionOf<A, N> extends { readonly outputs: infer C extends readonly AbiParameter[] }
    ? C extends readonly []
      ? undefined
      : C extends readonly [infer P extends AbiParameter]
        ? AbiValue<P>
        : AbiStruct<C>
    : never;

export type EventName<A extends Abi> = Named<A, "event">["name"];

/** The values of an event, by name. */
export type EventArgs<A extends Abi, N> =
  Extract<Named<A, "event">, { readonly name: N }> extends { readonly inputs: infer C extends readonly AbiParameter[] }
    ? AbiStruct<C>
    : never;

export type ErrorName<A extends Abi> = Named<A, "error">["name"];

/** The values of a custom error, by name. */
export type ErrorArgs<A extends Abi, N> =
  Extract<Named<A, "error">, { readonly name: N }> extends { readonly inputs: infer C extends readonly AbiParameter[] }
    ? AbiStruct<C>
    : never;
