/**
 * The data path, measured: every row against the bare pass-through, then the calls and reads counted.
 * @module
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { ensureBundle } from "../../scripts/lib/bundle.ts";
import { PROJECT } from "../../scripts/lib/project.ts";
import { type Counted, countCalls } from "./counting.ts";
import { LoadGenerator, startOrigins } from "./load.ts";
import { loadOf, measure, type Plan } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { type ProxyName, startProxy } from "./proxies.ts";
import type { Row, Skipped } from "./report.ts";
import { COUNTED_PACES, configOf, paceId, SCENARIOS, type Scenario } from "./scenarios.ts";
import { type Subject, startWorkers } from "./subjects.ts";

const FULL: Plan = { rounds: 21, roundMs: 500, warmUpMs: 2_000 };
const SHORT: Plan = { rounds: 5, roundMs: 250, warmUpMs: 500 };
const COUNT_MS = { full: 30_000, short: 8_000 };
const ORIGINS = 3;
const DIST = join(PROJECT, "dist");
const PROXIES: readonly ProxyName[] = ["nginx", "haproxy"];

export interface Results {
  readonly rows: readonly Row[];
  readonly skipped: readonly Skipped[];
  readonly paces: readonly (Counted & { rate: number })[];
}

/** @param progress told of each row as it is measured */
export async function measureDataPath(
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<Results> {
  const scenarios = SCENARIOS.filter(
    ({ id, isDetail }) => options.only?.includes(id) ?? !(options.isShort && isDetail),
  );
  const plan = { ...(options.isShort ? SHORT : FULL) };
  if (options.rounds !== null) plan.rounds = options.rounds;
  // Once: a source that changes during the run changes nothing.
  const balancer = await ensureBundle();
  // In the project: Miniflare takes no module from elsewhere.
  await mkdir(DIST, { recursive: true });
  const directory = await mkdtemp(join(DIST, ".bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const origins = await startOrigins(ORIGINS);
  try {
    const measured = await measureAll(scenarios, origins.ports, plan, { balancer, directory }, progress);
    if (!options.counts) return { ...measured, paces: [] };
    progress("counting object calls and KV reads");
    const ms = options.isShort ? COUNT_MS.short : COUNT_MS.full;
    const counted = await countCalls(scenarios, origins.ports, directory, balancer, ms);
    const rows = measured.rows.map((row) => ({ ...row, counted: counted.get(row.scenario.id) ?? null }));
    const paces = COUNTED_PACES.flatMap((rate) => {
      const each = counted.get(paceId(rate));
      return each === undefined ? [] : [{ rate, ...each }];
    });
    return { rows, skipped: measured.skipped, paces };
  } finally {
    origins.stop();
  }
}

async function measureAll(
  scenarios: readonly Scenario[],
  ports: readonly number[],
  plan: Plan,
  { balancer, directory }: { balancer: string; directory: string },
  progress: (line: string) => void,
): Promise<{ rows: Row[]; skipped: Skipped[] }> {
  const workers = await startWorkers(ports, configOf(scenarios, ports), directory, balancer);
  const subjects = new Map<Scenario["subject"], Subject>(
    Object.entries(workers) as [Scenario["subject"], Subject][],
  );
  const generator = new LoadGenerator();
  const rows: Row[] = [];
  const skipped: Skipped[] = [];
  try {
    for (const name of PROXIES) {
      const proxy = await startProxy(name, ports, join(directory, name));
      if (proxy !== null) subjects.set(name, proxy);
    }
    for (const scenario of scenarios) {
      const subject = subjects.get(scenario.subject);
      if (subject === undefined) {
        skipped.push({ title: scenario.title, why: "not installed" });
        continue;
      }
      const row = await measureRow(scenario, subject, workers.bare, generator, plan);
      progress(
        `${scenario.title}: ${row.measured.cpuUs.toFixed(0)} us, ratio ${row.measured.ratio.toFixed(3)}`,
      );
      rows.push(row);
    }
  } finally {
    generator.stop();
    for (const subject of subjects.values()) await subject.stop();
  }
  return { rows, skipped };
}

async function measureRow(
  scenario: Scenario,
  subject: Subject,
  bare: Subject,
  generator: LoadGenerator,
  plan: Plan,
): Promise<Row> {
  const { id, request, pool, path = pool === null ? null : id } = scenario;
  const url = path === null ? subject.url : `${subject.url}/${path}`;
  const headers: Record<string, string> = scenario.keepsCookie
    ? { cookie: await cookieOf(`${url}/small`) }
    : {};
  const own = { subject, load: loadOf(url, request, headers, 0) };
  // The same request, headers and all, to the bare pass-through.
  const plain = { subject: bare, load: loadOf(bare.url, request, headers, 0) };
  return { scenario, measured: await measure(generator, plain, own, plan), counted: null };
}

/** The cookie a new client is given. */
async function cookieOf(url: string): Promise<string> {
  const response = await fetch(url);
  await response.arrayBuffer();
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
  if (cookie === undefined) throw new Error(`${url} gives out no cookie`);
  return cookie;
}
