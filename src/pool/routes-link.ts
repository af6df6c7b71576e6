/**
 * Reports a pool to the object of the routes: its existence and its status.
 * @module
 */
import type { PoolStatus, PoolStatusReply } from "../contract/pool-status.ts";
import type { RoutesRpc } from "../contract/routes.ts";
import type { Env } from "../platform/env.ts";
import type { ObjectAnswer } from "../platform/object-answer.ts";
import { callRoutes, LONGEST_ANSWER_MS } from "../platform/object-client.ts";

export class RoutesLink {
  readonly #env: Env;
  readonly #pool: string;
  /** The last value that was reported; null: none, or the call failed. */
  #isRegistered: boolean | null = null;

  constructor(env: Env, pool: string) {
    this.#env = env;
    this.#pool = pool;
  }

  /**
   * The routes' object knows all pools, so that KV need not be asked for a list. Reports a change; a failed report is
   * repeated with the next call. Never rejects.
   */
  async register(isThere: boolean): Promise<void> {
    if (isThere === this.#isRegistered) return;
    this.#isRegistered = isThere;
    const { ok } = await this.#call((routes) =>
      isThere ? routes.registerPool(this.#pool) : routes.unregisterPool(this.#pool),
    );
    if (!ok) this.#isRegistered = null;
  }

  /** Null: it did not hear. */
  async tell(status: PoolStatus): Promise<PoolStatusReply | null> {
    const answer = await this.#call((routes) => routes.notePoolStatus(this.#pool, status));
    return answer.ok ? answer.value : null;
  }

  #call<T>(call: (routes: RoutesRpc) => Promise<T>): Promise<ObjectAnswer<T>> {
    return callRoutes(this.#env, call, LONGEST_ANSWER_MS);
  }
}
