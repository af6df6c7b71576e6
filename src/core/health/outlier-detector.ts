/**
 * Ejects servers that live traffic shows to be bad, and brings them back. Follows Envoy's outlier detection, with its limit
 * counted after the ejection (envoyproxy/envoy #27066).
 * @module
 */
import { type EjectionLengths, nextEjection } from "./ejection-length.ts";
import { type EjectionReason, type EjectionRules, reasonToEject } from "./ejection-rules.ts";
import { type FailureRow, NO_FAILURES, rowAfter } from "./failure-row.ts";
import { type OutcomeBatch, OutcomeWindow, withoutFailures } from "./outcome-window.ts";

/** Times in ms. */
export interface OutlierConfig extends EjectionRules, EjectionLengths {
  /** The window. Also the time without an ejection after which the next ejection is a step shorter. */
  readonly intervalMs: number;
  /** Largest percentage of the pool that may be ejected at once. One server is always left. */
  readonly maxEjectionPercent: number;
}

/** For what a configuration leaves out. */
export const OUTLIER_DEFAULTS: OutlierConfig = {
  consecutiveFailures: 5,
  failurePercent: 50,
  minimumRequests: 20,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 50,
};

/** The changes that a call made, as data. */
export type OutlierTransition =
  | { kind: "ejected"; id: string; reason: EjectionReason; untilMs: number }
  /**
   * The server should be ejected, but too many are ejected already. Reported once, until the server does better or is
   * ejected after all.
   */
  | { kind: "not_ejected"; id: string; reason: "limit"; trigger: EjectionReason }
  | { kind: "unejected"; id: string; reason: "time_is_up" | "check_passed" };

/** The state of a server that survives restarts. Plain data. */
export interface OutlierState {
  /** Failures since its last success. */
  readonly failuresInRow: number;
  /** When its ejection ends; null if it is not ejected. */
  readonly ejectedUntilMs: number | null;
  /** The last ejection lasted this many times the base. */
  readonly multiplier: number;
  /** When its last ejection ended. */
  readonly lastUnejectedMs: number;
}

interface Observed extends Omit<OutlierState, "failuresInRow"> {
  readonly row: FailureRow;
  readonly window: OutcomeWindow;
  /** True once it was reported that the server stays because too many are ejected, while it has been bad ever since. */
  readonly overflowReported: boolean;
  /** When the server last failed while it should have been ejected and had to stay; unset once a check passes. */
  readonly keptInMs: number | null;
}

const UNKNOWN: Omit<Observed, "window"> = {
  row: NO_FAILURES,
  ejectedUntilMs: null,
  multiplier: 0,
  lastUnejectedMs: 0,
  overflowReported: false,
  keptInMs: null,
};

/** Judges the servers of one pool by their outcomes. It keeps no reference to servers, only their ids. */
export class OutlierDetector {
  #config: OutlierConfig;
  readonly #servers = new Map<string, Observed>();
  #keptInRevision = 0;

  constructor(config: Partial<OutlierConfig> = {}) {
    this.#config = { ...OUTLIER_DEFAULTS, ...config };
  }

  /** Restores the state that `toJSON` gave. The window, which is only seconds long, begins anew. */
  static restore(states: Record<string, OutlierState>, config: Partial<OutlierConfig> = {}): OutlierDetector {
    const detector = new OutlierDetector(config);
    for (const [id, { failuresInRow, ...state }] of Object.entries(states)) {
      const row = { ...NO_FAILURES, failures: failuresInRow };
      detector.#servers.set(id, { ...UNKNOWN, ...state, row, window: detector.#emptyWindow() });
    }
    return detector;
  }

