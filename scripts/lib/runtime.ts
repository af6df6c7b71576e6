/**
 * The built Worker in the real runtime (workerd), with KV and Durable Objects, on a socket of its own: no
 * development proxy in front, which would re-encode bodies.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, MiniflareCoreError } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { HOST, PortInUseError } from "./listening.ts";
import { PROJECT } from "./project.ts";

const NAME = "edge-balancer";

export interface RuntimeOptions {
  /** The built Worker. */
  readonly bundle: string;
  /** 0: any free port. */
  readonly port: number;
  /** Directory for KV and the objects' storage; null: a temporary one. */
  readonly state: string | null;
  /** Variables and secrets for the Worker. */
  readonly vars: Readonly<Record<string, string>>;
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
  readonly kv: Kv;
  /** Runs the Worker's scheduled handler once. */
  cron(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...(await workerOptions(options)),
      cf: false,
      log: new StderrLog(LogLevel.WARN),
      handleStructuredLogs: ({ message }) => options.log(message),
      // Where wrangler looks too, if its `--persist-to` is the same directory.
      ...(options.state === null ? {} : { resourcePersistencePath: join(options.state, "v3") }),
    }),
  );
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => {
      // It did not start; the error that says why is the one to report.
    });
    throw isAddressInUse(error) ? new PortInUseError(options.port) : error;
  }
  const url = await miniflare.unsafeGetDirectURL(NAME);
  return {
    url: url.origin,
    kv: await miniflare.getKVNamespace("POOLS"),
    async cron() {
      const worker = await miniflare.getWorker();
      const { outcome } = await worker.scheduled({ cron: "* * * * *" });
      if (outcome !== "ok") throw new Error(`the scheduled handler ended with "${outcome}"`);
    },
    stop: () => miniflare.dispose(),
  };
}

async function workerOptions({ bundle, port, vars }: RuntimeOptions) {
  // What must be set at Cloudflare may be left out here, and then wrangler has nothing to warn of.
  const config = { ...unstable_readConfig({ config: join(PROJECT, "wrangler.toml") }), secrets: undefined };
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  return {
    ...workerOptions,
    name: NAME,
    modulesRoot: PROJECT,
    modules: [{ type: "ESModule" as const, path: bundle, contents: await readFile(bundle, "utf8") }],
    // From wrangler.toml and .dev.vars; the type of `workerOptions` has lost this.
    bindings: { ...(workerOptions.bindings as Record<string, string>), ...vars },
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
