/**
 * Which servers live traffic shows to be bad: so many failures in a row, or too large a share of a sliding window (one
 * that fails every third request never fails five times in a row). Follows Envoy's outlier detection, with its limit
 * counted after the ejection (envoyproxy/envoy #27066).
 * @module
 */

/** Times in ms. */
export interface OutlierConfig {
  /** Failures in a row that eject; 0: not judged. */
  readonly consecutiveFailures: number;
  /** Percentage of failures within `intervalMs` that ejects; 0: not judged. */
  readonly failurePercent: number;
  /** Requests within `intervalMs` below which the percentage is not judged. */
  readonly minimumRequests: number;
  /** The window, and the time without ejection after which the next one is a step shorter. */
  readonly intervalMs: number;
  /** The first ejection; the nth lasts n times as long. */
  readonly baseEjectionMs: number;
  /** No ejection is longer. */
  readonly maxEjectionMs: number;
  /** Largest percentage of the pool out at once. One server is always left. */
  readonly maxEjectionPercent: number;
}

export const OUTLIER_DEFAULTS: OutlierConfig = {
  consecutiveFailures: 5,
  failurePercent: 50,
  minimumRequests: 20,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 50,
};

/** What was seen of a server since the last report. A single outcome is a batch of one. */
export interface OutcomeBatch {
  readonly successes: number;
  readonly failures: number;
  /** Failures since the last success; all of them if there was none. */
  readonly failuresInRow: number;
  readonly hadSuccess: boolean;
  /** How long ago the last failure was, at most, in ms. Absent: it is news. */
  readonly failureAgeMs?: number;
}

export const ONE_SUCCESS: OutcomeBatch = { successes: 1, failures: 0, failuresInRow: 0, hadSuccess: true };
export const ONE_FAILURE: OutcomeBatch = { successes: 0, failures: 1, failuresInRow: 1, hadSuccess: false };

export type EjectionReason = "consecutive_failures" | "failure_percent";

/** What a call changed, as data. */
export type OutlierTransition =
  | { kind: "ejected"; id: string; reason: EjectionReason; untilMs: number }
  /** Bad enough, but too many are out already. Said once until it does better or is ejected after all. */
  | { kind: "not_ejected"; id: string; reason: "limit"; trigger: EjectionReason }
  | { kind: "unejected"; id: string; reason: "time_is_up" | "check_passed" };

/** What is kept of a server across restarts. Plain data. */
export interface OutlierState {
  readonly failuresInRow: number;
  /** When its ejection ends; null if it is not ejected. */
  readonly ejectedUntilMs: number | null;
  /** The last ejection lasted this many times the base. */
  readonly multiplier: number;
  /** When its last ejection ended. */
  readonly returnedMs: number;
}

/** The window is kept in this many slices, so it is between 9 and 10 tenths of the interval long. */
const SLICES = 10;
interface Slice {
  readonly number: number;
  readonly successes: number;
  readonly failures: number;
}

interface Observed extends OutlierState {
  readonly slices: readonly Slice[];
  /** It was said that it is bad but stays, and it has been bad ever since. */
  readonly refused: boolean;
}

const UNKNOWN: Observed = {
  failuresInRow: 0,
  ejectedUntilMs: null,
  multiplier: 0,
  returnedMs: 0,
  slices: [],
  refused: false,
};

export class OutlierDetector {
  readonly #config: OutlierConfig;
  readonly #servers = new Map<string, Observed>();

  constructor(config: Partial<OutlierConfig> = {}) {
    this.#config = { ...OUTLIER_DEFAULTS, ...config };
  }

  /** Goes on from what `toJSON` gave. The window, which is only seconds long, begins anew. */
  static restore(states: Record<string, OutlierState>, config: Partial<OutlierConfig> = {}): OutlierDetector {
    const detector = new OutlierDetector(config);
    for (const [id, state] of Object.entries(states)) detector.#servers.set(id, { ...UNKNOWN, ...state });
    return detector;
  }

