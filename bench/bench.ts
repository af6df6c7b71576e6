/**
 * `npm run bench`: compares the costs of the balancer with those of a Worker that only passes requests on.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { COST_FORMULA } from "./lib/cost.ts";
import { COUNTED_RATE } from "./lib/counting.ts";
import { LATENCY_RATE, measureDataPath } from "./lib/data-path.ts";
import { type BenchOptions, type Mode, parseOptions, USAGE } from "./lib/options.ts";
import { asJson, latencyTable, paceTable, startTable, table } from "./lib/report.ts";

type Measure = (options: BenchOptions, about: Record<string, string>) => Promise<void>;

/** Loaded when they are asked for. */
const MODES: Readonly<Record<Mode, Measure>> = {
  picks: async (...run) => (await import("./picks.ts")).measurePicks(...run),
  reports: async (...run) => (await import("./reports.ts")).measureReports(...run),
  garbage: async (...run) => (await import("./garbage.ts")).measureGarbage(...run),
};

const EXIT_REFUSED = 2;
const EXIT_STOPPED = 130;

async function main(options: BenchOptions): Promise<void> {
  const about = { command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.trim(), ...machine() };
  if (options.mode !== null) return await MODES[options.mode](options, about);
  const { rows, skipped, paces, starts } = await measureDataPath(options, (line) => console.error(line));
  console.log(`\n${Object.values(about).join(" · ")}\n\n${table(rows)}`);
  for (const { title, why } of skipped) console.log(`- ${title}: ${why}`);
  console.log(`\n$/million requests at ${COUNTED_RATE} requests/s = ${COST_FORMULA}`);
  if (rows.some(({ paced }) => paced !== null)) {
    console.log(`\nat ${LATENCY_RATE} requests a second:\n\n${latencyTable(rows)}`);
  }
  if (starts.length > 0) console.log(`\ncold starts:\n\n${startTable(starts)}`);
  if (paces.length > 0) console.log(`\nround robin, one isolate:\n\n${paceTable(paces)}`);
  const loaded = `load average after: ${loadavg()[0]?.toFixed(1)}`;
  console.log(`\n${loaded}`);
  if (options.json !== null)
    await writeFile(options.json, asJson(rows, skipped, { ...about, paces, starts }));
}

function machine() {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    machine: `${processors.length} x ${processors[0]?.model ?? "?"}`,
    load: `load average before: ${loadavg()[0]?.toFixed(1)}`,
  };
}

// Exits normally, so that the handlers that stop child processes run.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(EXIT_STOPPED));

if (process.argv.includes("--help")) {
  console.log(USAGE);
  process.exit(0);
}
let options: BenchOptions;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exit(EXIT_REFUSED);
}
await main(options);
