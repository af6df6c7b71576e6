/**
 * Starts workerd from a configuration of the bench's own. Miniflare would put a Worker of its own behind every `fetch`,
 * which copies the request's headers and costs about half of a bare pass-through.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import type { Readable } from "node:stream";
import { HOST } from "../../scripts/lib/listening.ts";

export interface WorkerOptions {
  /** Path of the built Worker. The configuration is written beside it. */
  readonly bundle: string;
  /** Texts that the Worker imports, by the names of their files beside it. */
  readonly texts: readonly string[];
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly vars: Readonly<Record<string, string>>;
  /** Flags of V8, which Cloudflare lets nobody set. */
  readonly v8Flags: readonly string[];
  /** It can be asked what it allocates. */
  readonly isInspected: boolean;
  /** Null: it needs no directory of its own. */
  readonly state: StateOptions | null;
}

export interface StateOptions {
  /** A KV namespace, and the address (host and port) of the server that answers for it. */
  readonly kv: { readonly binding: string; readonly address: string };
  /** Bindings of the Durable Objects, each with its class. */
  readonly objects: Readonly<Record<string, string>>;
  /** Where the objects are stored. */
  readonly directory: string;
}

export interface Workerd {
  readonly url: string;
  readonly pid: number;
  /** Port of its inspector; null: it has none. */
  readonly inspectorPort: number | null;
  stop(): Promise<void>;
}

/** The file descriptor on which workerd reports the ports that it listens on, the inspector's first. */
const CONTROL_FD = 3;

export async function startWorkerd(options: WorkerOptions): Promise<Workerd> {
  const file = `${options.bundle}.capnp`;
  await writeFile(file, configuration(options));
  const inspector = options.isInspected ? [`--inspector-addr=${HOST}:0`] : [];
  const child = spawn(executable(), ["serve", `--control-fd=${CONTROL_FD}`, ...inspector, file], {
    cwd: dirname(options.bundle),
    // The Worker logs lines for requests. Nobody reads them here, but writing them is part of the price.
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("workerd does not start");
  const exited = once(child, "exit");
  const [port, inspectorPort = null] = await Promise.race([
    portsOf(options.isInspected ? 2 : 1, child.stdio[CONTROL_FD] as Readable),
    exited.then(() => Promise.reject(new Error("workerd did not start"))),
  ]);
  return {
    url: `http://${HOST}:${port}`,
    pid,
    inspectorPort,
    async stop() {
      child.kill();
      await exited;
    },
  };
}

/** The workerd that wrangler installs. */
function executable(): string {
  const wrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  return (wrangler("workerd") as { default: string }).default;
}

/** The Worker's, and the inspector's if there are two. */
async function portsOf(count: number, control: Readable): Promise<number[]> {
  let text = "";
  for await (const chunk of control.setEncoding("utf8")) {
    text += String(chunk);
    const ports = [...text.matchAll(/"port":\s*(\d+)/g)].map(([, port]) => Number(port));
    if (ports.length === count) return ports.reverse();
  }
  throw new Error(`workerd named ${count} ports too few: ${text}`);
}

function configuration({
  bundle,
  texts,
  compatibilityDate,
  compatibilityFlags,
  vars,
  v8Flags,
  state,
}: WorkerOptions): string {
  const bindings = Object.entries(vars).map(([name, text]) => `(name = ${q(name)}, text = ${q(text)})`);
  const services = [`(name = "network", network = (allow = ["public", "private"]))`];
  let objects = "";
  if (state !== null) {
    const { kv, directory } = state;
    bindings.push(`(name = ${q(kv.binding)}, kvNamespace = "kv")`);
    services.push(
      `(name = "kv", external = (address = ${q(kv.address)}, http = ()))`,
      `(name = "storage", disk = (path = ${q(directory)}, writable = true))`,
    );
    const classes = Object.values(state.objects).map(
      (name) => `(className = ${q(name)}, uniqueKey = ${q(name)}, enableSql = true)`,
    );
    for (const [name, className] of Object.entries(state.objects)) {
      bindings.push(`(name = ${q(name)}, durableObjectNamespace = ${q(className)})`);
    }
    objects = `durableObjectNamespaces = [${classes}], durableObjectStorage = (localDisk = "storage"),`;
  }
  const modules = [
    `(name = "main.mjs", esModule = embed ${q(basename(bundle))})`,
    ...texts.map((name) => `(name = ${q(name)}, text = embed ${q(name)})`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services},
    (name = "main", worker = (
      modules = [${modules}],
      compatibilityDate = ${q(compatibilityDate)},
      compatibilityFlags = [${compatibilityFlags.map(q)}],
      bindings = [${bindings}],
      ${objects}
      globalOutbound = "network",
    )),
  ],
  v8Flags = [${v8Flags.map(q)}],
  sockets = [(name = "http", address = "${HOST}:0", http = (), service = "main")],
);
`;
}

/** A text in Cap'n Proto's notation. */
function q(text: string): string {
  return JSON.stringify(text);
}
