/**
 * The bench's command line.
 * @module
 */
import { parseArgs } from "node:util";
import { PICK_CASES } from "./pick-cases.ts";
import { SCENARIOS } from "./scenarios.ts";

export const USAGE = `npm run bench -- [picks|reports] [--short] [--only ID,ID] [--processes N] [--rounds N] [--json FILE] [--no-count]
  picks       nanoseconds per pick of each algorithm instead, and what a ring weighs
  reports     milliseconds of CPU that an isolate's report costs the pool's object, by the number of origins
  --short     one process of each, fewer and shorter rounds: under two minutes
  --only      only these rows, by id; an id that there is not lists them. Not with reports
  --processes how many of each Worker, one after the other; not with picks or reports
  --rounds    how often each row and the bare pass-through are measured in turns; with reports, how many of them
  --json      writes the results there as well
  --no-count  leaves out cold starts, and the run that counts object calls and KV reads`;

export interface BenchOptions {
  readonly isPicks: boolean;
  readonly isReports: boolean;
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
  const unknown = positionals.find((each) => each !== "picks" && each !== "reports");
  if (unknown !== undefined) throw new Error(`unknown argument: ${unknown}`);
  const isPicks = positionals.includes("picks");
  const isReports = positionals.includes("reports");
  if (isPicks && isReports) throw new Error("picks or reports, one at a time");
  if (isReports && values.only !== undefined) throw new Error("reports takes no --only");
  return {
    isPicks,
    isReports,
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
