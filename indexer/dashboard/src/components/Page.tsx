import { Text, Title } from "@mantine/core";
import { useEffect, useRef } from "react";

let arrived = false;

/** A view: its heading, which gets the focus when the view is reached by a link, and what stands under it. */
export function Page({
  title,
  beside,
  lead,
  aside,
  children,
}: {
  readonly title: string;
  /** What stands at the title: a button that copies what it is of. */
  readonly beside?: React.ReactNode;
  readonly lead?: React.ReactNode;
  /** Controls of the whole view. */
  readonly aside?: React.ReactNode;
  readonly children: React.ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · OPG Settlement`;
  }, [title]);
  useEffect(() => {
    if (arrived) {
      window.scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    }
    arrived = true;
  }, []);
  return (
    <>
      <header className="page-head">
        <div>
          <div className="page-title">
            <Title order={1} ref={heading} tabIndex={-1}>
              {title}
            </Title>
            {beside}
          </div>
          {lead === undefined ? null : (
            <Text component="div" c="dimmed" size="sm" mt={4} maw={720}>
              {lead}
            </Text>
          )}
        </div>
        {aside}
      </header>
      <div className="page-body">{children}</div>
    </>
  );
}
