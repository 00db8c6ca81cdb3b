import { ActionIcon, Anchor, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { Link } from "wouter";
import { shorten } from "../format/text.ts";

/**
 * A shortened id, hash or address with a button that copies all of it.
 *
 * @param what What it is, for the button's name: "node id".
 * @param to Route of the view about it, if there is one.
 */
export function Id({
  value,
  what,
  to,
  digits = 4,
}: {
  readonly value: string;
  readonly what: string;
  readonly to?: string;
  readonly digits?: number;
}) {
  const short = shorten(value, digits);
  return (
    <span className="id">
      {to === undefined ? (
        <span className="mono" title={value}>
          {short}
        </span>
      ) : (
        <Anchor component={Link} href={to} className="mono" title={value}>
          {short}
        </Anchor>
      )}
      <Copy value={value} what={what} />
    </span>
  );
}

/** Copies a value. */
export function Copy({ value, what }: { readonly value: string; readonly what: string }) {
  return (
    <CopyButton value={value} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : `Copy ${what}`}>
          <ActionIcon
            size={24}
            variant="subtle"
            color="gray"
            className="copy"
            onClick={copy}
            aria-label={copied ? "Copied" : `Copy ${what} ${shorten(value)}`}
          >
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
