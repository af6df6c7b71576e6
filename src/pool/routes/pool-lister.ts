/**
 * Finds pools that did not report themselves: it lists KV's keys now and then, and asks the pools that the list misses.
 * @module
 */
import { POOL_KEY_PREFIX, poolIdOfKey } from "../../config/documents.ts";
import { listKeys } from "../../platform/config-source.ts";
import type { Env } from "../../platform/env.ts";
import { logLine } from "../../platform/log.ts";
import { callPool, LONGEST_ANSWER_MS } from "../../platform/object-client.ts";
import type { ConfigPoller } from "../config/config-poller.ts";
import type { RoutesController } from "./routes-controller.ts";

/** Longest that is waited for KV where something is known already. */
export const LONGEST_LOOK_MS = 500;

export class PoolLister {
  readonly #env: Env;
  readonly #routes: RoutesController;
  readonly #poller: ConfigPoller;

  constructor(env: Env, routes: RoutesController, poller: ConfigPoller) {
    this.#env = env;
    this.#routes = routes;
    this.#poller = poller;
  }

  /** Asks KV if that is due. Never rejects. */
  async list(): Promise<void> {
    const { pools } = this.#routes;
    if (!pools.isListDue) return;
    pools.listing();
    try {
      const keys = await listKeys(this.#env, POOL_KEY_PREFIX);
      const ids = keys.map(poolIdOfKey).filter((id) => id !== null);
      // The list is often quicker than the routes, and several pools without routes would be reported as an error.
      await Promise.race([this.#poller.settled, scheduler.wait(LONGEST_LOOK_MS)]);
      let missing: string[] = [];
      this.#routes.poolsChanged((index) => {
        missing = index.listed(ids);
      });
      await Promise.all(missing.map((pool) => this.#forgetIfGone(pool)));
    } catch (error) {
      logLine({ event: "pools_not_listed", error: String(error) });
    }
  }

  async #forgetIfGone(pool: string): Promise<void> {
    const answer = await callPool(this.#env, pool, (stub) => stub.summary(), LONGEST_ANSWER_MS);
    if (!answer.ok || answer.value.configured || answer.value.config_error !== null) return;
    this.#routes.poolsChanged((pools) => pools.remove(pool));
  }
}
