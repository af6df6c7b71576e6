/**
 * When each isolate is to look whether it must report, though no other request comes: in columns, because it depends on
 * each request's end.
 * @module
 */
import { LONG_POLL_MS, LONGEST_SCHEDULE_MS, RENEWED_AFTER_MS } from "../../../src/edge/sync/sync-state.ts";
import { grown } from "./request-table.ts";

export class ReportWatch {
  /** When the request ended that keeps the schedule of the report, and when the last one did; in ms. */
  #holderMs = new Float64Array(0);
  #endedMs = new Float64Array(0);
  /** 1: a look is planned. */
  #planned = new Uint8Array(0);

  /** An isolate has its first request. @param isolate its number */
  add(isolate: number): void {
    if (isolate >= this.#planned.length) this.#grow(2 * isolate + 1);
    this.#holderMs[isolate] = Number.NEGATIVE_INFINITY;
    this.#endedMs[isolate] = Number.NEGATIVE_INFINITY;
    this.#planned[isolate] = 0;
  }

  /** A request has ended. @returns true: a look must be planned */
  ended(isolate: number, nowMs: number): boolean {
    this.#endedMs[isolate] = nowMs;
    if (nowMs >= (this.#holderMs[isolate] ?? 0) + RENEWED_AFTER_MS) this.#holderMs[isolate] = nowMs;
    return this.#planned[isolate] === 0;
  }

  /** A look is planned. @param dueMs when a report is due @returns when it is to be */
  plan(isolate: number, dueMs: number, nowMs: number): number {
    this.#planned[isolate] = 1;
    return Math.max(nowMs + LONG_POLL_MS, Math.min(dueMs, this.#lastMs(isolate)));
  }

  /** It looks. @returns true: this is the last chance to report */
  look(isolate: number, nowMs: number): boolean {
    this.#planned[isolate] = 0;
    return nowMs >= this.#lastMs(isolate);
  }

  /** A request has ended after that. */
  hasEndedAfter(isolate: number, ms: number): boolean {
    return (this.#endedMs[isolate] ?? 0) > ms;
  }

  /** The platform ends work after an answer. */
  #lastMs(isolate: number): number {
    return (this.#holderMs[isolate] ?? 0) + LONGEST_SCHEDULE_MS;
  }

  #grow(size: number): void {
    this.#holderMs = grown(this.#holderMs, new Float64Array(size));
    this.#endedMs = grown(this.#endedMs, new Float64Array(size));
    this.#planned = grown(this.#planned, new Uint8Array(size));
  }
}
