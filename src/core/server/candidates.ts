/**
 * The servers that one pick may choose from. Algorithms see only these, so no algorithm deals with health or
 * priorities. There are two priorities: primary servers, and backups, which serve only if no primary server can.
 * @module
 */
import {
  hasLimits,
  type Ineligibility,
  ineligibility,
  isInService,
  limitIneligibility,
  sessionIneligibility,
  statusIneligibility,
} from "./eligibility.ts";
import { NO_PANICS, type Panics, panicsOf } from "./panic.ts";
import { currentStatusRevision, type Server, startsCounted } from "./server.ts";

/** When unhealthy servers are used. */
export interface CandidatesOptions {
  /**
   * Percent. When fewer of the servers of a priority are healthy, and no other priority has healthy ones, the view of
   * their health is taken to be wrong and all of them are used (Envoy's panic threshold). 0: never.
   */
  panicThreshold?: number;
}

/** Servers that a pick passes over while it can. */
export interface PassedOver<S extends Server = Server> {
  /** Servers already tried for this request. They are passed over while another is left. */
  tried?: ReadonlySet<S> | undefined;
  /**
   * Servers that could not be reached a moment ago. They are passed over while another server of the same priority is
   * left. A pick by key ignores this, and avoiding a server never brings in backups.
   */
  avoid?: ReadonlySet<S> | undefined;
}

/** How long the result of one check of all limits may be used, in ms: leases of limits end. */
const CLEAR_MS = 250;

/** The result of a check: no server is at a limit until this time, and until this number of starts is counted. */
interface Clear {
  /** When it was last used: a clock that is set back may end leases. */
  seenMs: number;
  readonly untilMs: number;
  readonly starts: number;
}

/** A list of servers and what of it may be picked. Made once and shared by all who pick from the list. */
export class Candidates<S extends Server = Server> {
  readonly #servers: readonly S[];
  readonly #panicThreshold: number;
  #revision = -1;
  #length = 0;
  /** How often the lists were made. */
  #lists = 0;
  #primary: readonly S[] = [];
  #backup: readonly S[] = [];
  /** All servers, and the properties that shares and rings depend on, as they were when the lists were made. */
  #all: readonly S[] = [];
  #weights: readonly (number | boolean)[] = [];
  #limited = false;
  /** For each list in which no server was at a limit, the result of that check. */
  readonly #clear = new Map<readonly S[], Clear>();
  #panics: Panics = NO_PANICS;

  constructor(servers: readonly S[], options: CandidatesOptions = {}) {
    this.#servers = servers;
    this.#panicThreshold = options.panicThreshold ?? 0;
  }

  /** To be called after servers were exchanged for others. A change of their number is noticed without it. */
  invalidate(): void {
    this.#revision = -1;
  }

  /** Differs from an earlier answer if any server's status, or the set of servers, changed since. */
  get revision(): number {
    this.#refresh();
    return this.#lists;
  }

  /** All servers, eligible or not. */
  get servers(): readonly S[] {
    return this.#servers;
  }

  /**
   * The list that `eligible`, a result of `list`, was filtered from by limits and attempts: all available primary or
   * all available backup servers. It changes rarely, so algorithms may build tables of it.
   */
  available(eligible: readonly S[]): readonly S[] {
    return eligible[0]?.backup === true ? this.#backup : this.#primary;
  }

  /**
   * The available servers that are no backups, whatever their limits. An algorithm that can do without the limits of
   * the whole list chooses from these and asks `isBelowLimits` of the chosen one alone.
   */
  get primary(): readonly S[] {
    this.#refresh();
    return this.#primary;
  }

  /** True if a server has a limit: then `list` looks at each of them at each pick. */
  get limited(): boolean {
    this.#refresh();
    return this.#limited;
  }

  /** False if `server` is at its connection limit or its rate limit. */
  isBelowLimits(server: S, nowMs: number): boolean {
    return limitIneligibility(server, nowMs) === null;
  }

  /** True if the rate limit alone keeps `server` from a request. */
  isRateLimited(server: S, nowMs: number): boolean {
    return limitIneligibility(server, nowMs) === "rate_limited";
  }

  /** True while unhealthy servers of any priority are used because too few are healthy. */
  get panicking(): boolean {
    this.#refresh();
    return this.#panics.primary || this.#panics.backup;
  }

  /**
   * True while `server`'s priority panics: then neither health nor ejections matter. Picks, sessions, limits and
   * explanations all use this.
   */
  ignoresHealthOf(server: S): boolean {
    this.#refresh();
    return server.backup ? this.#panics.backup : this.#panics.primary;
  }

  /** Why `server` may not take a new request, limits aside, or null if it may. */
  statusIneligibility(server: S): Ineligibility | null {
    return statusIneligibility(server, this.ignoresHealthOf(server));
  }

