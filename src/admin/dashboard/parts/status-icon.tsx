/**
 * A state as a shape: what colour says, the shape says too.
 * @module
 */
import type { Status, Tone } from "../lib/status.ts";

const SHAPES: Record<Tone, string> = {
  good: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM4.6 8.2l2.3 2.4l4.5-4.8",
  warn: "M8 1.6L15 14H1zM8 6v4M8 11.9v.2",
  bad: "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3zM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
  busy: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM8 4.4V8l2.6 1.7",
  off: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM4.8 8h6.4",
};

export function StatusIcon({ tone }: { tone: Tone }) {
  return (
    <svg class={`mark tone-${tone}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={SHAPES[tone]} />
    </svg>
  );
}

export function Badge({ tone, label }: Status) {
  return (
    <span class={`badge tone-${tone}`}>
      <StatusIcon tone={tone} />
      {label}
    </span>
  );
}
