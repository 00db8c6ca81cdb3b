import { Popover, Text, UnstyledButton } from "@mantine/core";
import { TERMS, type TermName } from "./terms.ts";

/** A word of the protocol's own, with what it means behind a press. */
export function Term({ of, children }: { readonly of: TermName; readonly children?: React.ReactNode }) {
  const { title, meaning } = TERMS[of];
  return (
    <Popover width={300} position="bottom-start" shadow="md" withinPortal>
      <Popover.Target>
        <UnstyledButton className="term">{children ?? title}</UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" fw={600} mb={4}>
          {title}
        </Text>
        <Text size="sm">{meaning}</Text>
      </Popover.Dropdown>
    </Popover>
  );
}
