import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleMinus,
  IconCircleX,
  IconClock,
  IconInfoCircle,
} from "@tabler/icons-react";
import type { Tone } from "../format/words.ts";

const ICONS = {
  good: IconCircleCheck,
  wait: IconClock,
  bad: IconCircleX,
  quiet: IconCircleMinus,
  info: IconInfoCircle,
  warn: IconAlertTriangle,
} as const;

/** A state in a word, with an icon of its own, so that colour is not all that tells it. */
export function Mark({ tone, children }: { readonly tone: Tone; readonly children: React.ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <span className={`mark ${tone}`}>
      <Icon size={15} stroke={2} aria-hidden="true" />
      <span>{children}</span>
    </span>
  );
}
