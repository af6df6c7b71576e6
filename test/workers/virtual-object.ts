/**
 * A pool's object on a virtual clock: the real controller with the real store, on the lent SQLite of a real object. The
 * platform's part, alarms and calls, is left out.
 */
import type { PoolEvent } from "../../src/contract/events.ts";
import { systemTimers, type Timers } from "../../src/core/system.ts";
import { PoolController } from "../../src/pool/controller.ts";
import { startClock } from "../../src/pool/storage/clock-step.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";

export class VirtualObject {
  nowMs: number;
  /** What waits for time to pass, such as a watch. */
  timers: Timers = systemTimers;
  /** Number of statements so far that wrote. */
  writes = 0;
  readonly #sql: SqlStorage;
  controller: PoolController;

  constructor(sql: SqlStorage, document: Record<string, unknown>, nowMs = 1_800_000_000_000) {
    const exec: SqlStorage["exec"] = (query, ...bindings) => {
      if (/^\s*(INSERT|UPDATE|DELETE)/.test(query)) this.writes++;
      return sql.exec(query, ...bindings);
    };
    this.nowMs = nowMs;
    this.#sql = { exec } as SqlStorage;
    this.controller = this.#start();
    this.controller.applyConfig({ text: JSON.stringify(document), updatedAt: nowMs });
  }

  /** Those of a kind, the newest first. */
  events(kind: string): PoolEvent[] {
    return new PoolStore(this.#sql).events.newestFirst().filter((event) => event.kind === kind);
  }

  /** Its memory is gone, as after an eviction or a deploy. */
  restart(): void {
    this.controller = this.#start();
  }

  #start(): PoolController {
    const store = new PoolStore(this.#sql);
    return new PoolController({
      pool: "virtual",
      store,
      now: startClock(store, () => this.nowMs).now,
      probe: async () => ({ passed: true, detail: "", durationMs: 1, timedOut: false }),
      timers: {
        set: (callback, delayMs) => this.timers.set(callback, delayMs),
        clear: (handle) => this.timers.clear(handle),
      },
      allowIpOrigins: true,
      log: () => {},
    });
  }
}
