/**
 * Prints the table of a soak, and the reasons for which it fails.
 * @module
 */
import { type MemoryVerdict, mb } from "./memory.ts";
import type { Tally } from "./tally.ts";

export interface SoakReport {
  command: string;
  date: string;
  seconds: number;
  clients: number;
  seed: number;
  calm: Tally;
  faulty: Tally;
  faults: number;
  sentOnce: number;
  sentTwice: string[];
  blamedInCalm: string[];
  blamedWithoutFault: string[];
  open: string[];
  memory: MemoryVerdict;
}

/** The reasons for which the run fails, in words. */
export function failuresOf(report: SoakReport): string[] {
  const { calm, faulty, memory } = report;
  return [
    ...calm.examples.map((example) => `calm: ${example}`),
    ...faulty.examples.map((example) => `faults: ${example}`),
    ...[...calm.wrong].map(([wrong, times]) => `calm: ${count(times)} times ${wrong}`),
    ...[...faulty.wrong].map(([wrong, times]) => `faults: ${count(times)} times ${wrong}`),
    ...report.sentTwice.map((each) => `sent twice: ${each}`),
    ...report.blamedInCalm.map((each) => `blamed in calm: ${each}`),
    ...report.blamedWithoutFault.map((each) => `blamed without a fault: ${each}`),
    ...report.open.map((each) => `open at the end: ${each}`),
    ...memory.growth,
  ];
}

export function tableOf(report: SoakReport): string {
  const { calm, faulty, memory } = report;
  const [before, after] = memory.keptMb;
  const rows: [string, string, string][] = [
    ["requests", count(calm.requests), count(faulty.requests)],
    ["wrong", count(calm.wrongs), count(faulty.wrongs)],
    ...reasons(calm, faulty).map((why): [string, string, string] => [
      why,
      count(calm.allowed.get(why) ?? 0),
      count(faulty.allowed.get(why) ?? 0),
    ]),
    ["faults", "0", count(report.faults)],
    ["blamed without a fault", count(report.blamedInCalm.length), count(report.blamedWithoutFault.length)],
  ];
  const over = [
    `requests that may be sent once only and arrived: ${count(report.sentOnce)}, twice: ${report.sentTwice.length}`,
    `open at the end: ${report.open.length}`,
    `the runtime keeps ${mb(before)} before the first request, ${mb(after)} after the last`,
    `its resident memory: ${mb(memory.earlyMb)} after the warm-up, ${mb(memory.lateMb)} at the end, ` +
      `${mb(memory.highestMb)} at most`,
  ];
  const table = [["", "calm", "with faults"], ["---", "---:", "---:"], ...rows];
  return [
    `\`${report.command}\`: ${report.date}, ${report.seconds} s, ${report.clients} clients, seed ${report.seed}`,
    "",
    ...aligned(table),
    "",
    ...over.map((line) => `- ${line}`),
  ].join("\n");
}

function reasons(calm: Tally, faulty: Tally): string[] {
  const all = new Set([...calm.allowed.keys(), ...faulty.allowed.keys()]);
  return [...all].sort((a, b) => Number(b === "right") - Number(a === "right") || a.localeCompare(b));
}

function aligned(rows: readonly string[][]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(
    (row) => `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(" | ")} |`,
  );
}

function pad(cell: string, width: number, column: number): string {
  if (/^-+:?$/.test(cell)) return cell.endsWith(":") ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function count(value: number): string {
  return value.toLocaleString("en");
}
