/**
 * The built Worker in the real runtime (workerd), with KV and Durable Objects, on a socket of its own: no
 * development proxy in front, which would re-encode bodies.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { textModulesOf } from "./bundle.ts";
import { HOST, PortInUseError } from "./listening.ts";
import { Operator } from "./operator-worker.ts";
import type { StandIn } from "./origin-stand-ins.ts";
import { PROJECT } from "./project.ts";
import { requireModule } from "./require-module.ts";
import { namespaceOf, readWorkerOptions, variablesOf } from "./worker-options.ts";

const { convertV4MiniflareOptions, Log, LogLevel, Miniflare, MiniflareCoreError } =
  requireModule<typeof import("miniflare")>("miniflare");

const NAME = "edge-balancer";

/** Bindings of wrangler.toml that lead away from this machine; with some of them the runtime would not even start. */
const ELSEWHERE = { mtlsCertificates: {}, vpcNetworks: {}, vpcServices: {} };

export interface RuntimeOptions {
  /** The built Worker. */
  readonly bundle: string;
  /** 0: any free port. */
  readonly port: number;
  /** Directory for KV and the objects' storage; null: a temporary one. */
  readonly state: string | null;
  /** Variables and secrets for the Worker. */
  readonly vars: Readonly<Record<string, string>>;
  /** Port for a debugger (Chrome DevTools' protocol), 0 for any free one; null: none. Default: null. */
  readonly inspectorPort?: number | null;
  /** Bindings of origins, by name. Default: none. */
  readonly standIns?: Readonly<Record<string, StandIn>>;
  /** Gets each line the Worker logs. */
  readonly log: (line: string) => void;
}

/** The part of KV that the launcher and its tests need. */
export interface Kv {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, options: { metadata: { updated_at: number } }): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface Runtime {
  readonly url: string;
  /** Host and port for a debugger; null: none was asked for. */
  readonly inspectorAddress: string | null;
  readonly kv: Kv;
  /** Runs the Worker's scheduled handler once. */
  cron(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { inspectorPort = null } = options;
  const operator = new Operator();
  const balancer = await workerOptions(options);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [operator.options(namespaceOf(balancer), NAME), balancer],
      cf: false,
      log: new StderrLog(LogLevel.WARN),
      ...(inspectorPort === null ? {} : { inspectorPort }),
      handleStructuredLogs: ({ message }) => options.log(message),
      // wrangler uses the same path, if its `--persist-to` names the same directory.
      ...(options.state === null ? {} : { resourcePersistencePath: join(options.state, "v3") }),
    }),
  );
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => {
      // The runtime did not start. The error that is thrown already says why.
    });
    throw isAddressInUse(error) ? new PortInUseError(options.port) : error;
  }
  const url = await miniflare.unsafeGetDirectURL(NAME);
  const send = miniflare.dispatchFetch.bind(miniflare);
  return {
    url: url.origin,
    inspectorAddress: inspectorPort === null ? null : (await miniflare.getInspectorURL()).host,
    kv: {
      get: (key) => operator.ask(send, "get", key),
      put: async (...given) => void (await operator.ask(send, "put", ...given)),
      delete: async (key) => void (await operator.ask(send, "delete", key)),
    },
    async cron() {
      const outcome = await operator.ask(send, "scheduled", { cron: "* * * * *" });
      if (outcome !== "ok") throw new Error(`the scheduled handler ended with "${outcome}"`);
    },
    stop: () => miniflare.dispose(),
  };
}

async function workerOptions({ bundle, port, vars, standIns = {} }: RuntimeOptions) {
  const options = await readWorkerOptions();
  return {
    ...options,
    name: NAME,
    modulesRoot: PROJECT,
    modules: [
      { type: "ESModule" as const, path: bundle, contents: await readFile(bundle, "utf8") },
      ...(await textModulesOf(bundle)).map(({ path }) => ({ type: "Text" as const, path })),
    ],
    bindings: { ...variablesOf(options), ...vars },
    ...ELSEWHERE,
    serviceBindings: standIns,
    unsafeDirectSockets: [{ host: HOST, port }],
  };
}

/** Standard output belongs to the `ready` line. */
class StderrLog extends Log {
  protected override log(message: string): void {
    process.stderr.write(`${message}\n`);
  }
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof MiniflareCoreError && error.code === "ERR_ADDRESS_IN_USE";
}
