/**
 * Starts the balancer as a user does, and stops it in every possible way.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADMIN_TOKEN } from "./admin.ts";
import { fetchAlone } from "./client.ts";
import { eventually } from "./eventually.ts";
import { childrenOf, NODE, nameOf, PROJECT, residentMb } from "./processes.ts";
import { unexpectedLines } from "./unexpected-lines.ts";

export interface BalancerOptions {
  /** The configuration, written to a file. A text is written unchanged, for files with errors. */
  config: unknown;
  /** Directory for `--state`. */
  state?: string;
  /** Default: any free port. */
  port?: number;
  /**
   * Token of the admin API, which says at the end whether anything is open. Default: `ADMIN_TOKEN`. Null: no admin API and
   * no such check.
   */
  adminToken?: string | null;
  /** Further arguments. */
  args?: readonly string[];
  /** Variables for the Worker. */
  vars?: Readonly<Record<string, string>>;
  /** Bindings of origins, and the servers that stand in for what they lead to. */
  bindings?: Readonly<Record<string, string>>;
  /** Lines on standard error that this test causes and that would otherwise make it fail (unexpected-lines.ts). */
  expects?: readonly RegExp[];
}

/** The exit of a process. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running command with its output so far. */
export class Running {
  readonly process: ChildProcess;
  /** Resolves when the process has ended and all of its output has arrived. */
  readonly ended: Promise<Ending>;
  stdout = "";
  stderr = "";

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    // Detached: a process group of its own, which can be killed as a whole.
    this.process = spawn(command, args, {
      cwd: PROJECT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.process, "close").then(([code, signal]) => ({ code, signal }));
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error(`${this.process.spawnfile} did not start`);
    return this.process.pid;
  }

  /** The address in the `ready` line. */
  async ready(): Promise<string> {
    return eventually("the ready line", () => {
      const line = /^ready (http:\/\/127\.0\.0\.1:\d+)$/m.exec(this.stdout);
      if (line !== null) return line[1];
      if (this.process.exitCode !== null) throw new Error(`ended before it was ready:\n${this.stderr}`);
      return undefined;
    });
  }

  signal(signal: NodeJS.Signals): Promise<Ending> {
    this.process.kill(signal);
    return this.ended;
  }

  /** SIGKILL to the whole process group, so that no process can clean up. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // All of it has ended already.
    }
    await this.ended;
  }
}

export class Balancer {
  readonly running: Running;
  readonly url: string;
  readonly configFile: string;
  readonly #directory: string;
  readonly #adminToken: string | null;
  readonly #expects: readonly RegExp[];

  private constructor(running: Running, url: string, directory: string, options: BalancerOptions) {
    const { adminToken = ADMIN_TOKEN, expects = [] } = options;
    this.#adminToken = adminToken;
    this.#expects = expects;
    this.running = running;
    this.url = url;
    this.configFile = configFileIn(directory);
    this.#directory = directory;
  }

  static async start(options: BalancerOptions): Promise<Balancer> {
    const directory = mkdtempSync(join(tmpdir(), "edge-balancer-"));
    const configFile = configFileIn(directory);
    writeConfig(configFile, options.config);
    // Files that a killed runtime leaves behind are removed with the directory.
    const env = {
      ...environment("LB_VAR_", options.vars),
      ...environment("LB_BINDING_", options.bindings),
      TMPDIR: directory,
    };
    const running = new Running(NODE, argumentsFor(configFile, options), env);
    try {
      return new Balancer(running, await running.ready(), directory, options);
    } catch (error) {
      await running.kill();
      removeDirectory(directory);
      throw error;
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The log lines of the Worker and the launcher. */
  logs(): string {
    return this.running.stderr;
  }

  /** Changes the configuration file. The launcher notices by itself. */
  writeConfig(config: unknown): void {
    writeConfig(this.configFile, config);
  }

  /** The process id of workerd. */
  get runtimePid(): number {
    const pid = childrenOf(this.running.pid).find((child) => nameOf(child).startsWith("workerd"));
    if (pid === undefined) throw new Error("no workerd is running");
    return pid;
  }

  runtimeMb(): number {
    return residentMb(this.runtimePid);
  }

  /**
   * Stops it with SIGTERM, as an operator does. Before that it checks that nothing is open, except what the test names,
   * and that standard error has no unexpected line.
   * @throws Error that names what is still open, or the unexpected lines
   */
  async stop({ isBusy = false } = {}): Promise<Ending> {
    if (!isBusy && this.#adminToken !== null && this.running.process.exitCode === null) await this.#atRest();
    const ending = await this.running.signal("SIGTERM");
    removeDirectory(this.#directory);
    this.#wasQuiet();
    return ending;
  }

  #wasQuiet(): void {
    const lines = unexpectedLines(this.logs(), this.#expects);
    if (lines.length > 0) throw new Error(`the balancer said what it was not to:\n${lines.join("\n")}`);
  }

  async #atRest(): Promise<void> {
    let seen = "";
    try {
      await eventually("nothing to be open", async () => {
        const headers = { authorization: `Bearer ${this.#adminToken}` };
        const response = await fetchAlone(`${this.url}/_lb/live?events=0`, { headers });
        const { pools } = (await response.json()) as {
          pools: { pool: string; active_connections?: number }[];
        };
        seen = pools.map(({ pool, active_connections }) => `${pool} ${active_connections}`).join(", ");
        return pools.every(({ active_connections = 0 }) => active_connections === 0);
      });
    } catch (error) {
      throw new Error(`still open: ${seen}`, { cause: error });
    }
  }

  /** Stops it with SIGKILL. @throws Error with the unexpected lines */
  async kill(): Promise<void> {
    await this.running.kill();
    removeDirectory(this.#directory);
    this.#wasQuiet();
  }
}

export function startBalancer(options: BalancerOptions): Promise<Balancer> {
  return Balancer.start(options);
}

/** Starts the balancer with a file that may have errors, and does not wait until it is ready. */
export function runStart(...args: string[]): Running {
  return new Running(NODE, ["scripts/start.ts", ...args]);
}

function argumentsFor(
  configFile: string,
  { port = 0, state, adminToken = ADMIN_TOKEN, args = [] }: BalancerOptions,
): string[] {
  return [
    "scripts/start.ts",
    ...["--config", configFile, "--port", String(port)],
    ...(state === undefined ? [] : ["--state", state]),
    ...(adminToken === null ? [] : ["--admin-token", adminToken]),
    ...args,
  ];
}

const configFileIn = (directory: string) => join(directory, "config.jsonc");

function environment(prefix: string, values: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

function removeDirectory(directory: string): void {
  // A runtime that was killed a moment ago may still be writing.
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

function writeConfig(file: string, config: unknown): void {
  // In one step, because the launcher must not read half of the file.
  writeFileSync(`${file}.new`, typeof config === "string" ? config : JSON.stringify(config, null, 2));
  renameSync(`${file}.new`, file);
}
