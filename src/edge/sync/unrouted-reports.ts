/**
 * Reports answers to clients whose requests no pool handled to the object of the routes. The object sets the pace; a
 * report that was not answered is sent again as it was, so that it counts once.
 * @module
 */
import type { UnroutedReport } from "../../contract/routes.ts";
import { ClientCounts } from "../../core/metrics/client-counts.ts";
import type { Background, Surroundings } from "../model/surroundings.ts";
import { LONGEST_SCHEDULE_MS } from "./sync-state.ts";

/** Hosts with counts of their own in a report. */
const MOST_KEYS = 50;
/** So many requests share the first report, and a request that comes alone is reported soon all the same. */
const FIRST_MS = 1_000;
/** How long the object is left alone after a call that failed. */
const RETRY_MS = 10_000;

export class UnroutedReports {
  readonly #surroundings: Surroundings;
  /** Null: there was no such request since the last report. In most isolates there never is one. */
  #clients: ClientCounts | null = null;
  /** Random id of the isolate. Not at start-up: there is no randomness outside a request. */
  #isolate = "";
  /** Sent and not answered yet; null: there is none. */
  #pending: UnroutedReport | null = null;
  #sequence = 0;
  /** When the object may be called again, in ms. */
  #dueMs = Number.NEGATIVE_INFINITY;
  /** Until when a report is taken to be scheduled, in ms: the request that waits to make it may have ended. */
  #scheduledUntilMs = Number.NEGATIVE_INFINITY;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** The counts to add to. */
  get clients(): ClientCounts {
    this.#clients ??= new ClientCounts(MOST_KEYS);
    return this.#clients;
  }

  /** Makes sure that pending counts are reported when the object may be called. */
  scheduleReport(background: Background): void {
    const nowMs = this.#surroundings.now();
    if (nowMs < this.#scheduledUntilMs && this.#scheduledUntilMs - nowMs <= LONGEST_SCHEDULE_MS + RETRY_MS)
      return;
    if ((this.#clients?.isEmpty ?? true) && this.#pending === null) return;
    const waitMs = Math.min(Math.max(FIRST_MS, this.#dueMs - nowMs), LONGEST_SCHEDULE_MS);
    this.#scheduledUntilMs = nowMs + waitMs + RETRY_MS;
    background.waitUntil(this.#reportAfter(waitMs));
  }

  /** Never rejects. */
  async #reportAfter(waitMs: number): Promise<void> {
    await this.#surroundings.wait(waitMs);
    await this.#send();
    this.#scheduledUntilMs = Number.NEGATIVE_INFINITY;
  }

  async #send(): Promise<void> {
    if (this.#isolate === "") this.#isolate = this.#surroundings.newId();
    this.#pending ??= { isolate: this.#isolate, sequence: ++this.#sequence, clients: this.#take() };
    const report = this.#pending;
    const answer = await this.#surroundings.callRoutes((stub) => stub.reportUnrouted(report));
    const paceMs = answer.ok ? answer.value.next_report_ms : RETRY_MS;
    this.#dueMs = this.#surroundings.now() + paceMs;
    if (answer.ok && this.#pending === report) this.#pending = null;
  }

  #take() {
    const data = this.clients.toData();
    this.#clients = null;
    return data;
  }
}
