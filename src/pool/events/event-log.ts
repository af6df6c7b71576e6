/**
 * What happens to a pool, or to the routes: each event is stored, counted, logged, and told to `notify_url` where the
 * configuration asks for its kind.
 * @module
 */
import type { PoolEvent, PoolEventKind } from "../../contract/events.ts";
import type { EventCounts } from "../../contract/stats.ts";
import type { PoolStore } from "../storage/store.ts";
import { EventCounters } from "./event-counters.ts";
import type { EventFacts, EventSink } from "./event-sink.ts";
import { Notifier } from "./webhook-notifier.ts";

/** The settings of a configuration that say where events go. */
export interface NotifyConfig {
  readonly notify_url: string | null;
  readonly notify_on: readonly string[];
}

export interface EventLogOptions {
  /** Empty: the events are those of the routes. */
  pool: string;
  store: PoolStore;
  now: () => number;
  log: (entry: Record<string, unknown>) => void;
}

export class EventLog implements EventSink {
  readonly #options: EventLogOptions;
  readonly #counters: EventCounters;
  readonly #notifier: Notifier;
  /** Of the configuration in force, or of the last one; null: none was in force since the start. */
  #notify: NotifyConfig | null = null;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#counters = new EventCounters(options.store.events);
    this.#notifier = new Notifier({ store: options.store, now: options.now, events: this });
  }

  /** Another configuration is in force. It goes on to count when the pool is removed, which is an event too. */
  configure(notify: NotifyConfig): void {
    this.#notify = notify;
  }

  emit(kind: PoolEventKind, { detail, origin, who, atMs }: EventFacts = {}): void {
    const { pool, now, store, log } = this.#options;
    const event: PoolEvent = {
      at: atMs ?? now(),
      kind,
      pool,
      ...(origin === undefined ? {} : { origin }),
      ...(detail === undefined ? {} : { detail }),
      ...(who === undefined ? {} : { who }),
    };
    store.events.add(event);
    this.#counters.increment(kind, origin);
    log({ event: kind, origin, who, detail });
    const { notify_url = null, notify_on = [] } = this.#notify ?? {};
    if (notify_url !== null && notify_on.includes(kind)) this.#notifier.add(event, notify_url);
  }

  /** How often each kind has happened. */
  get counts(): EventCounts {
    return this.#counters.counts;
  }

  /** Only the pool as a whole and these origins are still counted. */
  keep(origins: ReadonlySet<string>): void {
    this.#counters.keep(origins);
  }

  /** Forgets all events and notifications. The owner clears the store. */
  clear(): void {
    this.#counters.clear();
    this.#notifier.clear();
  }

  /** When `notify` is next worth calling, in ms since the epoch; Infinity if nothing waits. */
  nextNotifyMs(): number {
    return this.#notifier.nextDueMs();
  }

  /** Sends the notifications that are due. Never throws. */
  async notify(): Promise<void> {
    if (this.#notify !== null && this.#notify.notify_url === null) this.#notifier.clear();
    else await this.#notifier.deliver(this.#notify?.notify_url ?? null);
  }
}
