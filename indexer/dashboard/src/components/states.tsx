import { Button, EmptyState, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconInbox, IconRefresh } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { Component, type ReactNode } from "react";

/** A grey place of the height that the content will have, so that nothing moves when it comes. */
export function Loading({ height, lines = 1 }: { readonly height: number | string; readonly lines?: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading" aria-busy="true">
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same
        <Skeleton key={line} height={height} radius="sm" />
      ))}
    </div>
  );
}

/** Nothing is there, and what would make something appear. */
export function Empty({
  title,
  children,
  icon,
  height,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly icon?: ReactNode;
  readonly height?: number | string;
}) {
  return (
    <EmptyState
      className="state"
      data-state="empty"
      size="sm"
      mih={height}
      icon={icon ?? <IconInbox stroke={1.5} />}
      title={title}
      description={children}
    />
  );
}

/** It did not work: why, and a way to try again. */
export function Failed({
  reason,
  retry,
  title = "This could not be loaded",
  height,
}: {
  readonly reason: string;
  readonly retry?: () => void;
  readonly title?: string;
  readonly height?: number | string;
}) {
  return (
    <div role="alert" data-state="failed">
      <EmptyState
        className="state failed"
        size="sm"
        mih={height}
        icon={<IconAlertTriangle stroke={1.5} />}
        title={title}
        description={reason}
      >
        {retry && (
          <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={retry}>
            Try again
          </Button>
        )}
      </EmptyState>
    </div>
  );
}

/**
 * The four states of an answer: loading, failed, empty, there. An answer that was there stays while the indexer is
 * away; the page's head says that it is.
 *
 * @param empty What stands where `isEmpty` says that the answer has nothing to show.
 */
export function Loaded<Data>({
  answer,
  height,
  lines,
  isEmpty,
  empty,
  children,
}: {
  readonly answer: UseQueryResult<Data>;
  /** Of one line of the skeleton. */
  readonly height: number | string;
  readonly lines?: number;
  readonly isEmpty?: (data: Data) => boolean;
  readonly empty?: ReactNode;
  readonly children: (data: Data) => ReactNode;
}) {
  const { data, error, refetch } = answer;
  if (data === undefined) {
    if (error === null) return <Loading height={height} {...(lines === undefined ? {} : { lines })} />;
    return <Failed reason={error.message} retry={() => void refetch()} />;
  }
  return isEmpty?.(data) ? empty : children(data);
}

/** Keeps a fault of one view from taking the page with it. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly fault: Error | null }> {
  override state: { readonly fault: Error | null } = { fault: null };

  static getDerivedStateFromError(fault: unknown) {
    return { fault: fault instanceof Error ? fault : new Error(String(fault)) };
  }

  override render() {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    return (
      <Failed
        title="This view has failed"
        reason={`A fault of this page, not of the chain's data: ${fault.message}`}
        retry={() => this.setState({ fault: null })}
      />
    );
  }
}
