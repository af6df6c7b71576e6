/**
 * The built balancer with counters around its bindings. Its CPU is never measured. Edge and objects share an isolate on
 * workerd, so one table counts for both.
 */
import worker, { UpstreamPool as RealPool } from "balancer";

export { RouteTable } from "balancer";

const counts = new Map();

function count(key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function wrap(env, who) {
  const { POOLS: kv, UPSTREAM_POOL: objects } = env;
  const read =
    (method) =>
    (key, ...rest) => {
      count(`${who} read ${key}`);
      return kv[method](key, ...rest);
    };
  return {
    ...env,
    POOLS: {
      get: read("get"),
      getWithMetadata: read("getWithMetadata"),
      list: (options) => {
        count(`${who} list`);
        return kv.list(options);
      },
      put: (...given) => kv.put(...given),
      delete: (key) => kv.delete(key),
    },
    UPSTREAM_POOL: {
      // The balancer makes its name from this id, which calls no object.
      idFromName: (name) => objects.idFromName(name),
      // The balancer makes one stub for each call.
      getByName: (name, options) => {
        count(`${who} call ${name}`);
        return objects.getByName(name, options);
      },
    },
  };
}

let wrapped = null;

export class UpstreamPool extends RealPool {
  #name;

  constructor(ctx, env) {
    super(ctx, wrap(env, "object"));
    this.#name = ctx.id.name;
  }

  alarm(info) {
    count(`alarm ${this.#name}`);
    return super.alarm?.(info);
  }
}

export default {
  ...worker,
  fetch(request, env, ctx) {
    if (request.url.endsWith("/counts")) return Response.json(Object.fromEntries(counts));
    wrapped ??= wrap(env, "edge");
    return worker.fetch(request, wrapped, ctx);
  },
};
