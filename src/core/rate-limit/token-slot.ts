/**
 * When an isolate may ask the pool's object for tokens. The object may give it a slot of time, which one request uses up;
 * while a request is under way there is no other.
 * @module
 */
import { CLOCK_SLACK_MS, type RateGrant } from "./rate-lease.ts";

/** A request that has no answer after this time counts as failed, and another may be made. */
const LONGEST_REQUEST_MS = 250;
/** Wait that clients are told while the next slot is not known yet, in ms. */
const SLOT_MISSED_MS = 5_000;

export class TokenSlot {
  #fromMs = Number.NEGATIVE_INFINITY;
  #untilMs = Number.POSITIVE_INFINITY;
  /** End of the slot in hand, until a request uses it up. */
  #endsMs = Number.NEGATIVE_INFINITY;
  /** When the request under way was sent. */
  #requestedMs = Number.NEGATIVE_INFINITY;

  /** True if a request may be sent now. */
  isOpen(nowMs: number): boolean {
    return nowMs >= this.#fromMs && nowMs < this.#untilMs && !this.isPending(nowMs);
  }

  /** True while a request is under way. */
  isPending(nowMs: number): boolean {
    const sinceMs = nowMs - this.#requestedMs;
    return sinceMs >= -CLOCK_SLACK_MS && sinceMs < LONGEST_REQUEST_MS;
  }

  /** For how long the request under way has been, in ms; null: there is none. */
  pendingMs(nowMs: number): number | null {
    return this.isPending(nowMs) ? Math.max(0, nowMs - this.#requestedMs) : null;
  }

  /** Milliseconds until a request may be sent, as far as this isolate knows. */
  waitMs(nowMs: number): number {
    return nowMs < this.#untilMs ? Math.max(0, this.#fromMs - nowMs) : SLOT_MISSED_MS;
  }

  /** A request is sent, which uses the slot up. */
  requested(nowMs: number): void {
    this.#requestedMs = nowMs;
    this.#endsMs = Number.NEGATIVE_INFINITY;
  }

  /** The request is over. If it failed, none is sent for a while. */
  done(nowMs: number, failed: boolean): void {
    this.#requestedMs = Number.NEGATIVE_INFINITY;
    if (failed) this.suppressUntil(nowMs + LONGEST_REQUEST_MS);
  }

  /** No request is sent before that time. */
  suppressUntil(untilMs: number): void {
    this.#fromMs = Math.max(this.#fromMs, untilMs);
  }

  /** The crowd that had to take turns is gone. */
  #clear(): void {
    this.#fromMs = Number.NEGATIVE_INFINITY;
    this.#untilMs = Number.POSITIVE_INFINITY;
    this.#endsMs = Number.NEGATIVE_INFINITY;
  }

  /** Takes over the time of the next request. A slot that is still to come is not given up for another one. */
  apply({ wait_ms, slot_ms }: Pick<RateGrant, "wait_ms" | "slot_ms">, nowMs: number): void {
    if (slot_ms === undefined && this.#untilMs < Number.POSITIVE_INFINITY) this.#clear();
    if (wait_ms === 0 || (slot_ms !== undefined && nowMs < this.#endsMs)) return;
    this.#fromMs = nowMs + wait_ms;
    this.#untilMs = slot_ms === undefined ? Number.POSITIVE_INFINITY : this.#fromMs + slot_ms;
    this.#endsMs = slot_ms === undefined ? Number.NEGATIVE_INFINITY : this.#untilMs;
  }
}
