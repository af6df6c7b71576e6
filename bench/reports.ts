/**
 * `npm run bench -- reports`: measures the milliseconds of CPU that one isolate's report costs the pool's object, by
 * the number of origins in the report. It uses the real controller with SQLite in memory.
 * @module
 */
import { memorySql } from "../sim/lib/memory-sql.ts";
import type { OriginReport, SyncReport } from "../src/contract/sync.ts";
import { PoolController } from "../src/pool/controller.ts";
import { PoolStore } from "../src/pool/storage/store.ts";
import { median } from "./lib/measure.ts";
import type { BenchOptions } from "./lib/options.ts";
import { markdown, publish } from "./lib/report.ts";

const ORIGINS = [3, 100, 1_000, 5_000] as const;
const ISOLATES = 20;
const START_MS = 1_800_000_000_000;
const REPORTS = 400;
const SHORT_REPORTS = 120;
/** Reports that are not measured, because they run before the code is compiled. */
const WARM_UP = 40;

/** The pool's configuration apart from its origins, by row. */
const CASES: readonly { readonly title: string; readonly settings: object }[] = [
  { title: "counts and connections", settings: {} },
  { title: "and outlier detection", settings: { outlier_detection: {} } },
];

/** @param about describes the machine and the run; printed above the results and written with them */
export async function measureReports(options: BenchOptions, about: Record<string, string>): Promise<void> {
  const reports = options.rounds ?? (options.isShort ? SHORT_REPORTS : REPORTS);
  const rows = CASES.map(({ title, settings }) => {
    const ms = ORIGINS.map((origins) => millisecondsPerReport(origins, settings, reports));
    return { title, ms: Object.fromEntries(ORIGINS.map((origins, index) => [origins, ms[index]])) };
  });
  const head = [
    "ms of CPU per report, by origins",
    ...ORIGINS.map((origins) => origins.toLocaleString("en")),
  ];
  const lines = rows.map(({ title, ms }) => [title, ...ORIGINS.map((origins) => digits(ms[origins]))]);
  await publish(about, [markdown(head, lines)], options, { ms_per_report: rows });
}

/** The median. The mean would include garbage collection, but disturbances by other processes too. */
function millisecondsPerReport(origins: number, settings: object, reports: number): number {
  let nowMs = START_MS;
  const controller = controllerOf(origins, settings, () => nowMs);
  const each: number[] = [];
  for (let index = 0; index < reports + WARM_UP; index++) {
    nowMs += 1_000 / ISOLATES;
    const report = reportOf(origins, index);
    const before = process.cpuUsage();
    controller.sync(report);
    const { user, system } = process.cpuUsage(before);
    if (index >= WARM_UP) each.push((user + system) / 1_000);
  }
  return median(each);
}

function controllerOf(count: number, settings: object, now: () => number): PoolController {
  const controller = new PoolController({
    pool: "bench",
    store: new PoolStore(memorySql()),
    now,
    probe: () => Promise.resolve({ passed: true, detail: "", durationMs: 1, timedOut: false }),
    allowIpOrigins: false,
    log: () => {},
  });
  const origins = Array.from({ length: count }, (_, i) => ({ id: idOf(i), url: `https://${i}.example` }));
  controller.applyConfig({ text: JSON.stringify({ origins, ...settings }), updatedAt: START_MS });
  return controller;
}

/** Each origin was used and has one request open. The report is made anew each time, as if it came over the wire. */
function reportOf(count: number, index: number): SyncReport {
  const isolate = index % ISOLATES;
  const origins: Record<string, OriginReport> = {};
  const active: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    origins[idOf(i)] = {
      outcomes: { success: 2 + (i % 3) },
      failures_in_row: 0,
      had_success: true,
      retries: 0,
      rate_limited: 0,
      latency: [
        [100 + ((i * 7 + isolate) % 60), 1],
        [160 + (i % 20), 1 + (i % 3)],
      ],
    };
    active[idOf(i)] = 1;
  }
  return {
    isolate: `isolate-${isolate}`,
    sequence: Math.floor(index / ISOLATES) + 1,
    snapshot: 1,
    active,
    origins,
    demand: { requests: 3 * count, elapsed_ms: 1_000 },
    cursor: { want: 100, returned: [] },
  };
}

function idOf(index: number): string {
  return `origin-${index}`;
}

function digits(value = Number.NaN): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 2 });
}
