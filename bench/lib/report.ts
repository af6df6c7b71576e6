/**
 * Prints the measurements of the data path as a table, and writes them as JSON.
 * @module
 */

import { writeFile } from "node:fs/promises";
import type { Starts } from "./cold-start.ts";
import { COST_FORMULA, dollarsPerMillion } from "./cost.ts";
import { COUNTED_RATE, type Counted } from "./counting.ts";
import type { Figures, Measured } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";

/** Prints tables below the line that describes the run, and writes results where `--json` says. */
export async function publish(
  about: Readonly<Record<string, string>>,
  tables: readonly string[],
  { json }: { readonly json: string | null },
  results: object,
): Promise<void> {
  console.log(`\n${[Object.values(about).join(" · "), ...tables].join("\n\n")}`);
  if (json !== null) await writeFile(json, `${JSON.stringify({ ...about, ...results }, null, 2)}\n`);
}

export interface Row {
  readonly scenario: Scenario;
  readonly measured: Measured;
  readonly counted: Counted | null;
  /** Latencies at the same pace; null: not measured for this row. */
  readonly paced: { readonly own: Figures; readonly bare: Figures } | null;
}

export interface Skipped {
  readonly title: string;
  readonly why: string;
}

const HEAD = [
  "path",
  "CPU us/request",
  "bare",
  "ratio",
  "median round",
  "quartiles",
  "by process",
  "requests/s",
  "p50 ms",
  "p99 ms",
  "calls/1,000",
  "KV reads/1,000",
  "$/million",
];

export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ scenario, measured, counted }) => [
    scenario.title,
    measured.cpuUs.toFixed(0),
    measured.bare.cpuUs.toFixed(0),
    `**${measured.ratio.toFixed(2)}**`,
    measured.medianRatio.toFixed(2),
    ...[measured.quartiles, measured.byProcess].map((ratios) =>
      ratios.map((each) => each.toFixed(2)).join("-"),
    ),
    measured.requestsPerSecond.toFixed(0),
    measured.p50Ms.toFixed(2),
    measured.p99Ms.toFixed(2),
    counted === null ? "-" : counted.objectCalls.toFixed(1),
    counted === null ? "-" : counted.kvReads.toFixed(2),
    dollars(scenario, measured, counted)?.toFixed(3) ?? "-",
  ]);
  return markdown(HEAD, lines);
}

/** Programs that are not Workers have no such price, and without counts the price of a pool is unknown. */
function dollars({ subject, pool }: Scenario, { cpuUs }: Measured, counted: Counted | null): number | null {
  if (subject === "nginx" || subject === "haproxy" || (pool !== null && counted === null)) return null;
  return dollarsPerMillion(cpuUs, counted, COUNTED_RATE);
}

/** Latencies of rows that were measured at a pace, beside the bare pass-through at the same pace. */
export function latencyTable(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ scenario: { title }, paced }) =>
    paced === null
      ? []
      : [
          [
            title,
            ...[paced.own.p50Ms, paced.bare.p50Ms, paced.own.p99Ms, paced.bare.p99Ms].map((ms) =>
              ms.toFixed(2),
            ),
            `**${(paced.own.p99Ms / paced.bare.p99Ms).toFixed(2)}**`,
          ],
        ],
  );
  return markdown(["path", "p50 ms", "bare", "p99 ms", "bare", "ratio of p99"], lines);
}

export function startTable(starts: readonly Starts[]): string {
  const lines = starts.map(({ title, bytes, startCpuMs, answerCpuMs, answerMs }) => [
    title,
    (bytes / 1_000).toFixed(0),
    ...[startCpuMs, answerCpuMs, answerMs].map((each) => each.toFixed(1)),
  ]);
  return markdown(["Worker", "KB", "CPU ms to start", "CPU ms of the first answer", "ms to it"], lines);
}

export function paceTable(paces: readonly (Counted & { rate: number })[]): string {
  const lines = paces.map(({ rate, objectCalls, alarms, kvReads }) => [
    String(rate),
    ...[objectCalls, alarms, kvReads].map((each) => each.toFixed(2)),
  ]);
  return markdown(["requests/s", "object calls/1,000", "alarms/1,000", "KV reads/1,000"], lines);
}

export function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [row(head), rule, ...lines.map(row)].join("\n");
}

export function asJson(
  rows: readonly Row[],
  skipped: readonly Skipped[],
  about: Record<string, unknown>,
): string {
  const results = rows.map(({ scenario: { id, title }, measured, counted, paced }) => ({
    id,
    title,
    ...measured,
    counted,
    paced,
  }));
  return `${JSON.stringify({ ...about, cost_formula: COST_FORMULA, results, skipped }, null, 2)}\n`;
}
