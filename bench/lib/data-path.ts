/**
 * Measures the data path: compares every row with the bare pass-through, then counts calls and reads.
 * @module
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { ensureBundle } from "../../scripts/lib/bundle.ts";
import { PROJECT } from "../../scripts/lib/project.ts";
import { measureStarts, type Starts } from "./cold-start.ts";
import { type Counted, countCalls } from "./counting.ts";
import { LoadGenerator, type LoadOptions, startOrigins } from "./load.ts";
import { compared, loadOf, type Plan, type Rounds, Turns } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { Row, Skipped } from "./report.ts";
import { COUNTED_PACES, configOf, paceId, SCENARIOS, type Scenario } from "./scenarios.ts";
import { type Starters, type Subject, startables, startersOf } from "./subjects.ts";

/** Requests per second at which latencies are compared, far below the capacity of any subject. */
export const LATENCY_RATE = 500;

interface BenchPlan extends Plan {
  /** Processes of each row, run in turn: the same Worker differs by up to 8% between processes. */
  readonly processes: number;
  /** Rounds at `LATENCY_RATE`. */
  readonly paced: Plan;
  /** How often each Worker is started to measure its cold start. */
  readonly starts: number;
  /** How long calls and reads are counted. */
  readonly countMs: number;
}

const FULL: BenchPlan = {
  processes: 4,
  rounds: 12,
  roundMs: 200,
  roundRequests: 400,
  warmUpMs: 1_000,
  warmUpRequests: 4_000,
  paced: { rounds: 3, roundMs: 2_000, roundRequests: 0, warmUpMs: 100, warmUpRequests: 0 },
  starts: 10,
  countMs: 30_000,
};
const SHORT: BenchPlan = {
  processes: 1,
  rounds: 5,
  roundMs: 250,
  roundRequests: 0,
  warmUpMs: 500,
  warmUpRequests: 0,
  paced: { rounds: 1, roundMs: 500, roundRequests: 0, warmUpMs: 100, warmUpRequests: 0 },
  starts: 2,
  countMs: 8_000,
};
export const ORIGINS = 3;
/** Each has two processes, of 50 to 150 MB. */
const ROWS_AT_ONCE = 10;
const DIST = join(PROJECT, "dist");

export interface Results {
  readonly rows: readonly Row[];
  readonly skipped: readonly Skipped[];
  readonly paces: readonly (Counted & { rate: number })[];
  readonly starts: readonly Starts[];
}

