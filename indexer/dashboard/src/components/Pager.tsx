import { Button } from "@mantine/core";
import { useState } from "react";
import type { Listing, Place } from "../queries/listing.ts";

/**
 * Where in a list the view is, and how to move on.
 *
 * @param list What the list is of: another one is seen from its beginning.
 */
export function usePlace(list = ""): readonly [Place, (place: Place) => void] {
  const [kept, keep] = useState<{ readonly list: string; readonly place: Place }>({ list, place: {} });
  return [kept.list === list ? kept.place : {}, (place) => keep({ list, place })];
}

/** Leads to the previous and the next page of a list; nothing where there is one page. */
export function Pager({
  of: { pageInfo, totalCount, items },
  move,
  what,
  timed = false,
}: {
  readonly of: Listing<unknown>;
  readonly move: (place: Place) => void;
  /** "batches" */
  readonly what: string;
  /** Whether the latest come first. */
  readonly timed?: boolean;
}) {
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
  if (!hasNextPage && !hasPreviousPage) return null;
  return (
    <nav className="pager" aria-label={`Pages of ${what}`}>
      <span className="dim small num">
        {items.length} of {totalCount.toLocaleString("en")} {what}
      </span>
      <Button
        size="xs"
        variant="default"
        disabled={!hasPreviousPage}
        onClick={() => move(startCursor === null ? {} : { before: startCursor })}
      >
        {timed ? "Newer" : "Previous"}
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={!hasNextPage}
        onClick={() => move(endCursor === null ? {} : { after: endCursor })}
      >
        {timed ? "Older" : "Next"}
      </Button>
    </nav>
  );
}
