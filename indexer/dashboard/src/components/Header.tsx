import { ActionIcon, Anchor, Burger, Group, Menu, Text, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import { Link, useLocation } from "wouter";
import { useLive } from "../data/live.ts";
import { useNow } from "../data/useNow.ts";
import { formatDuration, formatRelative } from "../format/time.ts";
import { Hint } from "./Amount.tsx";

/** The views, in the order of the navigation. */
export const VIEWS = [
  { to: "/", name: "Overview" },
  { to: "/inferences", name: "Inferences" },
  { to: "/nodes", name: "Nodes" },
  { to: "/models", name: "Models" },
  { to: "/batches", name: "Batches" },
  { to: "/enclaves", name: "Enclaves" },
] as const;

/** Brand, navigation, whether the page is live, and the colour scheme. */
export function Header({ opened, toggle }: { readonly opened: boolean; readonly toggle: () => void }) {
  return (
    <div className="header">
      <Anchor component={Link} href="/" className="brand" underline="never">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="var(--opg-accent)" />
          <path
            d="M9 16.5l4.6 4.6L23.5 11"
            fill="none"
            stroke="var(--opg-surface)"
            strokeWidth="3.4"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </svg>
        <span>
          OPG <span className="brand-rest">Settlement</span>
        </span>
      </Anchor>
      <nav aria-label="Views" className="header-nav">
        <Links />
      </nav>
      <Group gap="xs" wrap="nowrap" ml="auto">
        <Connection />
        <Scheme />
        <Burger
          opened={opened}
          onClick={toggle}
          size="sm"
          hiddenFrom="md"
          aria-label={opened ? "Close the navigation" : "Open the navigation"}
          aria-expanded={opened}
        />
      </Group>
    </div>
  );
}

/** Links to the views; the one that is open is marked, also by its details. */
export function Links({ onFollow }: { readonly onFollow?: () => void }) {
  const [path] = useLocation();
  return VIEWS.map(({ to, name }) => {
    const here = to === "/" ? path === "/" : path === to || path.startsWith(`${to}/`);
    return (
      <Link
        key={to}
        href={to}
        className="nav-link"
        aria-current={here ? "page" : undefined}
        onClick={() => onFollow?.()}
      >
        {name}
      </Link>
    );
  });
}

const CONNECTIONS = {
  CONNECTING: { name: "Connecting", means: "Looking for the indexer." },
  LIVE: { name: "Live", means: "The indexer tells this page of each new block." },
  POLLING: { name: "Polling", means: "The live connection is not there; this page asks every two seconds." },
  RECONNECTING: { name: "Reconnecting", means: "The indexer does not answer. What is shown is its last answer." },
} as const;

/** Whether the page is live, and how old the newest block is. */
function Connection() {
  const { connection, head } = useLive();
  const age = useNow((now) => (head === null ? 0 : Math.max(0, now - head.timestamp)));
  const { name, means } = CONNECTIONS[connection];
  const block = head === null ? "" : `Newest block: ${head.number.toLocaleString("en")}, ${formatDuration(age)} old. `;
  return (
    <Hint text={`${block}${means}`}>
      <span className={`connection ${connection.toLowerCase()}`} data-live={connection.toLowerCase()}>
        <span className="dot" aria-hidden="true" />
        <span role="status">{name}</span>
        {head !== null && (
          <span className="connection-block">
            {" "}
            · block {head.number.toLocaleString("en")}
            {age >= 10 && `, ${formatRelative(0, age)}`}
          </span>
        )}
      </span>
    </Hint>
  );
}

const SCHEMES = [
  { scheme: "light", name: "Light", Icon: IconSun },
  { scheme: "dark", name: "Dark", Icon: IconMoon },
  { scheme: "auto", name: "Like the system", Icon: IconDeviceDesktop },
] as const;

function Scheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Chosen = (SCHEMES.find(({ scheme }) => scheme === colorScheme) ?? SCHEMES[2]).Icon;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label="Colour scheme">
          <Chosen size={18} stroke={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ scheme, name, Icon }) => (
          <Menu.Item key={scheme} leftSection={<Icon size={16} />} onClick={() => setColorScheme(scheme)}>
            <Text size="sm" fw={scheme === colorScheme ? 600 : 400}>
              {name}
              {scheme === colorScheme && <span className="visually-hidden"> (chosen)</span>}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
