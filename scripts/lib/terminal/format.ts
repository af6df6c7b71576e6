/** Formats numbers and times for people. @module */

const SECOND_MS = 1_000;
const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

/** `12s`, `5m`, `3h`, `2d`: how long ago, rounded down. */
export function age(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? ["s", SECOND_MS];
  return `${Math.max(0, Math.floor(ms / size))}${unit}`;
}

/** `4:58`, `1:00:00`: how long still, rounded up. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND_MS));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? `${part}` : `${part}`.padStart(2, "0"))).join(":");
}

/** A number of things per second. */
export function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : `${Math.round(perSecond)}`;
}

/** @param share 0 to 1 */
export function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)}%`;
}

/** A latency; null: there was none. */
export function latency(ms: number | null): string {
  if (ms === null) return "-";
  if (ms >= SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)}s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}ms`;
}

/** `1 pool`, `2 pools` */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
