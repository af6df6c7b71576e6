/**
 * When each origin is probed, and in which order when many are due at once.
 *
 * At most 6 probes run at a time, because an invocation has six connections that wait for headers (docs/platform.md, six
 * connections). An origin that hangs holds one for its whole time-out, so those that were slow last time may hold
 * only 4 of the 6: the prompt ones are judged on time however many hang, and a round over `h` hanging origins takes
 * `h * timeout / 4` seconds. What else the invocation is waiting for comes off both numbers (see connections.ts).
 * @module
 */
import { Connections, MOST_CONNECTIONS } from "./connections.ts";

export const MOST_PROBES = MOST_CONNECTIONS;
/** Probes are spread by this share of the interval, so that pools are not probed in step. */
const JITTER = 0.1;
/** So much of the interval a probe waits for others of its pool: each alarm that fires for them is a call and a row. */
const TOGETHER = 2 * JITTER;

interface Slot {
  dueMs: number;
  /** Timed out last time. */
  slow: boolean;
  /** When its last probe began; null: there was none. */
  startedMs: number | null;
  /** From the start of the probe before to that of the last one; null: there were not two. */
  gapMs: number | null;
}

export class ProbeSchedule {
  readonly #random: () => number;
  readonly #connections: Pick<Connections, "probes" | "slowProbes">;
  readonly #slots = new Map<string, Slot>();
  /** Probes under way, and whether each was expected to be slow; outlives an origin's removal. */
  readonly #running = new Map<string, boolean>();
  /** Of the checks, as of the last probe that ended; 0: none has. */
  #intervalMs = 0;

  constructor(
    random: () => number,
    connections: Pick<Connections, "probes" | "slowProbes"> = new Connections(),
  ) {
    this.#random = random;
    this.#connections = connections;
  }

  /** Makes `ids` the origins to probe. A new one is due at once; the others keep their times. */
  setOrigins(ids: Iterable<string>, nowMs: number): void {
    const wanted = new Set(ids);
    for (const id of wanted) {
      if (!this.#slots.has(id)) {
        this.#slots.set(id, { dueMs: nowMs, slow: false, startedMs: null, gapMs: null });
      }
    }
    for (const id of this.#slots.keys()) if (!wanted.has(id)) this.#slots.delete(id);
  }

  /** Starts the probe that is due the longest, prompt origins first; null if none may start now. */
  take(nowMs: number): string | null {
    if (this.#running.size >= this.#connections.probes) return null;
    const slowMayStart = this.#slowRunning() < this.#connections.slowProbes;
    let chosen: string | null = null;
    let best: Slot | null = null;
    for (const [id, slot] of this.#slots) {
      if (slot.dueMs > nowMs || this.#running.has(id) || (slot.slow && !slowMayStart)) continue;
      if (best !== null && !precedes(slot, best)) continue;
      chosen = id;
      best = slot;
    }
    if (chosen === null || best === null) return null;
    this.#running.set(chosen, best.slow);
    best.gapMs = best.startedMs === null ? null : nowMs - best.startedMs;
    best.startedMs = nowMs;
    return chosen;
  }

  /** The probe of `id` is over. The next one is due an interval after this one began. */
  done(id: string, slow: boolean, intervalMs: number, nowMs: number): void {
    this.#running.delete(id);
    this.#intervalMs = intervalMs;
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    const spread = 1 + JITTER * (2 * this.#random() - 1);
    slot.slow = slow;
    slot.dueMs = Math.max(nowMs, (slot.startedMs ?? nowMs) + Math.round(intervalMs * spread));
  }

  /**
   * When probes are next to be started; Infinity if there is nothing to probe. Those that are due one shortly after the
   * other are started together, with the last of them: they stay together then, since none is spread further than that.
   */
  nextDueMs(): number {
    const due: number[] = [];
    for (const [id, { dueMs }] of this.#slots) if (!this.#running.has(id)) due.push(dueMs);
    const first = due.reduce((least, dueMs) => Math.min(least, dueMs), Number.POSITIVE_INFINITY);
    const lastMs = first + TOGETHER * this.#intervalMs;
    return due.reduce((last, dueMs) => (dueMs <= lastMs ? Math.max(last, dueMs) : last), first);
  }

  /**
   * In how many ms everybody is probed once: the longest time from one probe of an origin to its next, also to one that
   * is overdue. About the interval, unless there are more origins than fit it. Null: nothing is known yet.
   */
  roundMs(nowMs: number): number | null {
    let longest: number | null = null;
    for (const { startedMs, gapMs, dueMs } of this.#slots.values()) {
      const waitedMs = dueMs < nowMs ? nowMs - (startedMs ?? dueMs) : null;
      for (const ms of [gapMs, waitedMs]) if (ms !== null && ms > (longest ?? 0)) longest = ms;
    }
    return longest;
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
