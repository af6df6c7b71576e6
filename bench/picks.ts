/**
 * `npm run bench -- picks`: measures nanoseconds per pick by the number of origins, and the memory of a ring.
 * @module
 */
import type { BenchOptions } from "./lib/options.ts";
import { PICK_CASES } from "./lib/pick-cases.ts";
import { markdown, publish } from "./lib/report.ts";
import { bytesPerOrigin, RINGS } from "./lib/ring-memory.ts";
import { checksum, nanosecondsPerCall, type TimingPlan } from "./lib/timing.ts";

const ORIGINS = [3, 30, 300, 3_000] as const;
const FULL: TimingPlan = { rounds: 31, roundMs: 10, warmUpMs: 300 };
const SHORT: TimingPlan = { rounds: 9, roundMs: 5, warmUpMs: 60 };

interface PickResult {
  readonly id: string;
  readonly title: string;
  /** Nanoseconds, or bytes per origin, by number of origins. */
  readonly values: Readonly<Record<string, number>>;
}

/** @param about describes the machine and the run; printed above the results and written with them */
export async function measurePicks(options: BenchOptions, about: Record<string, string>): Promise<void> {
  const plan = { ...(options.isShort ? SHORT : FULL) };
  if (options.rounds !== null) plan.rounds = options.rounds;
  // Before the picks, because they change the shape of the heap.
  const rings = RINGS.map((ring, index) => ({
    id: `ring-${index}`,
    title: ring.title,
    values: byOrigins((origins) => bytesPerOrigin(ring, origins)),
  }));
  const picks = PICK_CASES.filter(({ id }) => options.only?.includes(id) ?? true).map(
    ({ id, title, make }) => {
      const values = byOrigins((origins) => nanosecondsPerCall(make(origins), plan));
      console.error(`${title}: ${Object.values(values).map(digits).join(" ")} ns`);
      return { id, title, values };
    },
  );
  const tables = [
    table("ns per pick, by origins", picks),
    table("bytes per origin of a ring, 150 points each", rings),
    `(checksum ${checksum}: every pick was used)`,
  ];
  await publish(about, tables, options, { nanoseconds_per_pick: picks, ring_bytes_per_origin: rings });
}

function byOrigins(measured: (origins: number) => number): Record<string, number> {
  return Object.fromEntries(ORIGINS.map((origins) => [String(origins), measured(origins)]));
}

function table(name: string, results: readonly PickResult[]): string {
  const head = [name, ...ORIGINS.map((origins) => origins.toLocaleString("en"))];
  const lines = results.map(({ title, values }) => [
    title,
    ...ORIGINS.map((origins) => digits(values[String(origins)] ?? Number.NaN)),
  ]);
  return markdown(head, lines);
}

function digits(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
