/**
 * Counts object calls and KV reads per request, with wrappers around the built Worker's bindings. They are counted in a
 * separate run at a given pace in one isolate, because they depend on time and not on requests: at twice the pace there
 * are half as many per request.
 * @module
 */
import { join } from "node:path";
import { bundleWorker } from "./bundle-worker.ts";
import { LoadGenerator } from "./load.ts";
import { loadOf } from "./measure.ts";
import { COUNTED_PACES, configOf, paceId, type Scenario } from "./scenarios.ts";
import { startBalancer } from "./subjects.ts";

/** Requests per second to each pool. */
export const COUNTED_RATE = 100;
const WARM_UP_MS = 2_500;

/** Per 1,000 requests. */
export interface Counted {
  readonly objectCalls: number;
  /** Alarms of the object, each of which is billed as a request to it. */
  readonly alarms: number;
  /** Reads of the isolate and of the object. */
  readonly kvReads: number;
}

type Counts = Readonly<Record<string, number>>;

/** @param balancer the built one */
export async function countCalls(
  scenarios: readonly Scenario[],
  ports: readonly number[],
  directory: string,
  balancer: string,
  ms: number,
): Promise<ReadonlyMap<string, Counted>> {
  const bundle = await bundleWorker("counting.js", join(directory, "counting.mjs"), balancer);
  const subject = await startBalancer(bundle, configOf(scenarios, ports), directory);
  const generator = new LoadGenerator();
  // At this pace bodies of 10 MB would be too much for one machine.
  const pools = scenarios.filter(({ pool, request }) => pool !== null && request === "small");
  const paced = [
    ...pools.map(({ id }) => ({ id, rate: COUNTED_RATE })),
    ...COUNTED_PACES.map((rate) => ({ id: paceId(rate), rate })),
  ];
  const run = (forMs: number) =>
    Promise.all(
      paced.map(async ({ id, rate }) => {
        const load = loadOf(`${subject.url}/${id}`, "small", {}, forMs);
        return { id, requests: (await generator.run({ ...load, rate })).requests };
      }),
    );
  try {
    await run(WARM_UP_MS);
    const before = await counts(subject.url);
    const ran = await run(ms);
    const after = await counts(subject.url);
    const all = ran.reduce((sum, { requests }) => sum + requests, 0);
    return new Map(ran.map(({ id, requests }) => [id, perThousand(id, requests, all, before, after)]));
  } finally {
    generator.stop();
    await subject.stop();
  }
}

async function counts(url: string): Promise<Counts> {
  return (await (await fetch(`${url}/counts`)).json()) as Counts;
}

function perThousand(id: string, requests: number, all: number, before: Counts, after: Counts): Counted {
  const since = (key: string): number => (after[key] ?? 0) - (before[key] ?? 0);
  const ofPool = (key: string): number => (since(key) / requests) * 1_000;
  // The isolate reads the routes once for all pools.
  const routes = (since("edge read routes") / all) * 1_000;
  return {
    objectCalls: ofPool(`edge call ${id}`),
    alarms: ofPool(`alarm ${id}`),
    kvReads: routes + ofPool(`edge read pool:${id}`) + ofPool(`object read pool:${id}`),
  };
}