/** @param progress called with each row's result */
export async function measureDataPath(
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<Results> {
  const scenarios = SCENARIOS.filter(
    ({ id, isDetail }) => options.only?.includes(id) ?? !(options.isShort && isDetail),
  );
  const usual = options.isShort ? SHORT : FULL;
  const plan: BenchPlan = {
    ...usual,
    rounds: options.rounds ?? usual.rounds,
    processes: options.processes ?? usual.processes,
  };
  const { balancer, directory } = await prepared();
  const origins = await startOrigins(ORIGINS);
  try {
    const config = configOf(scenarios, origins.ports);
    const start = await startersOf(origins.ports, config, directory, balancer);
    const measured = await measureAll(scenarios, start, plan, progress);
    if (!options.counts) return { ...measured, paces: [], starts: [] };
    progress("cold starts");
    const starts = await measureStarts(startables(start, config, directory, balancer), plan.starts);
    progress("counting object calls and KV reads");
    const counted = await countCalls(scenarios, origins.ports, directory, balancer, plan.countMs);
    const rows = measured.rows.map((row) => ({ ...row, counted: counted.get(row.scenario.id) ?? null }));
    const paces = COUNTED_PACES.flatMap((rate) => {
      const each = counted.get(paceId(rate));
      return each === undefined ? [] : [{ rate, ...each }];
    });
    return { rows, skipped: measured.skipped, paces, starts };
  } finally {
    origins.stop();
  }
}

/** The built balancer, and a directory that is removed at the end. */
export async function prepared(): Promise<{ balancer: string; directory: string }> {
  // Built once, so that a source file that changes during the run has no effect.
  const balancer = await ensureBundle();
  // Inside the project, because Miniflare loads no module from elsewhere.
  await mkdir(DIST, { recursive: true });
  const directory = await mkdtemp(join(DIST, ".bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return { balancer, directory };
}

/** The measurements of one row, by process. */
interface Taken {
  readonly rounds: Rounds[];
  readonly paced: Rounds[];
}

async function measureAll(
  scenarios: readonly Scenario[],
  start: Starters,
  plan: BenchPlan,
  progress: (line: string) => void,
): Promise<{ rows: Row[]; skipped: Skipped[] }> {
  const taken = new Map<Scenario, Taken>();
  for (let process = 1; process <= plan.processes; process++) {
    for (let at = 0; at < scenarios.length; at += ROWS_AT_ONCE) {
      const together = scenarios.slice(at, at + ROWS_AT_ONCE);
      await measureProcesses(together, start, plan, taken, (line) =>
        progress(`${process} of ${plan.processes}: ${line}`),
      );
    }
  }
  const rows = [...taken].map(([scenario, { rounds, paced }]): Row => {
    const atPace = paced.length === 0 ? null : compared(paced);
    return {
      scenario,
      measured: compared(rounds),
      paced: atPace === null ? null : { own: atPace, bare: atPace.bare },
      counted: null,
    };
  });
  const skipped = scenarios.filter((each) => !taken.has(each));
  return { rows, skipped: skipped.map(({ title }) => ({ title, why: "not installed" })) };
}

/** A row under way. */
interface RowTurns {
  readonly scenario: Scenario;
  readonly usual: Turns;
  /** At `LATENCY_RATE`; null: not measured for this row. */
  readonly paced: Turns | null;
}

/**
 * One process for each row, and one with a bare pass-through for it: one for all rows would be at work more often, and so find
 * its code and data in the processor's caches. The rows take one turn after the other, so that what else the machine does
 * affects them alike.
 */
async function measureProcesses(
  scenarios: readonly Scenario[],
  start: Starters,
  plan: BenchPlan,
  taken: Map<Scenario, Taken>,
  progress: (line: string) => void,
): Promise<void> {
  const generator = new LoadGenerator();
  const started: Subject[] = [];
  const kept = (subject: Subject): Subject => {
    started.push(subject);
    return subject;
  };
  try {
    const rows: RowTurns[] = [];
    for (const scenario of scenarios) {
      const subject = await start[scenario.subject]();
      if (subject === null) continue;
      rows.push(await turnsOf(scenario, kept(subject), kept(await start.bare()), generator, plan));
    }
    await takeTurns(rows, plan);
    for (const { scenario, usual, paced } of rows) {
      progress(`${scenario.title}: ratio ${compared([usual.rounds]).ratio.toFixed(3)}`);
      const all = taken.get(scenario) ?? { rounds: [], paced: [] };
      all.rounds.push(usual.rounds);
      if (paced !== null) all.paced.push(paced.rounds);
      taken.set(scenario, all);
    }
  } finally {
    generator.stop();
    for (const subject of started) await subject.stop();
  }
}

async function turnsOf(
  scenario: Scenario,
  subject: Subject,
  bare: Subject,
  generator: LoadGenerator,
  plan: BenchPlan,
): Promise<RowTurns> {
  const { request, isPaced = false } = scenario;
  const load = await requestsOf(scenario, subject);
  const own = { subject, load };
  // The same request, headers and all, to the bare pass-through.
  const plain = { subject: bare, load: loadOf(bare.url, request, load.headers, 0) };
  // A body of 10 MB is enough work without a pace.
  const large = { ...plan, roundRequests: 0, warmUpRequests: 0 };
  const usual = new Turns(generator, plain, own, request === "10m" ? large : plan);
  const paced = isPaced ? new Turns(generator, plain, own, plan.paced, LATENCY_RATE) : null;
  return { scenario, usual, paced };
}

async function takeTurns(rows: readonly RowTurns[], plan: BenchPlan): Promise<void> {
  for (const { usual } of rows) await usual.warmUp();
  for (let round = 0; round < plan.rounds; round++) for (const { usual } of rows) await usual.take();
  const paced = rows.flatMap((row) => row.paced ?? []);
  for (const turns of paced) await turns.warmUp();
  for (let round = 0; round < plan.paced.rounds; round++) for (const turns of paced) await turns.take();
}

/** The requests of a row. */
export async function requestsOf(scenario: Scenario, { url: base }: Subject): Promise<LoadOptions> {
  const { id, request, pool, path = pool === null ? null : id, keepsCookie = false } = scenario;
  const url = path === null ? base : `${base}/${path}`;
  const cookie = keepsCookie ? { cookie: await cookieOf(`${url}/small`) } : {};
  return loadOf(url, request, { ...scenario.headers, ...cookie }, 0);
}

/** The session cookie that a new client gets. */
async function cookieOf(url: string): Promise<string> {
  const response = await fetch(url);
  await response.arrayBuffer();
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
  if (cookie === undefined) throw new Error(`${url} gives out no cookie`);
  return cookie;
}
