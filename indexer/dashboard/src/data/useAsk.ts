import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { ask, type Query, read } from "./ask.ts";

/** The answer to a GraphQL query, asked again with each new block. The former answer stays while a next one loads. */
export function useAsk<Data, Variables>(
  query: Query<Data, Variables>,
  variables: NoInfer<Variables>,
  { enabled = true }: { readonly enabled?: boolean } = {},
): UseQueryResult<Data> {
  return useQuery({
    queryKey: [query.name, variables],
    queryFn: ({ signal }) => ask(query, variables, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** The answer of a REST endpoint, asked again with each new block; null where there is no such thing. */
export function useRead<Data>(path: string, { enabled = true } = {}): UseQueryResult<Data | null> {
  return useQuery({
    queryKey: [path],
    queryFn: ({ signal }) => read<Data>(path, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}
