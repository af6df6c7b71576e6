/**
 * Starts the origins' processes, causes their faults, and reads their ledgers.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../system/support/ports.ts";
import { NODE } from "../system/support/processes.ts";
import type { Arrival, Fault, OpenAtOrigin, Order } from "./contract.ts";

const PROGRAM = join(import.meta.dirname, "origin-process.ts");

export class SoakOrigin {
  readonly name: string;
  readonly port: number;
  readonly #ledger: string;
  #process: ChildProcess;

  private constructor(name: string, port: number, ledger: string, process: ChildProcess) {
    this.name = name;
    this.port = port;
    this.#ledger = ledger;
    this.#process = process;
  }

  static async start(name: string, directory: string): Promise<SoakOrigin> {
    const ledger = join(directory, `ledger-${name}`);
    const port = await freePort();
    return new SoakOrigin(name, port, ledger, await spawn(name, port, ledger));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async begin(fault: Fault): Promise<void> {
    if (fault === "kill") await this.kill();
    else if (fault === "hang") this.#process.kill("SIGSTOP");
    else await this.#order({ fault });
  }

  async end(fault: Fault): Promise<void> {
    if (fault === "kill") this.#process = await spawn(this.name, this.port, this.#ledger);
    else if (fault === "hang") this.#process.kill("SIGCONT");
    else await this.#order({ fault: null });
  }

  async open(): Promise<OpenAtOrigin> {
    return (await this.#order({ ask: "open" })) as OpenAtOrigin;
  }

  /** All requests that have arrived since the start. */
  arrivals(): Arrival[] {
    if (!existsSync(this.#ledger)) return [];
    const lines = readFileSync(this.#ledger, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Arrival);
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exit;
  }

  /** One at a time. @returns the answer, once the order is carried out */
  async #order(order: Order): Promise<unknown> {
    const answer = once(this.#process, "message");
    this.#process.send(order);
    return (await answer)[0];
  }
}

async function spawn(name: string, port: number, ledger: string): Promise<ChildProcess> {
  const process = fork(PROGRAM, [name, String(port), ledger], {
    execPath: NODE,
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(process, "message");
  return process;
}
