/**
 * Tells `notify_url` of the events of `notify_on`: a JSON POST, repeated with back-off until it is taken. Notifications
 * that are not delivered yet are stored, and checks never wait for them. Giving one up makes an event.
 * @module
 */
import { eventText, type PoolEvent } from "../../contract/events.ts";
import { backoffAfter } from "../../core/retry/backoff.ts";
import type { Metadata } from "../storage/metadata.ts";
import type { Delivery } from "../storage/stored-forms.ts";
import type { EventSink } from "./event-sink.ts";

/** Older ones give way: a receiver that is gone must not fill the store. */
const MOST_WAITING = 100;
const MOST_TRIES = 8;
const RETRIES = { firstMs: 1_000, longestMs: 60_000 };
const TIMEOUT_MS = 10_000;

export interface NotifierOptions {
  store: Pick<Metadata, "get" | "put">;
  now: () => number;
  /** Told of each notification that is given up, and why; names no address. */
  events: EventSink;
}

export class Notifier {
  readonly #options: NotifierOptions;
  #waiting: Delivery[];
  /** Under way. */
  #sent: Delivery | null = null;
  #isSending = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#waiting = [...options.store.get("notifications")];
  }

  /** @param url where it is to go if no configuration says otherwise by then */
  add(event: PoolEvent, url: string): void {
    this.#waiting.push({ event, url, tries: 0, dueMs: this.#options.now() });
    const oldest = this.#waiting.find((each) => each !== this.#sent);
    const isFull = this.#waiting.length > MOST_WAITING && oldest !== undefined;
    if (isFull) this.#drop(oldest);
    this.#save();
    if (isFull) this.#giveUp(oldest.event, `${MOST_WAITING} newer ones wait`);
  }

  /** When `deliver` is next worth calling, in ms since the epoch; Infinity if nothing waits, or it is at work. */
  nextDueMs(): number {
    if (this.#isSending) return Number.POSITIVE_INFINITY;
    return this.#waiting.reduce((next, { dueMs }) => Math.min(next, dueMs), Number.POSITIVE_INFINITY);
  }

  /**
   * Sends the due notifications, in order. Never throws.
   * @param url null: no configuration is in force, so each goes where it was to go when it was added
   */
  async deliver(url: string | null): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (const delivery of this.#waiting.filter(({ dueMs }) => dueMs <= this.#options.now())) {
        // It may have given way meanwhile.
        if (this.#waiting.includes(delivery)) await this.#send(url ?? delivery.url, delivery);
      }
    } finally {
      this.#sent = null;
      this.#isSending = false;
    }
  }

  async #send(url: string, delivery: Delivery): Promise<void> {
    this.#sent = delivery;
    const problem = await post(url, delivery.event);
    // The list was cleared while the call was under way: the result does not matter.
    if (!this.#waiting.includes(delivery)) return;
    delivery.tries++;
    const isGivenUp = problem !== null && delivery.tries >= MOST_TRIES;
    if (problem === null || isGivenUp) this.#drop(delivery);
    else delivery.dueMs = this.#options.now() + backoffAfter(delivery.tries, RETRIES);
    this.#save();
    if (isGivenUp) this.#giveUp(delivery.event, `${delivery.tries} tries, the last: ${problem}`);
  }

  /** Drops all notifications. */
  clear(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = [];
    this.#save();
  }

  #giveUp({ kind, origin }: PoolEvent, why: string): void {
    const what = origin === undefined ? kind : `${origin} ${kind}`;
    this.#options.events.emit("notify_failed", { detail: `${what}: ${why}` });
  }

  #drop(delivery: Delivery): void {
    this.#waiting = this.#waiting.filter((other) => other !== delivery);
  }

  #save(): void {
    this.#options.store.put("notifications", this.#waiting);
  }
}

/** Null if it was accepted, else the problem. */
async function post(url: string, event: PoolEvent): Promise<string | null> {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      // Slack and Teams show the `text` of a message.
      body: JSON.stringify({ ...event, text: eventText(event) }),
      // If a redirect were followed, a POST might become a GET and reach a server that no one configured.
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
    if (response.ok) return null;
    const isRedirect = response.status >= 300 && response.status < 400;
    return `status ${response.status}${isRedirect ? ", a redirect, and those are not followed" : ""}`;
  } catch {
    return signal.aborted ? `no answer within ${TIMEOUT_MS / 1_000} s` : "could not connect";
  } finally {
    // A timer that is left would keep the object in memory.
    clearTimeout(timer);
  }
}
