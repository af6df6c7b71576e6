/**
 * Values in HAProxy's spelling.
 * @module
 */
import { ImportError } from "../result.ts";
import type { Line } from "./sections.ts";

const SECONDS: Readonly<Record<string, number>> = {
  us: 0.000_001,
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
};

/** Seconds in `90`, which are milliseconds unless `unit` says otherwise, `90s`, `1m`, `500ms` (manual, 2.5 "Time format"). @throws ImportError if it is no time */
export function requireSeconds({ at }: Line, text: string, what: string, unit: "ms" | "s" = "ms"): number {
  const match = /^(\d{1,12})(us|ms|[smhd])?$/.exec(text);
  if (match === null) throw new ImportError(`${at}: ${what}: ${JSON.stringify(text)} is not a time`);
  return Number(match[1]) * (SECONDS[match[2] ?? unit] ?? 0);
}

/** @throws ImportError if `text` is no whole number of at least 0 */
export function requireCount({ at }: Line, text: string, what: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ImportError(`${at}: ${what}: ${JSON.stringify(text)} is not a whole number`);
}
