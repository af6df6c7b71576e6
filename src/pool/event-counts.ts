/**
 * How often each kind of event has happened, for the metrics: the event log forgets, and a counter must not.
 * @module
 */
import type { PoolEventKind } from "../contract/events.ts";
import type { EventCounts } from "../contract/stats.ts";
import type { PoolStore } from "./store.ts";

/** In SQLite. */
const FACT = "event_counts";

export class EventBook {
  readonly #store: Pick<PoolStore, "fact" | "setFact">;
  readonly #counts: EventCounts;

  constructor(store: Pick<PoolStore, "fact" | "setFact">) {
    this.#store = store;
    this.#counts = store.fact<EventCounts>(FACT, {});
  }

  get counts(): EventCounts {
    return this.#counts;
  }

  /** @param origin absent: of the pool as a whole */
  note(kind: PoolEventKind, origin = ""): void {
    // Forgotten with its origin, so that the book stays as large as the pool.
    if (kind === "removed") {
      for (const byOrigin of Object.values(this.#counts)) delete byOrigin[origin];
    } else {
      const byOrigin = this.#counts[kind] ?? {};
      byOrigin[origin] = (byOrigin[origin] ?? 0) + 1;
      this.#counts[kind] = byOrigin;
    }
    this.#store.setFact(FACT, this.#counts);
  }
}
