/**
 * Starts the processes of the load generator and of the origins, and talks to them.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  /** How long requests are sent. The run then waits for those under way. */
  readonly ms: number;
  /** Continues until this many are answered, for up to ten times `ms` on a busy machine; 0: for `ms` only. */
  readonly atLeast: number;
  /** Requests per second over all connections; null: as fast as they are answered. */
  readonly rate: number | null;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

export interface LoadResult {
  readonly requests: number;
  /** Answers other than 200, and connections lost. */
  readonly failed: number;
  readonly firstFailure: string | null;
  readonly seconds: number;
  /** From the request to the end of the answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export class LoadGenerator {
  readonly #process = fork(join(import.meta.dirname, "load-process.ts"));
  readonly #waiting = new Map<number, (result: LoadResult | string) => void>();
  #id = 0;

  constructor() {
    this.#process.on("message", (message) => {
      const { id, result } = message as { id: number; result: LoadResult | string };
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  /** @throws Error if a request failed, because figures that include failures are meaningless */
  async run(options: LoadOptions): Promise<LoadResult> {
    const id = ++this.#id;
    const result = await new Promise<LoadResult | string>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#process.send({ id, options });
    });
    if (typeof result === "string") throw new Error(`${options.url}: ${result}`);
    if (result.failed > 0) {
      throw new Error(
        `${options.url}: ${result.failed} of ${result.requests} failed: ${result.firstFailure}`,
      );
    }
    return result;
  }

  stop(): void {
    this.#process.kill();
  }
}

export interface Origins {
  readonly ports: readonly number[];
  stop(): void;
}

export async function startOrigins(count: number): Promise<Origins> {
  const child: ChildProcess = fork(join(import.meta.dirname, "origin-process.ts"), [String(count)]);
  const [ports] = (await once(child, "message")) as [number[]];
  return { ports, stop: () => void child.kill() };
}
