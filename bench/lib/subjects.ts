/**
 * Starts the processes that are measured: each Worker in its own workerd with its own socket.
 * @module
 */
import { copyFile, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { textModulesOf } from "../../scripts/lib/bundle.ts";
import { documentsOf } from "../../scripts/lib/config-documents.ts";
import { HOST } from "../../scripts/lib/listening.ts";
import { PROJECT } from "../../scripts/lib/project.ts";
import { bundleWorker } from "./bundle-worker.ts";
import type { Startable } from "./cold-start.ts";
import { startKv } from "./kv-server.ts";
import { startProxy } from "./proxies.ts";
import type { ProxyName, WorkerName } from "./scenarios.ts";
import { type StateOptions, startWorkerd, type WorkerOptions } from "./workerd.ts";

export interface Subject {
  readonly url: string;
  /** The processes whose CPU time counts. */
  readonly pids: readonly number[];
  /** Absent: it has no inspector. */
  readonly inspectorPort?: number | null;
  stop(): Promise<void>;
}

type Config = Parameters<typeof documentsOf>[0];

/** Each call starts a process; null: the program is not installed. */
export type Starters = Readonly<
  Record<WorkerName, () => Promise<Subject>> & Record<ProxyName, () => Promise<Subject | null>>
>;

/** How a Worker is run. */
type Manner = Partial<Pick<WorkerOptions, "v8Flags" | "isInspected">>;

const ROOMY: Manner = { v8Flags: ["--min-semi-space-size=64", "--max-semi-space-size=64"] };

/**
 * @param directory for the files that they are started from
 * @param balancer the built one
 * @param manner how all of them are run
 */
export async function startersOf(
  ports: readonly number[],
  config: Config,
  directory: string,
  balancer: string,
  manner: Manner = {},
): Promise<Starters> {
  const bindings = { ORIGIN: `http://${HOST}:${ports[0]}` };
  const bundled = (name: string) => bundleWorker(`${name}.js`, join(directory, `${name}.mjs`));
  const [bare, duties, reflare] = await Promise.all(["bare", "duties", "reflare"].map(bundled));
  const worker = (bundle = "", vars: Record<string, string> = bindings) => startWorker(bundle, vars, manner);
  return {
    bare: () => worker(bare),
    duties: () => worker(duties),
    reflare: () => worker(reflare, { PORTS: ports.join() }),
    balancer: () => startBalancer(balancer, config, directory, manner),
    roomy: () => startBalancer(balancer, config, directory, { ...manner, ...ROOMY }),
    nginx: () => startProxy("nginx", ports, join(directory, "nginx")),
    haproxy: () => startProxy("haproxy", ports, join(directory, "haproxy")),
  };
}

/** The Workers whose cold starts are compared. @param directory with their bundles @param balancer the built one */
export function startables(
  start: Starters,
  { pools = {} }: Config,
  directory: string,
  balancer: string,
): readonly Startable[] {
  const bundle = (name: string) => join(directory, `${name}.mjs`);
  return [
    { title: "bare pass-through", bundle: bundle("bare"), path: "/small", start: start.bare },
    {
      title: "the balancer",
      bundle: balancer,
      path: `/${Object.keys(pools)[0]}/small`,
      start: start.balancer,
    },
    { title: "reflare 1.1.4", bundle: bundle("reflare"), path: "/small", start: start.reflare },
  ];
}

/** The built balancer, with the objects and the KV namespace of `wrangler.toml`. */
export async function startBalancer(
  built: string,
  config: Config,
  directory: string,
  manner: Manner = {},
): Promise<Subject> {
  const { durable_objects, kv_namespaces } = wranglerConfig();
  const own = await mkdtemp(join(directory, "balancer-"));
  const bundle = join(own, "balancer.mjs");
  await copyFile(built, bundle);
  const texts = await textModulesOf(built);
  for (const { name, path } of texts) await copyFile(path, join(own, name));
  const kv = await startKv(documentsOf(config));
  const bound: readonly { name: string; class_name: string }[] = durable_objects.bindings;
  const state: StateOptions = {
    kv: { binding: kv_namespaces[0]?.binding ?? "", address: kv.address },
    objects: Object.fromEntries(bound.map(({ name, class_name }) => [name, class_name])),
    directory: await mkdtemp(join(own, "objects-")),
  };
  const vars = { ALLOW_IP_ORIGINS: "1", LOCAL_CLIENT_IP: HOST };
  const names = texts.map(({ name }) => name);
  const subject = await startWorker(bundle, vars, { state, texts: names, ...manner }).catch(
    (error: unknown) => {
      kv.stop();
      throw error;
    },
  );
  return {
    ...subject,
    async stop() {
      await subject.stop();
      kv.stop();
    },
  };
}

/** All Workers have the balancer's compatibility date and flags. */
async function startWorker(
  bundle: string,
  vars: Readonly<Record<string, string>>,
  more: Manner & Partial<Pick<WorkerOptions, "state" | "texts">> = {},
): Promise<Subject> {
  const { compatibility_date, compatibility_flags } = wranglerConfig();
  const { url, pid, inspectorPort, stop } = await startWorkerd({
    bundle,
    vars,
    state: null,
    texts: [],
    v8Flags: [],
    isInspected: false,
    ...more,
    compatibilityDate: compatibility_date ?? "",
    compatibilityFlags: compatibility_flags,
  });
  return { url, pids: [pid], inspectorPort, stop };
}

function wranglerConfig() {
  return unstable_readConfig({ config: join(PROJECT, "wrangler.toml") });
}
