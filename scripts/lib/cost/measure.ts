/**
 * Counts on the real runtime (workerd) what the platform would charge for: the built Worker with counters at its bindings,
 * its storage and its log, one isolate, an origin on loopback.
 * @module
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { cpuMicros, descendants } from "../../../bench/lib/cpu.ts";
import { ensureBundle } from "../bundle.ts";
import { type Runtime, startRuntime } from "../runtime.ts";
import { pace, referenceLoad, visit } from "./load.ts";
import {
  type Counts,
  type CronCounts,
  type IsolateCounts,
  type Measured,
  REFERENCE,
  type RunName,
} from "./measured.ts";

const WARM_UP_S = 4;
const WITHOUT_ROUTES_S = 12;
const CRON_FIRINGS = 3;
const CPU_REQUESTS = 2_000;
const CPU_AT_ONCE = 8;
/** A pool without traffic: only the watchdog calls it. */
const IDLE = "idle";

type Table = Readonly<Record<string, number>>;

/** @param seconds for which calls are counted; start and end of the measurement take half a minute more */
export async function measure(seconds: number): Promise<Measured> {
  const balancer = await ensureBundle();
  // The file stands beside the bundle, because the runtime loads no module from outside the project.
  const directory = await mkdtemp(join(dirname(balancer), ".cost-"));
  const origin = await startOrigin();
  try {
    const bundle = await bundleCounting(balancer, directory);
    const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
    const withRoutes = await measureWithRoutes(bundle, url, seconds);
    const isolateWithoutRoutes = await measureWithoutRoutes(bundle, url);
    // Miniflare runs this Worker; others may stand beside it.
    const miniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
    const { version } = miniflare("workerd/package.json") as { version: string };
    return {
      measured: new Date().toISOString().slice(0, 10),
      workerd: version,
      seconds,
      ...withRoutes,
      isolateWithoutRoutes,
    };
  } finally {
    origin.closeAllConnections();
    origin.close();
    await rm(directory, { recursive: true, force: true });
  }
}

type WithRoutes = Pick<Measured, "runs" | "isolate" | "cron" | "cpuMs">;

async function measureWithRoutes(bundle: string, origin: string, seconds: number): Promise<WithRoutes> {
  const pools = referencePools(origin);
  const runtime = await start(
    bundle,
    pools,
    Object.keys(pools).filter((id) => id !== IDLE),
  );
  try {
    await runtime.cron();
    await referenceLoad(runtime.url, WARM_UP_S);
    const before = await countsOf(runtime.url);
    await referenceLoad(runtime.url, seconds);
    const table = difference(before, await countsOf(runtime.url));
    const cron = await measureCron(runtime);
    const names: RunName[] = ["traffic", "checked", "both", "strict", "limited", "sparse"];
    const runs = Object.fromEntries(names.map((name) => [name, countsOfPool(table, name)]));
    return {
      runs: runs as Record<RunName, Counts>,
      isolate: isolateCounts(table),
      cron,
      cpuMs: await measureCpu(runtime.url),
    };
  } finally {
    await runtime.stop();
  }
}

async function measureWithoutRoutes(
  bundle: string,
  origin: string,
): Promise<Measured["isolateWithoutRoutes"]> {
  const runtime = await start(bundle, { web: { origins: [{ id: "a", url: origin }] } }, null);
  try {
    await pace(`${runtime.url}/`, REFERENCE.rps, WARM_UP_S);
    const before = await countsOf(runtime.url);
    await pace(`${runtime.url}/`, REFERENCE.rps, WITHOUT_ROUTES_S);
    const table = difference(before, await countsOf(runtime.url));
    return { seconds: WITHOUT_ROUTES_S, ...isolateCounts(table) };
  } finally {
    await runtime.stop();
  }
}

