/**
 * Decides whether a server may be ejected. An ejection must leave a share of the pool, and always one server that takes
 * traffic now. The pool's object and each isolate use the same rule.
 * @module
 */
import { type ServerStatus, takesTraffic } from "../server/eligibility.ts";

/** A server by its identity. */
export interface IdentifiedServerStatus extends ServerStatus {
  readonly id: string;
}

/** Counts the pool once for many questions, so that a question costs the same in a large pool. */
export class EjectionLimit {
  readonly #servers = new Map<string, ServerStatus>();
  /** The servers that take traffic while they are well. A server that is switched off is no part of any share. */
  #size = 0;
  #ejected = 0;
  #available = 0;

  constructor(servers: Iterable<IdentifiedServerStatus>) {
    for (const server of servers) {
      this.#servers.set(server.id, server);
      if (!takesTraffic({ ...statusOf(server), healthy: true, ejected: false })) continue;
      this.#size++;
      if (server.ejected) this.#ejected++;
      if (takesTraffic(server)) this.#available++;
    }
  }

  /**
   * True if `id` may be ejected.
   * @param percent of the pool that may be out at once
   */
  allows(id: string, percent: number): boolean {
    const server = this.#servers.get(id);
    const others = this.#available - (server !== undefined && takesTraffic(server) ? 1 : 0);
    return others >= 1 && (this.#ejected + 1) * 100 <= percent * this.#size;
  }

  /** Records that `id` was ejected. */
  ejected(id: string): void {
    const server = this.#servers.get(id);
    if (server === undefined) return;
    this.#ejected++;
    if (takesTraffic(server)) this.#available--;
    this.#servers.set(id, { ...statusOf(server), ejected: true });
  }
}

/** Written out, because a spread does not copy the getters of a class. */
function statusOf({ weight, enabled, healthy, ejected, draining, drained }: ServerStatus): ServerStatus {
  return { weight, enabled, healthy, ejected, draining, drained };
}
