/**
 * An origin's run-time state.
 * @module
 */

/** Says whether one more request may start now, and counts it. `RateLimiter` is one; a lease is another. */
export interface Limiter {
  /** True if a request may start at `nowMs`; takes nothing. */
  allows(nowMs: number): boolean;
  /** Takes one token; false, and nothing taken, if there is none. */
  take(nowMs: number): boolean;
}

export interface ServerOptions {
  /** Stable identity; state, ring positions and sessions hang on it. Default `host:port`. */
  id?: string;
  /** Default true. */
  enabled?: boolean;
  /** Used only when no other server is eligible. Default false. */
  backup?: boolean;
  /** Most requests in flight at once. Default: no limit. */
  maxConnections?: number;
}

// Counts every change, anywhere, of what eligibility or weight stands on, and of which limits there are. A list made at one revision is good
// until the next, so a pick over 3,000 servers need not look at each of them. Changes are rare; picks are not.
let standingRevision = 0;

/** Differs from an earlier answer if any server's standing or weight changed since. */
export function currentStandingRevision(): number {
  return standingRevision;
}

export class Server {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Requests in flight. Not part of the standing: it changes with every request. */
  activeConnections = 0;
  /** Those of them that are over by now, as far as can be told: they count for limits, but not as load. */
  staleConnections = 0;

  #weight: number;
  #weightFactor = 1;
  #healthy = true;
  #ejected = false;
  #enabled: boolean;
  #draining = false;
  #drained = false;
  #backup: boolean;
  #maxConnections: number;
  #limiter: Limiter | null = null;

  /**
   * @param weight share of the traffic relative to the others, at least 0; 0 is never picked by an algorithm
   * @throws RangeError if the weight is negative or not finite
   */
  constructor(host: string, port: number, weight = 1, options: ServerOptions = {}) {
    this.host = host;
    this.port = port;
    this.id = options.id ?? `${host}:${port}`;
    this.#weight = checkedWeight(weight);
    this.#enabled = options.enabled ?? true;
    this.#backup = options.backup ?? false;
    this.#maxConnections = options.maxConnections ?? Number.POSITIVE_INFINITY;
  }

  /** The configured weight. */
  get weight(): number {
    return this.#weight;
  }
  set weight(value: number) {
    this.#weight = changed(this.#weight, checkedWeight(value));
  }

  /** Share of the weight in force, in (0, 1]; below 1 while a returned server starts slowly. */
  get weightFactor(): number {
    return this.#weightFactor;
  }
  set weightFactor(value: number) {
    this.#weightFactor = changed(this.#weightFactor, value);
  }

  /** What algorithms go by: the configured weight times the slow-start factor. */
  get effectiveWeight(): number {
    return this.#weight * this.#weightFactor;
  }

  /** Set by active checks. */
  get healthy(): boolean {
    return this.#healthy;
  }
  set healthy(value: boolean) {
    this.#healthy = changed(this.#healthy, value);
  }

  /** Set by outlier detection. */
  get ejected(): boolean {
    return this.#ejected;
  }
  set ejected(value: boolean) {
    this.#ejected = changed(this.#ejected, value);
  }

  /** Set by the operator. */
  get enabled(): boolean {
    return this.#enabled;
  }
  set enabled(value: boolean) {
    this.#enabled = changed(this.#enabled, value);
  }

  /** No new picks; sessions pinned to it keep reaching it until it is `drained`. */
  get draining(): boolean {
    return this.#draining;
  }
  set draining(value: boolean) {
    this.#draining = changed(this.#draining, value);
  }

  /** The drain's time is up, or nothing was left: not even pinned sessions reach it. */
  get drained(): boolean {
    return this.#drained;
  }
  set drained(value: boolean) {
    this.#drained = changed(this.#drained, value);
  }

  get backup(): boolean {
    return this.#backup;
  }
  set backup(value: boolean) {
    this.#backup = changed(this.#backup, value);
  }

  /** Most requests in flight at once; `Infinity` for no limit. */
  get maxConnections(): number {
    return this.#maxConnections;
  }
  set maxConnections(value: number) {
    this.#maxConnections = changed(this.#maxConnections, value);
  }

  /** Rate limit, if there is one. */
  get limiter(): Limiter | null {
    return this.#limiter;
  }
  set limiter(value: Limiter | null) {
    this.#limiter = changed(this.#limiter, value);
  }
}

function changed<T>(before: T, after: T): T {
  if (before !== after) standingRevision++;
  return after;
}

function checkedWeight(weight: number): number {
  if (!(weight >= 0) || !Number.isFinite(weight)) {
    throw new RangeError(`weight must be a finite number of at least 0, got ${weight}`);
  }
  return weight;
}