  /** Why `server` may not take a new request, or null if it may. */
  ineligibility(server: S, nowMs: number): Ineligibility | null {
    return ineligibility(server, nowMs, this.ignoresHealthOf(server));
  }

  /** The same for a request of a session pinned to `server`. */
  sessionIneligibility(server: S, nowMs: number): Ineligibility | null {
    return sessionIneligibility(server, nowMs, this.ignoresHealthOf(server));
  }

  /**
   * The eligible servers in their order. Servers already tried are left out if another is left, backups come only if no
   * other server is eligible, and servers to avoid are left out unless that would leave none. The array stays the same
   * as long as nothing changed, so that callers can keep data derived from it.
   */
  list(context: PassedOver<S>, nowMs: number): readonly S[] {
    this.#refresh();
    const primary = this.#underLimits(this.#primary, nowMs);
    const { tried, avoid } = context;
    if (tried === undefined || tried.size === 0) {
      return without(primary.length > 0 ? primary : this.#underLimits(this.#backup, nowMs), avoid);
    }
    return this.#untried(primary, tried, avoid, nowMs);
  }

  /** The priorities that a pick from `eligible`, a result of `list`, considers; none of them is empty. */
  consideredPriorities(eligible: readonly S[]): (readonly S[])[] {
    this.#refresh();
    const isPrimary = eligible[0]?.backup === false;
    return (isPrimary ? [this.#primary] : [this.#primary, this.#backup]).filter(({ length }) => length > 0);
  }

  #untried(
    primary: readonly S[],
    tried: ReadonlySet<S>,
    avoid: ReadonlySet<S> | undefined,
    nowMs: number,
  ): readonly S[] {
    const left = primary.filter((server) => !tried.has(server));
    if (left.length > 0) return without(left, avoid);
    const backup = this.#underLimits(this.#backup, nowMs);
    const backupLeft = backup.filter((server) => !tried.has(server));
    if (backupLeft.length > 0) return without(backupLeft, avoid);
    return primary.length > 0 ? primary : backup;
  }

  #underLimits(servers: readonly S[], nowMs: number): readonly S[] {
    if (!this.#limited || this.#isClear(servers, nowMs)) return servers;
    // Most checks find no server at a limit, and then say for how long no other check is needed.
    const untilMs = nowMs + CLEAR_MS;
    let headroom = Number.POSITIVE_INFINITY;
    for (const server of servers) {
      if (!this.isBelowLimits(server, nowMs)) {
        return servers.filter((each) => this.isBelowLimits(each, nowMs));
      }
      headroom = Math.min(headroom, server.headroom(nowMs, untilMs));
    }
    this.#clear.set(servers, { seenMs: nowMs, untilMs, starts: startsCounted() + headroom });
    return servers;
  }

  /** True if no server can have reached its limit since all of them were last checked. */
  #isClear(servers: readonly S[], nowMs: number): boolean {
    const clear = this.#clear.get(servers);
    if (clear === undefined || nowMs < clear.seenMs) return false;
    clear.seenMs = nowMs;
    return nowMs < clear.untilMs && startsCounted() < clear.starts;
  }

  #refresh(): void {
    const revision = currentStatusRevision();
    if (revision === this.#revision && this.#servers.length === this.#length) return;
    const isFirst = this.#revision < 0;
    this.#revision = revision;
    this.#length = this.#servers.length;
    this.#clear.clear();
    const inService = this.#servers.filter(isInService);
    this.#panics = panicsOf(inService, this.#panicThreshold);
    const available = inService.filter((server) => this.statusIneligibility(server) === null);
    this.#limited = available.some(hasLimits);
    const primary = available.filter((server) => !server.backup);
    const backup = available.filter((server) => server.backup);
    const all = [...this.#servers];
    const weights = all.flatMap((server) => [server.weight, server.weightFactor, server.backup]);
    // The change may have been in another pool. Then the lists stay, and with them all data derived from them.
    const isSame =
      equal(all, this.#all) &&
      equal(weights, this.#weights) &&
      equal(primary, this.#primary) &&
      equal(backup, this.#backup);
    if (isSame && !isFirst) return;
    this.#lists++;
    this.#all = all;
    this.#primary = primary;
    this.#backup = backup;
    this.#weights = weights;
  }
}

/** All servers except those to avoid, or all if no others are left. */
function without<S>(servers: readonly S[], avoid: ReadonlySet<S> | undefined): readonly S[] {
  if (avoid === undefined || avoid.size === 0) return servers;
  const others = servers.filter((server) => !avoid.has(server));
  return others.length === 0 || others.length === servers.length ? servers : others;
}

function equal<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
