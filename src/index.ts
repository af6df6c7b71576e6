/**
 * The Worker: wiring only.
 * @module
 */

import { resolveUrl } from "./config/request-path.ts";
import { proxy } from "./edge/proxy.ts";
import type { Env } from "./platform/env.ts";
import { makeErrorsWithoutStacks } from "./platform/error-stacks.ts";
import { callPool, callRoutes, knownPools, LONGEST_ANSWER_MS } from "./platform/object-client.ts";

export { RouteTable } from "./pool/routes/routes-object.ts";
export { UpstreamPool } from "./pool/upstream-pool.ts";

makeErrorsWithoutStacks();

/** The path is `/_lb` or below it. */
const ADMIN_URL = /^[^:]+:\/\/[^/]+\/_lb(?:[/?#]|$)/;

export default {
  fetch(request, env, ctx) {
    const url = resolveUrl(request.url);
    if (!ADMIN_URL.test(url)) return proxy(request, env, ctx, url);
    return administer(url === request.url ? request : new Request(url, request), env, ctx);
  },

  /** The watchdog: every configured pool exists, and each has the current config. */
  async scheduled(_controller, env) {
    await callRoutes(env, (stub) => stub.wake(), LONGEST_ANSWER_MS);
    const pools = await knownPools(env);
    await Promise.all(pools.map((pool) => callPool(env, pool, (stub) => stub.wake())));
  },
} satisfies ExportedHandler<Env>;

/** Null until somebody asks for it. */
let admin: typeof import("./admin/admin.ts").admin | null = null;

/**
 * Loaded when somebody asks for it: what only operators need, the dashboard's code too, is half of what there is, and no
 * cold start of the data path is to pay for it.
 */
async function administer(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  admin ??= (await import("./admin/admin.ts")).admin;
  return admin.fetch(request, env, ctx);
}
