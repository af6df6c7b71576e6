/**
 * An origin's run-time state.
 * @module
 */

/** Says whether one more request may start now, and counts it. `SlidingWindowLimiter` is one; a lease is another. */
export interface Limiter {
  /** True if a request may start at `nowMs`; takes nothing. */
  allows(nowMs: number): boolean;
  /** Takes one token; false, and nothing taken, if there is none. */
  take(nowMs: number): boolean;
  /**
   * How many requests it is sure to let through until `untilMs`. A limiter that has this calls `countStarts` for each
   * request, and `limitsChanged` when it lets through less than before. Absent: the number is not known.
   */
  headroom?(nowMs: number, untilMs: number): number;
}

/** What a server may have beside its address and its weight. */
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

// Incremented whenever a property that affects eligibility or weight, or the presence of a limit, changes on any
// server. A list made at one revision is good until the next, so a pick over 3,000 servers need not look at each of
// them. Changes are rare; picks are not.
let statusRevision = 0;

/** Differs from an earlier answer if any server's status or weight changed since. */
export function currentStatusRevision(): number {
  return statusRevision;
}

// Counts every event that brings any server nearer to a limit. After one check of how far the limits are away, this
// number alone shows whether any server can have reached its limit.
let starts = 0;

/** Adds `count` starts at any server: takes of a limiter, or connections opened. */
export function countStarts(count: number): void {
  starts += count;
}

/** Grows by at least one with each request that begins anywhere. */
export function startsCounted(): number {
  return starts;
}

/** To be called by a limiter that lets through less than it said, although nothing was taken. */
export function limitsChanged(): void {
  statusRevision++;
}

/** One server of a pool: its address, its weight, and the state that decides whether it is eligible. */
export class Server {
  /** Stable identity, `host:port` unless another was given. */
  readonly id: string;
  /** As given; the core never connects to it. */
  readonly host: string;
  /** As given. */
  readonly port: number;
  /** Those of them that are over by now by estimate: they count for limits, but not as load. */
  staleConnections = 0;

  #activeConnections = 0;
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

  /** Requests in flight. Not part of the status: it changes with every request. */
  get activeConnections(): number {
    return this.#activeConnections;
  }
  set activeConnections(value: number) {
    if (value > this.#activeConnections) countStarts(value - this.#activeConnections);
    this.#activeConnections = value;
  }

  /** How many more requests may certainly start there until `untilMs`. */
  headroom(nowMs: number, untilMs: number): number {
    const connections = this.#maxConnections - this.#activeConnections;
    if (this.#limiter === null) return connections;
    return Math.min(connections, this.#limiter.headroom?.(nowMs, untilMs) ?? 0);
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

  /** The drain's time is up, or no session and request was left: not even pinned sessions reach it. */
  get drained(): boolean {
    return this.#drained;
  }
  set drained(value: boolean) {
    this.#drained = changed(this.#drained, value);
  }

  /** Used only when no other server is eligible. */
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
  if (before !== after) statusRevision++;
  return after;
}

function checkedWeight(weight: number): number {
  if (!(weight >= 0) || !Number.isFinite(weight)) {
    throw new RangeError(`weight must be a finite number of at least 0, got ${weight}`);
  }
  return weight;
}
