/**
 * Positional arguments that several commands share.
 * @module
 */
import { UsageError } from "../lib/options.ts";

/** Exactly the named arguments, in their order. @throws UsageError */
export function exactly<const Names extends readonly string[]>(
  command: string,
  names: Names,
  positionals: readonly string[],
): { [K in keyof Names]: string } {
  if (positionals.length !== names.length) {
    throw new UsageError(`${command} takes ${new Intl.ListFormat("en", { style: "long" }).format(names)}`);
  }
  return [...positionals] as { [K in keyof Names]: string };
}

/** A whole number from `least` to `most`. @throws UsageError */
export function wholeNumber(what: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${what}: ${JSON.stringify(text)} is no whole number from ${least} to ${most}`);
}

/** A number from 0 to `most`, with at most two decimals. @throws UsageError */
export function decimal(what: string, text: string, most: number): number {
  const value = /^\d{1,4}(\.\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  const rule = `a number from 0 to ${most}, at most two decimals`;
  throw new UsageError(`${JSON.stringify(text)} is no ${what}: ${rule}`);
}

/** The path of a pool in the admin API. */
export function poolPath(pool: string): string {
  return `/pools/${encodeURIComponent(pool)}`;
}

/** The path of an origin in the admin API. */
export function originPath(pool: string, origin: string): string {
  return `${poolPath(pool)}/origins/${encodeURIComponent(origin)}`;
}
