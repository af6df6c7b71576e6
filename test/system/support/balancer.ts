/**
 * Starts the balancer as a user does, and stops it in every way there is.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { childrenOf, NODE, nameOf, PROJECT, residentMb } from "./processes.ts";

export interface BalancerOptions {
  /** Written to a file as it is; text too, for files that are wrong. */
  config: unknown;
  /** Directory for `--state`. */
  state?: string;
  /** Default: any free one. */
  port?: number;
  adminToken?: string;
  /** More arguments. */
  args?: readonly string[];
  /** Variables for the Worker. */
  vars?: Readonly<Record<string, string>>;
}

/** How a process ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A command that runs, with what it has said so far. */
export class Running {
  readonly process: ChildProcess;
  /** Resolves when the process has ended and all its output is here. */
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

  /** SIGKILL to the whole process group: nothing gets to clean up. */
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

  private constructor(running: Running, url: string, configFile: string, directory: string) {
    this.running = running;
    this.url = url;
    this.configFile = configFile;
    this.#directory = directory;
  }

  static async start(options: BalancerOptions): Promise<Balancer> {
    const directory = mkdtempSync(join(tmpdir(), "edge-balancer-"));
    const configFile = join(directory, "config.jsonc");
    writeConfig(configFile, options.config);
    // What the runtime leaves behind when it is killed goes with the directory.
    const env = { ...environment(options.vars), TMPDIR: directory };
    const running = new Running(NODE, argumentsFor(configFile, options), env);
    try {
      return new Balancer(running, await running.ready(), configFile, directory);
    } catch (error) {
      await running.kill();
      removeDirectory(directory);
      throw error;
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** What the Worker and the launcher logged. */
  logs(): string {
    return this.running.stderr;
  }

  /** Changes the file; the launcher notices by itself. */
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

  /** SIGTERM, as an operator does. */
  async stop(): Promise<Ending> {
    const ending = await this.running.signal("SIGTERM");
    removeDirectory(this.#directory);
    return ending;
  }

  async kill(): Promise<void> {
    await this.running.kill();
    removeDirectory(this.#directory);
  }
}

export function startBalancer(options: BalancerOptions): Promise<Balancer> {
  return Balancer.start(options);
}

/** The balancer on a file that may be wrong; does not wait for it to be ready. */
export function runStart(...args: string[]): Running {
  return new Running(NODE, ["scripts/start.ts", ...args]);
}

function argumentsFor(
  configFile: string,
  { port = 0, state, adminToken, args = [] }: BalancerOptions,
): string[] {
  return [
    "scripts/start.ts",
    ...["--config", configFile, "--port", String(port)],
    ...(state === undefined ? [] : ["--state", state]),
    ...(adminToken === undefined ? [] : ["--admin-token", adminToken]),
    ...args,
  ];
}

function environment(vars: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [`LB_VAR_${name}`, value]));
}

function removeDirectory(directory: string): void {
  // A runtime that was just killed may still be writing.
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

function writeConfig(file: string, config: unknown): void {
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config, null, 2));
}
