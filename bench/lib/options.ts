/**
 * The bench's command line.
 * @module
 */
import { parseArgs } from "node:util";
import { PICK_CASES } from "./pick-cases.ts";
import { SCENARIOS } from "./scenarios.ts";

export const USAGE = `npm run bench -- [picks] [--short] [--only ID,ID] [--rounds N] [--json FILE] [--no-count]
  picks       nanoseconds per pick of each algorithm instead, and what a ring weighs
  --short     fewer and shorter rounds: under two minutes
  --only      only these rows, by id; an id that there is not lists them
  --rounds    how often each row and the bare pass-through are measured in turns
  --json      writes the results there as well
  --no-count  leaves out the run that counts object calls and KV reads`;

export interface BenchOptions {
  readonly isPicks: boolean;
  readonly isShort: boolean;
  /** Ids of rows; null: all. */
  readonly only: readonly string[] | null;
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
      rounds: { type: "string" },
      json: { type: "string" },
      "no-count": { type: "boolean", default: false },
    },
  });
  const unknown = positionals.find((each) => each !== "picks");
  if (unknown !== undefined) throw new Error(`unknown argument: ${unknown}`);
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error("--rounds must be a number");
  const isPicks = positionals.includes("picks");
  return {
    isPicks,
    isShort: values.short,
    only: values.only === undefined ? null : checkedIds(values.only.split(","), isPicks),
    rounds,
    json: values.json ?? null,
    counts: !values["no-count"],
  };
}

function checkedIds(ids: readonly string[], isPicks: boolean): readonly string[] {
  const known = (isPicks ? PICK_CASES : SCENARIOS).map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Error(`no such row: ${unknown}; there are ${known.join(", ")}`);
  return ids;
}
