/**
 * The command line of `npm run test:soak`.
 * @module
 */
import { parseArgs } from "node:util";

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly clients: number;
  /** Print the tables in the form of docs/reliability.md. */
  readonly isMarkdown: boolean;
}

export const USAGE = `Usage: npm run test:soak -- [OPTIONS]

  --seconds N     how long clients send, at least 60 (default 60): a third in calm, the rest with faults
  --minutes N     the same in minutes
  --seed N        repeats the clients' choices of another run (default: today's date)
  --clients N     how many there are (default 50)
  --markdown      tables as in docs/reliability.md
  --help          this text

Exit code: 0 nothing is wrong, 1 something is, 2 wrong usage.`;

const LEAST_S = 60;

/** Wrong usage; the message says what is wrong. */
export class UsageError extends Error {}

/** @throws UsageError; "help" stands for a request for the usage text */
export function parseOptions(args: readonly string[], nowMs: number): SoakOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const minutes = number("--minutes", values.minutes);
  const seconds = minutes === undefined ? number("--seconds", values.seconds) : minutes * 60;
  if (seconds !== undefined && seconds < LEAST_S) throw new UsageError(`at least ${LEAST_S} seconds`);
  return {
    seconds: seconds ?? LEAST_S,
    seed:
      number("--seed", values.seed) ?? Number(new Date(nowMs).toISOString().slice(0, 10).replaceAll("-", "")),
    clients: number("--clients", values.clients) ?? 50,
    isMarkdown: values.markdown === true,
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const options = { seconds: text, minutes: text, seed: text, clients: text, markdown: flag, help: flag };
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (!(parsed > 0)) throw new UsageError(`${name} must be a number above 0`);
  return parsed;
}
