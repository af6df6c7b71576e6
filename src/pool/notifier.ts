/**
 * Tells `notify_url` of health transitions: a JSON POST, repeated with back-off until it is taken. What is not
 * delivered yet is stored, and checks never wait for it.
 * @module
 */
import type { PoolEvent } from "../contract/events.ts";
import type { PoolStore } from "./store.ts";

interface Delivery {
  event: PoolEvent;
  tries: number;
  dueMs: number;
}

const FACT = "notifications";
/** Older ones give way: a receiver that is gone must not fill the store. */
const MOST_WAITING = 100;
const MOST_TRIES = 8;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
const TIMEOUT_MS = 10_000;

export class Notifier {
  readonly #store: PoolStore;
  readonly #now: () => number;
  #waiting: Delivery[];
  #sending = false;

  constructor(store: PoolStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#waiting = store.fact<Delivery[]>(FACT, []);
  }

  add(event: PoolEvent): void {
    this.#waiting.push({ event, tries: 0, dueMs: this.#now() });
    this.#waiting.splice(0, this.#waiting.length - MOST_WAITING);
    this.#save();
  }

  /** When `deliver` is next worth calling, in ms since the epoch; Infinity if nothing waits, or it is at work. */
  nextDueMs(): number {
    if (this.#sending) return Number.POSITIVE_INFINITY;
    return this.#waiting.reduce((next, { dueMs }) => Math.min(next, dueMs), Number.POSITIVE_INFINITY);
  }

  /** Sends what is due, in order. Never throws. */
  async deliver(url: string): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (const delivery of this.#waiting.filter(({ dueMs }) => dueMs <= this.#now())) {
        await this.#send(url, delivery);
      }
    } finally {
      this.#sending = false;
    }
  }

  async #send(url: string, delivery: Delivery): Promise<void> {
    const taken = await post(url, delivery.event);
    delivery.tries++;
    const isOver = taken || delivery.tries >= MOST_TRIES;
    if (isOver) this.#waiting = this.#waiting.filter((other) => other !== delivery);
    else delivery.dueMs = this.#now() + backoffMs(delivery.tries);
    this.#save();
  }

  /** Nobody wants to hear any more. */
  clear(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = [];
    this.#save();
  }

  #save(): void {
    this.#store.setFact(FACT, this.#waiting);
  }
}

function backoffMs(tries: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** (tries - 1), LONGEST_BACKOFF_MS);
}

async function post(url: string, event: PoolEvent): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
