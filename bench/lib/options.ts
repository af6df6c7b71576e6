/**
 * The bench's command line.
 * @module
 */
import { parseArgs } from "node:util";
import { PICK_CASES } from "./pick-cases.ts";
import { isWorker, SCENARIOS } from "./scenarios.ts";

export const USAGE = `npm run bench -- [picks|reports|garbage] [--short] [--only ID,ID] [--processes N] [--rounds N] [--json FILE] [--no-count]
  picks       nanoseconds per pick of each algorithm instead, and what a ring weighs
  reports     milliseconds of CPU that an isolate's report costs the pool's object, by the number of origins
  garbage     bytes that a request allocates in V8's heap
  --short     one process of each, fewer and shorter rounds: about two minutes
  --only      only these rows, by id; an id that there is not lists them. Not with reports
  --processes how many of each Worker, one after the other; not with picks, reports or garbage
  --rounds    how often each row and the bare pass-through are measured in turns; with reports, how many of them; not with garbage
  --json      writes the results there as well
  --no-count  leaves out cold starts, and the run that counts object calls and KV reads`;

const MODES = ["picks", "reports", "garbage"] as const;
export type Mode = (typeof MODES)[number];

export interface BenchOptions {
  /** What is measured instead of the data path; null: the data path is. */
  readonly mode: Mode | null;
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
  const modes = positionals.map(modeOf);
  if (modes.length > 1) throw new Error(`one at a time: ${MODES.join(", ")}`);
  const [mode = null] = modes;
  if (mode === "reports" && values.only !== undefined) throw new Error("reports takes no --only");
  return {
    mode,
    isShort: values.short,
    only: values.only === undefined ? null : checkedIds(values.only.split(","), mode),
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

function modeOf(text: string): Mode {
  const mode = MODES.find((each) => each === text);
  if (mode === undefined) throw new Error(`unknown argument: ${text}`);
  return mode;
}

function checkedIds(ids: readonly string[], mode: Mode | null): readonly string[] {
  const known = rowsOf(mode).map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Error(`no such row: ${unknown}; there are ${known.join(", ")}`);
  return ids;
}

function rowsOf(mode: Mode | null): readonly { readonly id: string }[] {
  if (mode === "picks") return PICK_CASES;
  return mode === "garbage" ? SCENARIOS.filter(isWorker) : SCENARIOS;
}
