/**
 * Starts the balancer, keeps it configured and stops it.
 * @module
 */
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join, resolve } from "node:path";
import { ensureBundle } from "./bundle.ts";
import { documentsOf, loadDocuments } from "./config-documents.ts";
import { ConfigWatcher } from "./config-watcher.ts";
import { type Demo, demoText, startDemo } from "./demo.ts";
import { holdFolder } from "./folder-hold.ts";
import { type Documents, Seeder } from "./kv-seed.ts";
import { HOST, refuseTakenPort } from "./listening.ts";
import type { StartOptions } from "./options.ts";
import { originStandIns } from "./origin-stand-ins.ts";
import { guardWorkerd, onNpmGone } from "./orphan-guard.ts";
import type { Runtime } from "./runtime.ts";
import { makeWritableFolder } from "./writable-folder.ts";

const EXIT_OK = 0;
const EXIT_REFUSED = 2;
const CRON_INTERVAL_MS = 60_000;
const VAR_PREFIX = "LB_VAR_";
const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

interface StopSignal {
  readonly received: Promise<void>;
  /** Removes other listeners, such as Miniflare's, because they end the process at once with another exit code. */
  isolate(): void;
}

/**
 * Runs until SIGTERM or SIGINT.
 * @returns the exit code
 * @throws Error with a message for the user, if the balancer cannot run
 */
export async function launch(options: StartOptions): Promise<number> {
  const stop = stopSignal();
  const documents = options.config === null ? null : await loadDocuments(options.config);
  if (documents?.ok === false) {
    for (const error of documents.errors) console.error(error);
    return EXIT_REFUSED;
  }
  await refuseTakenPort(options.port);
  if (options.inspectorPort !== null) await refuseTakenPort(options.inspectorPort, "--inspector-port");
  const release = options.state === null ? null : await holdState(options.state);
  const demo = documents === null ? await startDemo() : null;
  try {
    await serve(options, documents?.documents ?? documentsOf(demo?.config ?? {}), demo, stop);
  } finally {
    await demo?.stop();
    release?.();
  }
  return EXIT_OK;
}

/** @returns gives it back */
async function holdState(folder: string): Promise<() => void> {
  await makeWritableFolder(folder, "--state");
  return holdFolder(folder, "--state");
}

async function serve(
  options: StartOptions,
  documents: Documents,
  demo: Demo | null,
  stop: StopSignal,
): Promise<void> {
  const adminToken = options.adminToken ?? (isWatched(demo) ? randomBytes(16).toString("hex") : null);
  console.error("starting the balancer ...");
  const runtime = await start(options, adminToken);
  stop.isolate();
  try {
    const seeder = await Seeder.open(runtime.kv, options.state && join(options.state, "seeded.json"));
    await seeder.seed(documents, Date.now());
    await fireCron(runtime);
    const cron = setInterval(() => void fireCron(runtime), CRON_INTERVAL_MS);
    const watcher = options.config === null ? null : watch(options.config, seeder, runtime);
    if (demo === null) console.error(adminText(runtime.url, adminToken));
    else console.log(demoText(demo, runtime.url, adminToken ?? ""));
    if (runtime.inspectorAddress !== null) console.error(`Debugger       ${runtime.inspectorAddress}`);
    demo?.open(runtime.url);
    console.log(`ready ${runtime.url}`);
    await stop.received;
    clearInterval(cron);
    await watcher?.stop();
  } finally {
    await runtime.stop();
  }
}

/** A token is made only at a terminal, where somebody can read it. A script without a token gets no admin API. */
function isWatched(demo: Demo | null): boolean {
  return demo !== null || process.stderr.isTTY === true;
}

function adminText(url: string, adminToken: string | null): string {
  return adminToken === null
    ? "Dashboard      off: --admin-token TOKEN switches it and the admin API on"
    : `Dashboard      ${url}/_lb/\nAdmin token    ${adminToken}`;
}

async function start(options: StartOptions, adminToken: string | null): Promise<Runtime> {
  guardWorkerd();
  // Loads wrangler, which takes a second or two: beside the build, and not before the configuration and the port are
  // known to be good.
  const [bundle, { startRuntime }] = await Promise.all([
    ensureBundle(() => console.error("building the Worker, because its sources have changed ...")),
    import("./runtime.ts"),
  ]);
  return startRuntime({
    bundle,
    port: options.port,
    inspectorPort: options.inspectorPort,
    state: options.state && resolve(options.state),
    vars: variables(adminToken),
    standIns: originStandIns(process.env),
    log: await logWriter(options.log),
  });
}

/** A failed run must not end the launcher; the next one comes in a minute. */
async function fireCron(runtime: Runtime): Promise<void> {
  await runtime.cron().catch((error: unknown) => console.error(`cron: ${String(error)}`));
}

function watch(path: string, seeder: Seeder, runtime: Runtime): ConfigWatcher {
  return new ConfigWatcher(path, async () => {
    const loaded = await loadDocuments(path);
    if (!loaded.ok) {
      for (const error of loaded.errors) console.error(error);
      console.error(`${path}: not applied, the configuration in force stays`);
      return;
    }
    const keys = await seeder.seed(loaded.documents, Date.now());
    if (keys.length === 0) return;
    console.error(`${path}: applied ${keys.join(", ")}`);
    await fireCron(runtime);
  });
}

function variables(adminToken: string | null): Record<string, string> {
  const vars: Record<string, string> = {
    ALLOW_IP_ORIGINS: "1",
    LOCAL_CLIENT_IP: HOST,
    // Two on one machine would take each other for themselves: the runtime gives their objects the same ids.
    LB_NAME: `local-${randomUUID()}`,
  };
  if (adminToken !== null) vars.ADMIN_TOKEN = adminToken;
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith(VAR_PREFIX) && value !== undefined) vars[name.slice(VAR_PREFIX.length)] = value;
  }
  return vars;
}

async function logWriter(file: string | null): Promise<(line: string) => void> {
  if (file === null) return (line) => void process.stderr.write(`${line}\n`);
  const stream = createWriteStream(file, { flags: "a" });
  await once(stream, "open").catch(({ message }) => {
    throw new Error(`--log ${file}: ${message}`);
  });
  // Requests are served without a log rather than not at all.
  stream.on("error", ({ message }) => console.error(`--log ${file}: no more lines are written: ${message}`));
  return (line) => void stream.write(`${line}\n`);
}

function stopSignal(): StopSignal {
  let receive = () => {};
  const received = new Promise<void>((resolve) => {
    receive = () => resolve();
  });
  for (const signal of STOP_SIGNALS) process.on(signal, receive);
  onNpmGone(receive);
  return {
    received,
    isolate() {
      for (const signal of STOP_SIGNALS) {
        for (const listener of process.listeners(signal)) {
          if (listener !== receive) process.off(signal, listener);
        }
      }
    },
  };
}
