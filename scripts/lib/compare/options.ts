/**
 * The options of a comparison on a command line.
 * @module
 */
import { UsageError } from "../options.ts";
import type { CompareRules } from "./differences.ts";

export interface CompareOptions {
  /** The old address. */
  readonly against: URL;
  /** File with the requests; null: they are made from the routes. */
  readonly requests: string | null;
  /** How often each request is sent to each address, at least 1. */
  readonly times: number;
  readonly rules: CompareRules;
}

const MOST_TIMES = 1_000;

/** For `parseArgs`. */
export const COMPARE_ARGUMENTS = {
  "check-against": { type: "string" },
  requests: { type: "string" },
  times: { type: "string" },
  header: { type: "string", multiple: true },
  "origin-header": { type: "string" },
  ignore: { type: "string", multiple: true },
} as const;

export const COMPARE_USAGE = [
  "  --check-against URL   send requests to the old address and to the result, and show what is answered otherwise",
  "  --requests FILE       these requests (METHOD URL, then headers, then a blank line), not some made from the routes",
  "  --times N             send each N times and compare all that was seen: for origins that take turns",
  "  --header NAME         compare this header too; may be repeated",
  "  --origin-header NAME  the header that names the origin, if it is not a usual one",
  "  --ignore NAME         do not compare body, origin or this header; may be repeated",
].join("\n");

type Values = {
  readonly [Name in keyof typeof COMPARE_ARGUMENTS]?:
    | ((typeof COMPARE_ARGUMENTS)[Name] extends { multiple: true } ? string[] : string)
    | undefined;
};

/** Null: nothing is to be compared. @throws UsageError */
export function compareOptions(values: Values): CompareOptions | null {
  const { "check-against": against, requests, times = "1", header = [], ignore = [] } = values;
  if (against === undefined) {
    const given = Object.keys(COMPARE_ARGUMENTS).find((name) => values[name as keyof Values] !== undefined);
    if (given !== undefined) throw new UsageError(`--${given} goes with --check-against`);
    return null;
  }
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(against) || !URL.canParse(against))
    throw new UsageError(`--check-against: ${JSON.stringify(against)} is not http:// or https:// and a host`);
  const count = /^\d{1,4}$/.test(times) ? Number(times) : 0;
  if (count < 1 || count > MOST_TIMES)
    throw new UsageError(`--times: ${JSON.stringify(times)} is not a whole number from 1 to ${MOST_TIMES}`);
  return {
    against: new URL(against),
    requests: requests ?? null,
    times: count,
    rules: {
      headers: lowerCase(header),
      originHeader: values["origin-header"]?.toLowerCase() ?? null,
      ignore: lowerCase(ignore),
    },
  };
}

function lowerCase(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}
