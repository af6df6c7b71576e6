/**
 * Real origins on loopback. Each is a process of its own, so that a test can control it, kill it, and start it again on
 * the same port.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { AnswerMessage, Behaviour, Command, Hit } from "./origin-contract.ts";
import { freePort } from "./ports.ts";
import { NODE } from "./processes.ts";

const PROGRAM = join(import.meta.dirname, "origin-process.ts");

export class Origin {
  readonly name: string;
  /** The same for as long as the origin lives, through stops and restarts. */
  readonly port: number;
  #process: ChildProcess;
  #commands = 0;

  private constructor(name: string, process: ChildProcess, port: number) {
    this.name = name;
    this.#process = process;
    this.port = port;
  }

  static async start(name: string): Promise<Origin> {
    const process = spawn(name);
    const origin = new Origin(name, process, await freePort());
    await origin.#command({ do: "listen", port: origin.port });
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The origin in the form of a pool's configuration. */
  config(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { id: this.name, url: this.url, ...more };
  }

  /** Sets the behaviours from now on; without any the paths decide. */
  async behave(...behaviours: Behaviour[]): Promise<void> {
    await this.#command({ do: "behave", behaviours });
  }

  /** The requests that arrived, in order. Lost with the process. */
  async hits(): Promise<Hit[]> {
    return (await this.#command({ do: "hits" })) as Hit[];
  }

  async forget(): Promise<void> {
    await this.#command({ do: "forget" });
  }

  /** Sends an event to the clients of `/sse`. @returns their number */
  async push(text: string): Promise<number> {
    return (await this.#command({ do: "push", text })) as number;
  }

  /** How WebSockets ended here, in order. */
  async closes(): Promise<{ code: number; reason: string }[]> {
    return (await this.#command({ do: "closes" })) as { code: number; reason: string }[];
  }

  /** Number of requests whose answer is not complete, and of WebSockets. */
  async open(): Promise<number> {
    return (await this.#command({ do: "open" })) as number;
  }

  /** Refuses connections and breaks off open ones. The process continues and keeps its recorded requests. */
  async close(): Promise<void> {
    await this.#command({ do: "close" });
  }

  async reopen(): Promise<void> {
    await this.#command({ do: "listen", port: this.port });
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }

  /** Starts a new process on the same port, after `kill`. */
  async restart(): Promise<void> {
    this.#process = spawn(this.name);
    await this.reopen();
  }

  async #command(command: Command): Promise<unknown> {
    const id = ++this.#commands;
    const process = this.#process;
    const { value, error } = await new Promise<AnswerMessage>((resolve, reject) => {
      const onExit = () => reject(new Error(`origin ${this.name} is gone`));
      const onMessage = (answer: AnswerMessage) => {
        if (answer.id !== id) return;
        process.off("message", onMessage).off("exit", onExit);
        resolve(answer);
      };
      process.on("message", onMessage).on("exit", onExit);
      process.send({ ...command, id });
    });
    if (error !== undefined) throw new Error(`origin ${this.name}: ${error}`);
    return value;
  }
}

export function startOrigin(name: string): Promise<Origin> {
  return Origin.start(name);
}

export function startOrigins(...names: string[]): Promise<Origin[]> {
  return Promise.all(names.map((name) => Origin.start(name)));
}

function spawn(name: string): ChildProcess {
  // Type stripping needs the newer Node, even if an older one runs the tests.
  return fork(PROGRAM, [name], {
    execPath: NODE,
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}
