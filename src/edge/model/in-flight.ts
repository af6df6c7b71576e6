/**
 * One request in flight at one origin, counted from the pick to the end of the answer and released once. A count that
 * is lost all the same, with its isolate, lapses at the object.
 * @module
 */
import type { ReleaseReport } from "../../contract/strict.ts";
import type { EdgeServer } from "./edge-server.ts";

/** The result of an attempt that says something about its origin. */
export interface OriginResult {
  readonly failed: boolean;
  /** To the headers, or to the failure. */
  readonly latencyMs: number;
}

/** Called when an answer has ended; null: nothing was learned about the origin; `not_sent`: it was not even asked. */
export type OnRelease = (result: OriginResult | null | "not_sent") => void;

/** The report to a strict pool's object. */
export function releaseOf(
  result: OriginResult | null | "not_sent",
): Omit<ReleaseReport, "isolate" | "attempt"> {
  const nothing = { failed: false, latency_ms: 0, no_outcome: true } as const;
  if (result === null) return nothing;
  if (result === "not_sent") return { ...nothing, not_sent: true };
  return { failed: result.failed, latency_ms: result.latencyMs };
}

export class InFlightRequest {
  readonly server: EdgeServer;
  readonly #onRelease: OnRelease | null;
  #open = true;
  #result: OriginResult | null = null;

  constructor(server: EdgeServer, onRelease: OnRelease | null) {
    this.server = server;
    this.#onRelease = onRelease;
    server.activeConnections++;
  }

  /** The headers are here, or will not come, and that is the origin's doing. */
  settle(failed: boolean, latencyMs: number): void {
    if (this.#onRelease !== null) this.#result = { failed, latencyMs };
  }

  release(): void {
    if (!this.#open) return;
    this.#open = false;
    this.server.activeConnections--;
    this.#onRelease?.(this.#result);
  }
}
