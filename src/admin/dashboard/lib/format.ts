/**
 * Numbers and times as people read them.
 * @module
 */

/** Per second: `0.3`, `12.4`, `1,240`. */
export function rate(value: number): string {
  if (value === 0) return "0";
  if (value < 0.05) return "<0.1";
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

/** @param share 0 to 1 */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value}%`;
  if (value < 0.1) return "<0.1%";
  // Nearly all is not all.
  if (value > 99) return `${Math.min(99.9, value).toFixed(1)}%`;
  return value < 10 ? `${value.toFixed(1)}%` : `${Math.round(value)}%`;
}

/** Of requests, 0 to 1: nearly all is never all, and a tenth of a percent counts. */
export function availability(share: number | null): string {
  if (share === null) return "–";
  if (share === 0 || share === 1) return `${share * 100}%`;
  return `${Math.min(99.99, share * 100).toFixed(2)}%`;
}

/** `-` where there is none. */
export function latency(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

/** `1 origin`, `2 origins` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** With a full stop at its end, and one only. */
export function sentence(text: string): string {
  return text.replace(/\.?$/, ".");
}

const UNITS: [name: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** The two largest units: `3 min 20 s`. */
export function duration(ms: number): string {
  const at = UNITS.findIndex(([, unit]) => ms >= unit);
  if (at < 0) return "0 s";
  const [name = "s", unit = 1_000] = UNITS[at] ?? [];
  const whole = Math.floor(ms / unit);
  const [smaller, small = 1] = UNITS[at + 1] ?? [];
  const rest = Math.floor((ms - whole * unit) / small);
  return smaller === undefined || rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${smaller}`;
}

export function ago(ms: number): string {
  return ms < 1_000 ? "just now" : `${duration(ms)} ago`;
}

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const dayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** The time of day here, and the day if it is not today. */
export function clock(ms: number): string {
  const date = new Date(ms);
  const time = clockFormat.format(date);
  return date.toDateString() === new Date().toDateString() ? time : `${dayFormat.format(date)}, ${time}`;
}

/** A value of a configuration, on one line. */
export function jsonText(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value);
}
