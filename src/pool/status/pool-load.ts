/**
 * How busy a pool is, as its isolates say: it counts against the pool's `capacity`, and only where it is asked for.
 * @module
 */
import type { SyncReport } from "../../contract/sync.ts";
import type { Isolates } from "../leases/isolates.ts";
import type { PoolLoad } from "./accepted-load.ts";
import { RequestRates } from "./request-rates.ts";

export class PoolLoadMeter {
  readonly #isolates: Isolates;
  readonly #rates = new RequestRates();

  constructor(isolates: Isolates) {
    this.#isolates = isolates;
  }

  record({ isolate, demand }: SyncReport, nowMs: number): void {
    const paceMs = this.#isolates.paceMs(isolate);
    this.#rates.note(isolate, demand.requests, demand.elapsed_ms, paceMs, nowMs);
  }

  /** @param origins of these, connections count */
  load(origins: readonly { readonly id: string }[], nowMs: number): PoolLoad {
    return {
      connections: origins.reduce((sum, { id }) => sum + this.#isolates.active(id), 0),
      requestsPerSecond: this.#rates.total(nowMs),
      paceMs: this.#isolates.longestPaceMs,
    };
  }

  clear(): void {
    this.#rates.clear();
  }
}
