/** Which page of a list, by its cursors. */
export interface Place {
  readonly after?: string;
  readonly before?: string;
}

/** A page of a list. */
export interface Listing<Row> {
  readonly totalCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly items: readonly Row[];
}
