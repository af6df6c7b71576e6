/**
 * The servers one pick may choose from. Algorithms see only these, so none of them has a loop for health.
 * @module
 */
import type { PickContext } from "./algorithm.ts";
import { hasLimits, limitIneligibility, standingIneligibility } from "./eligibility.ts";
import { currentStandingRevision, type Server } from "./server.ts";

export interface CandidatesOptions {
  /**
   * Percent. When fewer of the servers in service are healthy, the view of their health is taken to be wrong and
   * all of them are used (Envoy's panic threshold). 0: never.
   */
  panicThreshold?: number;
}

export class Candidates<S extends Server = Server> {
  readonly #servers: readonly S[];
  readonly #panicThreshold: number;
  #revision = -1;
  #length = 0;
  /** How often the lists were made. */
  #lists = 0;
  #primary: readonly S[] = [];
  #backup: readonly S[] = [];
  /** Of both, as they were when the lists were made. */
  #weights: readonly number[] = [];
  #limited = false;
  #panicking = false;

  constructor(servers: readonly S[], options: CandidatesOptions = {}) {
    this.#servers = servers;
    this.#panicThreshold = options.panicThreshold ?? 0;
  }

  /** Says that servers were exchanged for others. That there are more or fewer is seen without. */
  invalidate(): void {
    this.#revision = -1;
  }

  /** Differs from an earlier answer if any server's standing, or who is among them, changed since. */
  get revision(): number {
    this.#refresh();
    return this.#lists;
  }

  /** All servers, eligible or not. */
  get servers(): readonly S[] {
    return this.#servers;
  }

  /**
   * What `eligible`, a list from here, was taken from before limits and attempts: all primary or all backup servers
   * of good standing. Changes rarely, so tables can be made of it.
   */
  standing(eligible: readonly S[]): readonly S[] {
    return eligible[0]?.backup === true ? this.#backup : this.#primary;
  }

  /**
   * The servers of good standing that are no backups, whatever their limits. An algorithm that can do without the
   * whole list while there are limits chooses from these and asks `isBelowLimits` of the chosen one alone.
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

  isBelowLimits(server: S, nowMs: number): boolean {
    return limitIneligibility(server, nowMs) === null;
  }

  /** True while unhealthy servers are used because too few are healthy. */
  get panicking(): boolean {
    this.#refresh();
    return this.#panicking;
  }

  /**
   * The eligible servers in their order: not tried yet if one such is left, backups only if no other is eligible.
   * The same array as before as long as nothing changed, so that what is derived from it can be kept.
   */
  list(context: PickContext<S>, nowMs: number): readonly S[] {
    this.#refresh();
    const primary = this.#underLimits(this.#primary, nowMs);
    const tried = context.tried;
    if (tried === undefined || tried.size === 0) {
      return primary.length > 0 ? primary : this.#underLimits(this.#backup, nowMs);
    }
    return this.#untried(primary, tried, nowMs);
  }

  #untried(primary: readonly S[], tried: ReadonlySet<S>, nowMs: number): readonly S[] {
    const left = primary.filter((server) => !tried.has(server));
    if (left.length > 0) return left;
    const backup = this.#underLimits(this.#backup, nowMs);
    const backupLeft = backup.filter((server) => !tried.has(server));
    if (backupLeft.length > 0) return backupLeft;
    return primary.length > 0 ? primary : backup;
  }

  #underLimits(servers: readonly S[], nowMs: number): readonly S[] {
    if (!this.#limited) return servers;
    // Most picks find nobody at a limit, and need no list of their own.
    if (servers.every((server) => this.isBelowLimits(server, nowMs))) return servers;
    return servers.filter((server) => this.isBelowLimits(server, nowMs));
  }

  #refresh(): void {
    const revision = currentStandingRevision();
    if (revision === this.#revision && this.#servers.length === this.#length) return;
    const isFirst = this.#revision < 0;
    this.#revision = revision;
    this.#length = this.#servers.length;
    const inService = this.#servers.filter(isInService);
    const healthy = inService.filter((server) => standingIneligibility(server) === null);
    this.#panicking = healthy.length * 100 < this.#panicThreshold * inService.length;
    const standing = this.#panicking ? inService : healthy;
    this.#limited = standing.some(hasLimits);
    const primary = standing.filter((server) => !server.backup);
    const backup = standing.filter((server) => server.backup);
    const weights = [...primary, ...backup].map((server) => server.effectiveWeight);
    // The change may have been in another pool: what is made of these lists is not made anew for that.
    const isSame =
      equal(primary, this.#primary) && equal(backup, this.#backup) && equal(weights, this.#weights);
    if (isSame && !isFirst) return;
    this.#lists++;
    this.#primary = primary;
    this.#backup = backup;
    this.#weights = weights;
  }
}

function equal<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** May get traffic as far as the operator is concerned. */
function isInService(server: Server): boolean {
  return server.enabled && !server.draining && !server.drained && server.effectiveWeight > 0;
}
