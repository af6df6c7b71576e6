/**
 * The processes that are measured: each Worker in a workerd of its own, on a socket of its own.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { documentsOf } from "../../scripts/lib/config-documents.ts";
import { HOST } from "../../scripts/lib/listening.ts";
import { PROJECT } from "../../scripts/lib/project.ts";
import { type Runtime, startRuntime } from "../../scripts/lib/runtime.ts";
import { bundleWorker } from "./bundle-worker.ts";
import { descendants } from "./cpu.ts";

export interface Subject {
  readonly url: string;
  /** The processes whose CPU time counts. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

type Config = Parameters<typeof documentsOf>[0];

export interface Subjects {
  readonly bare: Subject;
  readonly duties: Subject;
  readonly balancer: Subject;
  readonly reflare: Subject;
}

/**
 * One after the other, so that each one's process is told from the others'.
 * @param balancer the built one
 */
export async function startWorkers(
  ports: readonly number[],
  config: Config,
  directory: string,
  balancer: string,
): Promise<Subjects> {
  const bindings = { ORIGIN: `http://${HOST}:${ports[0]}` };
  const bare = await startWorker(await bundleWorker("bare.js", join(directory, "bare.mjs")), bindings);
  const dutiesBundle = await bundleWorker("duties.js", join(directory, "duties.mjs"));
  const duties = await startWorker(dutiesBundle, bindings, ["enable_request_signal"]);
  const reflareBundle = await bundleWorker("reflare.js", join(directory, "reflare.mjs"));
  const reflare = await startWorker(reflareBundle, { PORTS: ports.join() });
  return { bare, duties, reflare, balancer: await startBalancer(balancer, config) };
}

/** The balancer as `npm start` runs it. */
export async function startBalancer(bundle: string, config: Config): Promise<Subject> {
  const before = descendants("workerd");
  const runtime: Runtime = await startRuntime({
    bundle,
    port: 0,
    state: null,
    vars: { ALLOW_IP_ORIGINS: "1", LOCAL_CLIENT_IP: HOST },
    log: () => {
      // Lines are written by workerd, which is what they cost; nobody reads them here.
    },
  });
  for (const [key, text] of documentsOf(config)) {
    await runtime.kv.put(key, text, { metadata: { updated_at: Date.now() } });
  }
  await runtime.cron();
  return { url: runtime.url, pids: newSince(before), stop: runtime.stop };
}

async function startWorker(
  bundle: string,
  bindings: Record<string, string>,
  compatibilityFlags: string[] = [],
): Promise<Subject> {
  const before = descendants("workerd");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "bench",
      compatibilityDate: "2026-10-01",
      compatibilityFlags,
      modulesRoot: PROJECT,
      modules: [
        { type: "ESModule", path: join(PROJECT, "bench.mjs"), contents: await readFile(bundle, "utf8") },
      ],
      bindings,
      unsafeDirectSockets: [{ host: HOST, port: 0 }],
      cf: false,
    }),
  );
  await miniflare.ready;
  const { origin } = await miniflare.unsafeGetDirectURL("bench");
  return { url: origin, pids: newSince(before), stop: () => miniflare.dispose() };
}

function newSince(before: readonly number[]): number[] {
  return descendants("workerd").filter((pid) => !before.includes(pid));
}
