/**
 * Values in nginx's spelling.
 * @module
 */
import { ImportError } from "../result.ts";
import type { Directive } from "./parser.ts";

const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** Seconds in `90`, `90s`, `1m30s`, `500ms`; null if it is no time (nginx, "Configuration file measurement units"). */
export function secondsOf(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^(\d+(ms|[smhdwMy]))+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwMy])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (SECONDS[unit ?? ""] ?? 0), 0);
}

/** @throws ImportError if `text` is no time */
export function requireSeconds({ at, name }: Directive, text: string, what = name): number {
  const seconds = secondsOf(text);
  if (seconds === null) throw new ImportError(`${at}: ${what}: ${JSON.stringify(text)} is not a time`);
  return seconds;
}

/** @throws ImportError if `text` is no whole number of at least 0 */
export function requireCount({ at, name }: Directive, text: string, what = name): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new ImportError(`${at}: ${what}: ${JSON.stringify(text)} is not a whole number`);
  }
  return Number(text);
}

/** `["domain", "a.example"]` of `domain=a.example`; the value is null if there is no `=`. */
export function parameterOf(text: string): [name: string, value: string | null] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, null] : [text.slice(0, equals), text.slice(equals + 1)];
}
