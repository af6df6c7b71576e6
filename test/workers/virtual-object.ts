/**
 * A pool's object on a virtual clock: the real controller over the real store, on the SQLite of an object that is
 * lent. What the platform does, alarms and calls, is left out.
 */
import { PoolController } from "../../src/pool/controller.ts";
import { PoolStore } from "../../src/pool/store.ts";

export class VirtualObject {
  nowMs: number;
  /** Statements so far that wrote. */
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
    this.controller.offer({ text: JSON.stringify(document), updatedAt: nowMs });
  }

  /** Its memory is gone, as after an eviction or a deploy. */
  restart(): void {
    this.controller = this.#start();
  }

  #start(): PoolController {
    return new PoolController({
      pool: "virtual",
      store: new PoolStore(this.#sql),
      now: () => this.nowMs,
      probe: async () => ({ passed: true, detail: "", durationMs: 1, timedOut: false }),
      allowIpOrigins: true,
      log: () => {},
    });
  }
}
