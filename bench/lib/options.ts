/**
 * The bench's command line.
 * @module
 */
import { parseArgs } from "node:util";
import { PICK_CASES } from "./pick-cases.ts";
import { SCENARIOS } from "./scenarios.ts";

export const USAGE = `npm run bench -- [picks|reports|garbage] [--short] [--only ID,ID] [--processes N] [--rounds N] [--json FILE] [--no-count]
  picks       nanoseconds per pick of each algorithm instead, and what a ring weighs
  reports     milliseconds of CPU that an isolate's report costs the pool's object, by the number of origins
  garbage     bytes that a request allocates in V8's heap
  --short     one process of each, fewer and shorter rounds: under two minutes
  --only      only these rows, by id; an id that there is not lists them. Not with reports
  --processes how many of each Worker, one after the other; not with picks, reports or garbage
  --rounds    how often each row and the bare pass-through are measured in turns; with reports, how many of them; not with garbage
  --json      writes the results there as well
  --no-count  leaves out cold starts, and the run that counts object calls and KV reads`;

/** What is measured instead of the data path. */
const MODES: ReadonlySet<string> = new Set(["picks", "reports", "garbage"]);

export interface BenchOptions {
  readonly isPicks: boolean;
  readonly isReports: boolean;
  readonly isGarbage: boolean;
  readonly isShort: boolean;
  /** Ids of rows; null: all. */
  readonly only: readonly string[] | null;
  /** Null: as many as usual. */
  readonly processes: number | null;
  readonly rounds: number | null;
  readonly json: string | null;
  readonly counts: boolean;
}

/** @throws Error with what is wrong with the arguments */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      short: { type: "boolean", default: false },
      only: { type: "string" },
      processes: { type: "string" },
      rounds: { type: "string" },
      json: { type: "string" },
      "no-count": { type: "boolean", default: false },
    },
  });
  const unknown = positionals.find((each) => !MODES.has(each));
  if (unknown !== undefined) throw new Error(`unknown argument: ${unknown}`);
  if (positionals.length > 1) throw new Error(`one at a time: ${[...MODES].join(", ")}`);
  const isPicks = positionals.includes("picks");
  const isReports = positionals.includes("reports");
  if (isReports && values.only !== undefined) throw new Error("reports takes no --only");
  return {
    isPicks,
    isReports,
    isGarbage: positionals.includes("garbage"),
    isShort: values.short,
    only: values.only === undefined ? null : checkedIds(values.only.split(","), isPicks),
    processes: count("processes", values.processes),
    rounds: count("rounds", values.rounds),
    json: values.json ?? null,
    counts: !values["no-count"],
  };
}

function count(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${name} must be a number`);
  return number;
}

function checkedIds(ids: readonly string[], isPicks: boolean): readonly string[] {
  const known = (isPicks ? PICK_CASES : SCENARIOS).map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Error(`no such row: ${unknown}; there are ${known.join(", ")}`);
  return ids;
}