/** Counts the watchdog's work for an idle pool, per firing. */
async function measureCron(runtime: Runtime): Promise<CronCounts> {
  const before = await countsOf(runtime.url);
  for (let firing = 0; firing < CRON_FIRINGS; firing++) {
    await runtime.cron();
    // The object of the routes looks into KV once in 5 s; in production a minute lies between two firings.
    await sleep(5_200);
  }
  const table = difference(before, await countsOf(runtime.url));
  const perFiring = (keys: RegExp) => sum(table, keys) / CRON_FIRINGS;
  return {
    kvReads: perFiring(new RegExp(`^(cron kv-read |object kv-read (pool:${IDLE}|routes)$)`)),
    kvLists: perFiring(/^cron kv-list /),
    poolCalls: perFiring(new RegExp(`^(cron|object) pool-call ${IDLE}$`)),
    routesCalls: perFiring(/^cron routes-call routes$/),
    rowsWritten: perFiring(new RegExp(`^object (rows-written|alarms-set) (${IDLE}|routes)$`)),
  };
}

async function measureCpu(url: string): Promise<number> {
  const workerd = descendants("workerd");
  const before = cpuMicros(workerd);
  let left = CPU_REQUESTS;
  const work = async (): Promise<void> => {
    while (left-- > 0) await visit(`${url}/traffic/`);
  };
  await Promise.all(Array.from({ length: CPU_AT_ONCE }, work));
  return Math.round((cpuMicros(workerd) - before) / CPU_REQUESTS) / 1_000;
}

function referencePools(url: string): Record<string, object> {
  const origins = ["a", "b", "c"].map((id) => ({ id, url }));
  const health_check = { interval: REFERENCE.interval, timeout: 1 };
  const log = { sample: 1 };
  return {
    traffic: { origins, log },
    checked: { origins, health_check, log },
    both: { origins, health_check, log },
    strict: { origins, coordination: "strict", log },
    limited: { origins, rate_limit: 1_000, log },
    sparse: { origins, log },
    [IDLE]: { origins, log },
  };
}

async function start(
  bundle: string,
  pools: Readonly<Record<string, object>>,
  routed: readonly string[] | null,
): Promise<Runtime> {
  const vars = { ALLOW_IP_ORIGINS: "1" };
  const runtime = await startRuntime({ bundle, port: 0, state: null, vars, log: () => {} });
  const metadata = { updated_at: Date.now() };
  for (const [id, pool] of Object.entries(pools)) {
    await runtime.kv.put(`pool:${id}`, JSON.stringify(pool), { metadata });
  }
  if (routed !== null) {
    const routes = routed.map((pool) => ({ path: `/${pool}/*`, pool }));
    await runtime.kv.put("routes", JSON.stringify(routes), { metadata });
  }
  return runtime;
}

async function bundleCounting(balancer: string, directory: string): Promise<string> {
  const outfile = join(directory, "counting.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "counting-worker.js")],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["cloudflare:*", "node:*"],
    alias: { balancer },
    logLevel: "error",
  });
  return outfile;
}

async function startOrigin(): Promise<Server> {
  const server = createServer((_request, response) => response.end("fine"));
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function countsOf(url: string): Promise<Table> {
  return (await (await fetch(`${url}/counts`)).json()) as Table;
}

function difference(before: Table, after: Table): Table {
  return Object.fromEntries(Object.entries(after).map(([key, count]) => [key, count - (before[key] ?? 0)]));
}

function sum(table: Table, keys: RegExp): number {
  return Object.entries(table).reduce((all, [key, count]) => all + (keys.test(key) ? count : 0), 0);
}

function countsOfPool(table: Table, pool: RunName): Counts {
  const of = (key: string): number => table[`${key} ${pool}`] ?? 0;
  return {
    requests: of("edge requests"),
    poolCalls: of("edge pool-call"),
    alarms: of("object alarms"),
    alarmsSet: of("object alarms-set"),
    rowsWritten: of("object rows-written"),
    rowsRead: of("object rows-read"),
    objectKvReads: table[`object kv-read pool:${pool}`] ?? 0,
    logLines: of("log lines"),
    logBytes: of("log bytes"),
  };
}

function isolateCounts(table: Table): IsolateCounts {
  return {
    kvReads: sum(table, /^(edge kv-read|object kv-read routes$)/),
    kvLists: sum(table, /^(edge|object) kv-list /),
    routesCalls: sum(table, /^edge routes-call routes$/),
  };
}
