/**
 * Bars: a share beside the share it should be, and how much of a limit is used.
 * @module
 */

interface ShareBarProps {
  /** 0 to 1; null: no traffic. */
  share: number | null;
  /** Null: there is none. */
  expected: number | null;
}

/** The figures stand beside it, so it is only for the eye. */
export function ShareBar({ share, expected }: ShareBarProps) {
  return (
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-track" x="0" y="1" width="100" height="6" rx="1" />
      <rect class="bar-fill" x="0" y="1" width={(share ?? 0) * 100} height="6" rx="1" />
      {expected !== null && (
        <rect class="bar-goal" x={Math.max(0, expected * 100 - 0.6)} y="0" width="1.2" height="8" />
      )}
    </svg>
  );
}

/** @param part 0 to 1, more is possible */
export function UseBar({ part, tone }: { part: number; tone: "good" | "warn" | "bad" | "busy" }) {
  return (
    <svg class={`bar tone-${tone}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-track" x="0" y="1" width="100" height="6" rx="1" />
      <rect class="bar-part" x="0" y="1" width={Math.min(1, part) * 100} height="6" rx="1" />
    </svg>
  );
}
