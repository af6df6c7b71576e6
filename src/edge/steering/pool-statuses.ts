/**
 * The statuses of pools that an isolate has, also of pools that it does not work for. They come with the syncs of pools
 * that share a route with them.
 * @module
 */
import { type PoolStatus, type PoolStatuses, UNKNOWN_POOL_STATUS } from "../../contract/pool-status.ts";

export class KnownPoolStatuses {
  readonly #statuses = new Map<string, PoolStatus>();
  #revision = 0;

  /** Changes whenever a status does: data derived from statuses is valid as long as this stays. */
  get revision(): number {
    return this.#revision;
  }

  /** Without news of a pool it is taken to be available and to take all: it is tried. */
  statusOf(pool: string): Readonly<PoolStatus> {
    return this.#statuses.get(pool) ?? UNKNOWN_POOL_STATUS;
  }

  /** A status may come by several ways, some of them longer: the newest of each pool is kept. */
  apply(statuses: Readonly<PoolStatuses>): void {
    for (const [pool, status] of Object.entries(statuses)) {
      if (status.mark <= this.statusOf(pool).mark) continue;
      this.#statuses.set(pool, status);
      this.#revision++;
    }
  }
}