  /** Other rules from now on, for what was observed before too; a window of another length begins anew. */
  configure(config: Partial<OutlierConfig>): void {
    const { intervalMs } = this.#config;
    this.#config = { ...OUTLIER_DEFAULTS, ...config };
    if (this.#config.intervalMs === intervalMs) return;
    for (const [id, state] of this.#servers) this.#servers.set(id, { ...state, window: this.#emptyWindow() });
  }

  /**
   * Judges outcomes of live traffic. Outcomes of an ejected server are from before its ejection and do not count.
   * @param pool number of servers in the pool, ejected ones included; or a function that says whether this one may be
   *   ejected, given the largest percentage that may be out. It is called only when there is reason to eject
   * @param othersInService number of other servers that take traffic now: the last one is never ejected. Default: all
   *   that are not ejected
   */
  record(
    id: string,
    batch: OutcomeBatch,
    pool: number | ((maxEjectionPercent: number) => boolean),
    nowMs: number,
    othersInService?: number,
  ): OutlierTransition | null {
    const before = this.#servers.get(id) ?? { ...UNKNOWN, window: this.#emptyWindow() };
    if (before.ejectedUntilMs !== null) return null;
    const counted = isStale(batch, before, nowMs, this.#config) ? withoutFailures(batch) : batch;
    before.window.add(counted, nowMs);
    const state = { ...before, row: rowAfter(before.row, counted, nowMs) };
    const reason = reasonToEject(state, this.#config);
    // A success ejects nobody, though the share may still be too large.
    if (reason === null || counted.failures === 0) {
      const isBad = reason !== null;
      const keptInMs = isBad ? state.keptInMs : null;
      this.#observed(id, { ...state, overflowReported: state.overflowReported && isBad, keptInMs }, nowMs);
      return null;
    }
    if (!this.#mayEject(pool, othersInService)) {
      // The failures stay on record: the server's next failure ejects it once there is room.
      this.#observed(id, { ...state, overflowReported: true, keptInMs: nowMs }, nowMs);
      return before.overflowReported ? null : { kind: "not_ejected", id, reason: "limit", trigger: reason };
    }
    const { multiplier, lengthMs } = nextEjection(state, nowMs, this.#config);
    const untilMs = nowMs + lengthMs;
    // Late reports do not count, so the server comes back with a clean slate.
    const clean = { row: NO_FAILURES, window: this.#emptyWindow(), overflowReported: false, keptInMs: null };
    this.#observed(id, { ...state, ...clean, multiplier, ejectedUntilMs: untilMs }, nowMs);
    return { kind: "ejected", id, reason, untilMs };
  }

  /** Brings back the servers whose ejection has ended. */
  sweep(nowMs: number): OutlierTransition[] {
    const due = [...this.#servers].filter(
      ([, { ejectedUntilMs }]) => ejectedUntilMs !== null && ejectedUntilMs <= nowMs,
    );
    return due.flatMap(([id]) => this.#uneject(id, nowMs, "time_is_up") ?? []);
  }

  /** Brings a server back early, because an active check passed. Null if it is not ejected. */
  uneject(id: string, nowMs: number): OutlierTransition | null {
    const state = this.#servers.get(id);
    if (state !== undefined && state.keptInMs !== null)
      this.#observed(id, { ...state, keptInMs: null }, nowMs);
    return this.#uneject(id, nowMs, "check_passed");
  }

  /** True until `sweep` or `uneject` brings it back. */
  isEjected(id: string): boolean {
    return this.ejectedUntilMs(id) !== null;
  }

  /** When the ejection of `id` ends; null if it is not ejected. */
  ejectedUntilMs(id: string): number | null {
    return this.#servers.get(id)?.ejectedUntilMs ?? null;
  }

  /**
   * Until when a server that should be ejected, and had to stay because too few would be left, is judged as if it were
   * ejected: for the length of a first ejection after its last failure. Null if that does not apply to it.
   */
  keptInUntilMs(id: string, nowMs: number): number | null {
    const keptInMs = this.#servers.get(id)?.keptInMs ?? null;
    const { baseEjectionMs, maxEjectionMs } = this.#config;
    const untilMs = keptInMs === null ? null : keptInMs + Math.min(baseEjectionMs, maxEjectionMs);
    return untilMs !== null && nowMs < untilMs ? untilMs : null;
  }

  /** Incremented whenever an outcome or a check begins or ends what `keptInUntilMs` says of a server. */
  get keptInRevision(): number {
    return this.#keptInRevision;
  }

  /** The server has left the pool. */
  forget(id: string): void {
    this.#servers.delete(id);
  }

  /** State by server id. Servers without state to keep are left out. */
  toJSON(): Record<string, OutlierState> {
    const states: Record<string, OutlierState> = {};
    for (const [id, { row, window: _, overflowReported: __, keptInMs: ___, ...state }] of this.#servers) {
      if (row.failures > 0 || state.multiplier > 0) states[id] = { failuresInRow: row.failures, ...state };
    }
    return states;
  }

  #emptyWindow(): OutcomeWindow {
    return new OutcomeWindow(this.#config.intervalMs);
  }

  #observed(id: string, state: Observed, nowMs: number): void {
    const wasKeptIn = this.keptInUntilMs(id, nowMs) !== null;
    this.#servers.set(id, state);
    if (wasKeptIn !== (this.keptInUntilMs(id, nowMs) !== null)) this.#keptInRevision++;
  }

  #uneject(id: string, nowMs: number, reason: "time_is_up" | "check_passed"): OutlierTransition | null {
    const state = this.#servers.get(id);
    if (state === undefined || state.ejectedUntilMs === null) return null;
    this.#servers.set(id, { ...state, ejectedUntilMs: null, lastUnejectedMs: nowMs });
    return { kind: "unejected", id, reason };
  }

  #mayEject(pool: number | ((percent: number) => boolean), othersInService: number | undefined): boolean {
    const { maxEjectionPercent } = this.#config;
    if (typeof pool === "function") return pool(maxEjectionPercent);
    let ejected = 0;
    for (const { ejectedUntilMs } of this.#servers.values()) if (ejectedUntilMs !== null) ejected++;
    if ((othersInService ?? pool - 1 - ejected) < 1) return false;
    return (ejected + 1) * 100 <= maxEjectionPercent * pool;
  }
}

/**
 * True for failures that are too old to count: isolates that report seldom may report failures from before the server
 * came back, or older than the window.
 */
function isStale(
  { failureAgeMs = 0 }: OutcomeBatch,
  { lastUnejectedMs }: Pick<OutlierState, "lastUnejectedMs">,
  nowMs: number,
  { intervalMs }: OutlierConfig,
): boolean {
  return failureAgeMs > 0 && nowMs - failureAgeMs <= Math.max(lastUnejectedMs, nowMs - intervalMs);
}