  /**
   * Outcomes of live traffic. Those of a server that is out are of before, and count for nothing.
   * @param poolSize servers in the pool, ejected ones included
   * @param othersInService servers besides this one that take traffic now: the last one is never ejected. Default:
   *   all that are not ejected
   */
  record(
    id: string,
    batch: OutcomeBatch,
    poolSize: number,
    nowMs: number,
    othersInService?: number,
  ): OutlierTransition | null {
    const before = this.#servers.get(id) ?? UNKNOWN;
    if (before.ejectedUntilMs !== null) return null;
    const heard = isOfThePast(batch, before, nowMs, this.#config) ? withoutFailures(batch) : batch;
    const state = observed(before, heard, nowMs, this.#config);
    const reason = triggerOf(state, this.#config);
    // A success ejects nobody, though the share may still be too large.
    if (reason === null || heard.failures === 0) {
      this.#servers.set(id, { ...state, refused: state.refused && reason !== null });
      return null;
    }
    if (!this.#mayEject(poolSize, othersInService)) {
      // What led to it stays on the record: its next failure ejects it once there is room.
      this.#servers.set(id, { ...state, refused: true });
      return before.refused ? null : { kind: "not_ejected", id, reason: "limit", trigger: reason };
    }
    const { multiplier, untilMs } = ejectionOf(state, nowMs, this.#config);
    // Late reports do not count, so it comes back with this clean slate.
    const clean = { failuresInRow: 0, slices: [], refused: false };
    this.#servers.set(id, { ...state, ...clean, multiplier, ejectedUntilMs: untilMs });
    return { kind: "ejected", id, reason, untilMs };
  }

  /** Brings back those whose time is up. */
  sweep(nowMs: number): OutlierTransition[] {
    const due = [...this.#servers].filter(
      ([, { ejectedUntilMs }]) => ejectedUntilMs !== null && ejectedUntilMs <= nowMs,
    );
    return due.flatMap(([id]) => this.#bringBack(id, nowMs, "time_is_up") ?? []);
  }

  /** Brings one back before its time: an active check passed. Null if it is not out. */
  unEject(id: string, nowMs: number): OutlierTransition | null {
    return this.#bringBack(id, nowMs, "check_passed");
  }

  isEjected(id: string): boolean {
    return this.ejectedUntilMs(id) !== null;
  }

  /** When the ejection of `id` ends; null if it is not ejected. */
  ejectedUntilMs(id: string): number | null {
    return this.#servers.get(id)?.ejectedUntilMs ?? null;
  }

  /** The server has left the pool. */
  forget(id: string): void {
    this.#servers.delete(id);
  }

  /** By server id; those of whom there is nothing to keep are left out. */
  toJSON(): Record<string, OutlierState> {
    const states: Record<string, OutlierState> = {};
    for (const [id, { slices: _, refused: __, ...state }] of this.#servers) {
      if (state.failuresInRow > 0 || state.multiplier > 0) states[id] = state;
    }
    return states;
  }

  #bringBack(id: string, nowMs: number, reason: "time_is_up" | "check_passed"): OutlierTransition | null {
    const state = this.#servers.get(id);
    if (state === undefined || state.ejectedUntilMs === null) return null;
    this.#servers.set(id, { ...state, ejectedUntilMs: null, returnedMs: nowMs });
    return { kind: "unejected", id, reason };
  }

  #mayEject(poolSize: number, othersInService: number | undefined): boolean {
    let ejected = 0;
    for (const { ejectedUntilMs } of this.#servers.values()) if (ejectedUntilMs !== null) ejected++;
    if ((othersInService ?? poolSize - 1 - ejected) < 1) return false;
    return (ejected + 1) * 100 <= this.#config.maxEjectionPercent * poolSize;
  }
}

/**
 * Isolates that report seldom tell of failures long after they happened: from before the server came back, or longer
 * ago than failures are counted for.
 */
function isOfThePast(
  { failureAgeMs = 0 }: OutcomeBatch,
  { returnedMs }: OutlierState,
  nowMs: number,
  { intervalMs }: OutlierConfig,
): boolean {
  return failureAgeMs > 0 && nowMs - failureAgeMs <= Math.max(returnedMs, nowMs - intervalMs);
}

function withoutFailures(batch: OutcomeBatch): OutcomeBatch {
  return { ...batch, failures: 0, failuresInRow: 0 };
}

function observed(state: Observed, batch: OutcomeBatch, nowMs: number, config: OutlierConfig): Observed {
  const failuresInRow = batch.failuresInRow + (batch.hadSuccess ? 0 : state.failuresInRow);
  const number = Math.floor((nowMs * SLICES) / config.intervalMs);
  const kept = state.slices.filter((slice) => slice.number > number - SLICES && slice.number !== number);
  const same = state.slices.find((slice) => slice.number === number);
  const successes = batch.successes + (same?.successes ?? 0);
  const failures = batch.failures + (same?.failures ?? 0);
  return { ...state, failuresInRow, slices: [...kept, { number, successes, failures }] };
}

function triggerOf({ failuresInRow, slices }: Observed, config: OutlierConfig): EjectionReason | null {
  const { consecutiveFailures, failurePercent, minimumRequests } = config;
  if (consecutiveFailures > 0 && failuresInRow >= consecutiveFailures) return "consecutive_failures";
  const failures = slices.reduce((sum, slice) => sum + slice.failures, 0);
  const requests = slices.reduce((sum, slice) => sum + slice.successes, failures);
  const judged = failurePercent > 0 && requests >= minimumRequests;
  return judged && failures * 100 >= failurePercent * requests ? "failure_percent" : null;
}

/** Envoy: base times n, at most max. n grows with each ejection and shrinks with each interval between them. */
function ejectionOf(
  state: OutlierState,
  nowMs: number,
  config: OutlierConfig,
): { multiplier: number; untilMs: number } {
  const { intervalMs, baseEjectionMs, maxEjectionMs } = config;
  const quiet = Math.max(0, Math.floor((nowMs - state.returnedMs) / intervalMs));
  const grown = Math.max(0, state.multiplier - quiet) + 1;
  // No larger than the longest ejection asks for, or it would take for ever to shrink again.
  const multiplier = Math.min(grown, Math.ceil(maxEjectionMs / baseEjectionMs));
  return { multiplier, untilMs: nowMs + Math.min(baseEjectionMs * multiplier, maxEjectionMs) };
}
