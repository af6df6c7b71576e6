/**
 * One request in flight at one origin, counted from the pick to the end of the answer and released once. A count that
 * is lost all the same, with its isolate, lapses at the object.
 * @module
 */
import type { EdgeServer } from "./edge-server.ts";

/**
 * Told how a request went when its answer is over.
 * @param latencyMs to the headers, or to the failure
 */
export type EndOfHold = (failed: boolean, latencyMs: number) => void;

export class Hold {
  readonly server: EdgeServer;
  readonly #over: EndOfHold | null;
  #open = true;
  #failed = false;
  #latencyMs = 0;

  constructor(server: EdgeServer, over: EndOfHold | null) {
    this.server = server;
    this.#over = over;
    server.activeConnections++;
  }

  /** The headers are here, or will not come. */
  note(failed: boolean, latencyMs: number): void {
    this.#failed = failed;
    this.#latencyMs = latencyMs;
  }

  release(): void {
    if (!this.#open) return;
    this.#open = false;
    this.server.activeConnections--;
    this.#over?.(this.#failed, this.#latencyMs);
  }
}
