/**
 * The Worker: wiring only.
 * @module
 */

import { createAdmin } from "./admin/app.ts";
import { POOL_KEY_PREFIX, poolIdOfKey } from "./config/documents.ts";
import { proxy } from "./edge/proxy.ts";
import { listKeys } from "./platform/config-source.ts";
import type { Env } from "./platform/env.ts";
import { callPool, callRoutes } from "./platform/object-client.ts";

export { RouteBook } from "./pool/route-book.ts";
export { UpstreamPool } from "./pool/upstream-pool.ts";

const admin = createAdmin();

/** The path is `/_lb` or below it. */
const ADMIN_URL = /^[^:]+:\/\/[^/]+\/_lb(?:[/?#]|$)/;

export default {
  fetch(request, env, ctx) {
    return ADMIN_URL.test(request.url) ? admin.fetch(request, env, ctx) : proxy(request, env, ctx);
  },

  /** The watchdog: every configured pool exists, and each has the current config. */
  async scheduled(_controller, env) {
    const keys = await listKeys(env, POOL_KEY_PREFIX);
    const pools = keys.map(poolIdOfKey).filter((id) => id !== null);
    const woken = pools.map((pool) => callPool(env, pool, (stub) => stub.wake()));
    await Promise.all([callRoutes(env, (stub) => stub.wake()), ...woken]);
  },
} satisfies ExportedHandler<Env>;
