import { Text, Title } from "@mantine/core";
import { useId } from "react";

/** A part of a view, with a heading of its own. */
export function Panel({
  title,
  note,
  aside,
  flush = false,
  children,
}: {
  readonly title: React.ReactNode;
  readonly note?: React.ReactNode;
  readonly aside?: React.ReactNode;
  /** Whether the content goes to the panel's edges, as a table does. */
  readonly flush?: boolean;
  readonly children: React.ReactNode;
}) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="panel-head">
        <div>
          <Title order={2} id={id}>
            {title}
          </Title>
          {note === undefined ? null : (
            <Text component="div" size="xs" c="dimmed">
              {note}
            </Text>
          )}
        </div>
        {aside}
      </div>
      <div className={flush ? "panel-flush" : "panel-body"}>{children}</div>
    </section>
  );
}
