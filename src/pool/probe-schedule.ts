/**
 * When each origin is probed, and in which order when many are due at once.
 *
 * At most 6 probes run at a time, because an invocation has six connections that wait for headers (PLATFORM: six
 * connections). An origin that hangs holds one for its whole time-out, so those that were slow last time may hold
 * only 4 of the 6: the prompt ones are judged on time however many hang, and a round over `h` hanging origins takes
 * `h * timeout / 4` seconds.
 * @module
 */

export const MOST_PROBES = 6;
const MOST_SLOW_PROBES = 4;
/** Probes are spread by this share of the interval, so that origins are not probed in step. */
const JITTER = 0.1;

interface Slot {
  dueMs: number;
  /** Timed out last time. */
  slow: boolean;
}

export class ProbeSchedule {
  readonly #random: () => number;
  readonly #slots = new Map<string, Slot>();
  /** Probes under way, and whether each was expected to be slow; outlives an origin's removal. */
  readonly #running = new Map<string, boolean>();

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Makes `ids` the origins to probe. A new one is due at once; the others keep their times. */
  setOrigins(ids: Iterable<string>, nowMs: number): void {
    const wanted = new Set(ids);
    for (const id of wanted) {
      if (!this.#slots.has(id)) this.#slots.set(id, { dueMs: nowMs, slow: false });
    }
    for (const id of this.#slots.keys()) if (!wanted.has(id)) this.#slots.delete(id);
  }

  /** Starts the probe that is due the longest, prompt origins first; null if none may start now. */
  take(nowMs: number): string | null {
    if (this.#running.size >= MOST_PROBES) return null;
    const slowMayStart = this.#slowRunning() < MOST_SLOW_PROBES;
    let chosen: string | null = null;
    let best: Slot | null = null;
    for (const [id, slot] of this.#slots) {
      if (slot.dueMs > nowMs || this.#running.has(id) || (slot.slow && !slowMayStart)) continue;
      if (best !== null && !precedes(slot, best)) continue;
      chosen = id;
      best = slot;
    }
    if (chosen !== null) this.#running.set(chosen, best?.slow ?? false);
    return chosen;
  }

  /** The probe of `id` is over. The next one is due an interval after this one was. */
  done(id: string, slow: boolean, intervalMs: number, nowMs: number): void {
    this.#running.delete(id);
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    const spread = 1 + JITTER * (2 * this.#random() - 1);
    slot.slow = slow;
    slot.dueMs = Math.max(nowMs, slot.dueMs + Math.round(intervalMs * spread));
  }

  /** When the next probe is due; Infinity if there is nothing to probe. */
  nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const [id, slot] of this.#slots) if (!this.#running.has(id)) next = Math.min(next, slot.dueMs);
    return next;
  }

  #slowRunning(): number {
    let count = 0;
    for (const slow of this.#running.values()) if (slow) count++;
    return count;
  }
}

function precedes(a: Slot, b: Slot): boolean {
  return a.slow === b.slow ? a.dueMs < b.dueMs : !a.slow;
}
