import { NativeSelect, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconSelector } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";

/** A column of a {@link DataTable}. */
export interface Column<Row> {
  readonly key: string;
  /** Its name, in plain text. */
  readonly name: string;
  /** What stands at its head, if not the name. */
  readonly head?: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  /** What it sorts by; absent if it does not sort. null comes last in both directions. */
  readonly by?: (row: Row) => number | bigint | string | null;
  /** Its two orders in words, of a choice on a phone: from the top down, and the other way. Of figures if absent. */
  readonly orders?: readonly [string, string];
  /** Figures stand at the right. */
  readonly figures?: boolean;
}

interface Sorting {
  readonly key: string;
  readonly descending: boolean;
}

/**
 * A table that sorts; one page of a longer list has no column that does, for it would sort the page alone. On a phone each row is a card of names and values, still a table for a screen reader.
 *
 * @param caption What the table shows, for a screen reader.
 */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  id,
  sorted,
}: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly id: (row: Row) => string;
  /** How it is sorted at first; as the rows come if absent. */
  readonly sorted?: Sorting;
}) {
  const [sorting, setSorting] = useState(sorted);
  const sortable = columns.filter(({ by }) => by !== undefined);
  const shown = sort(rows, columns, sorting);
  const toggle = (key: string) => setSorting((now) => ({ key, descending: now?.key === key ? !now.descending : true }));
  return (
    <>
      {sortable.length > 0 && (
        <div className="table-sort">
          <NativeSelect
            size="xs"
            label="Sort by"
            value={sorting === undefined ? "" : `${sorting.key} ${sorting.descending ? "down" : "up"}`}
            onChange={({ currentTarget: { value } }) => {
              const [key, way] = value.split(" ");
              setSorting(key ? { key, descending: way === "down" } : undefined);
            }}
            data={[
              ...(sorted === undefined ? [{ value: "", label: "As listed" }] : []),
              ...sortable.flatMap(({ key, name, orders: [down, up] = ["highest first", "lowest first"] }) => [
                { value: `${key} down`, label: `${name}, ${down}` },
                { value: `${key} up`, label: `${name}, ${up}` },
              ]),
            ]}
          />
        </div>
      )}
      <div className="table-scroll">
        {/* Roles are said again: laid out as cards, browsers would forget them. */}
        {/* biome-ignore-start lint/a11y/noRedundantRoles: see above */}
        {/* biome-ignore-start lint/a11y/useSemanticElements: see above */}
        <table className="table" role="table">
          <caption className="visually-hidden">{caption}</caption>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => (
                <th
                  key={column.key}
                  role="columnheader"
                  scope="col"
                  className={column.figures ? "figures" : undefined}
                  aria-sort={sorting?.key !== column.key ? undefined : sorting.descending ? "descending" : "ascending"}
                >
                  {column.by === undefined ? (
                    (column.head ?? column.name)
                  ) : (
                    <UnstyledButton className="sort" onClick={() => toggle(column.key)}>
                      <span>{column.name}</span>
                      <Arrow sorting={sorting} of={column.key} />
                    </UnstyledButton>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {shown.map((row) => (
              <tr key={id(row)} role="row">
                {columns.map((column) => (
                  <td
                    key={column.key}
                    role="cell"
                    data-name={column.name}
                    className={column.figures ? "figures" : undefined}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {/* biome-ignore-end lint/a11y/useSemanticElements: see above */}
        {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
      </div>
    </>
  );
}

function Arrow({ sorting, of }: { readonly sorting: Sorting | undefined; readonly of: string }) {
  if (sorting?.key !== of) return <IconSelector size={14} aria-hidden="true" className="arrow" />;
  const Icon = sorting.descending ? IconChevronDown : IconChevronUp;
  return <Icon size={14} aria-hidden="true" />;
}

function sort<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting?: Sorting): readonly Row[] {
  const by = columns.find(({ key }) => key === sorting?.key)?.by;
  if (by === undefined || sorting === undefined) return rows;
  return rows.toSorted((a, b) => {
    const [left, right] = [by(a), by(b)];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    const order = left < right ? -1 : left > right ? 1 : 0;
    return sorting.descending ? -order : order;
  });
}
