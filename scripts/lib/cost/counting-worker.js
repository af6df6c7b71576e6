/**
 * The built balancer with counters for everything that the platform charges for: bindings, storage, log. Edge and
 * objects share an isolate on workerd, so one table counts for both. A counter's key is `WHO METER NAME`.
 */
import worker, { UpstreamPool as RealPool, RouteTable as RealRouteTable } from "balancer";

const counts = new Map();

function count(key, by = 1) {
  if (by > 0) counts.set(key, (counts.get(key) ?? 0) + by);
}

const log = console.log.bind(console);
console.log = (line) => {
  const { pool = "-" } = JSON.parse(line);
  count(`log lines ${pool}`);
  count(`log bytes ${pool}`, new TextEncoder().encode(line).length);
  log(line);
};

function countedNamespace(objects, who, kind) {
  const stub = (name, options) => {
    const real = objects.getByName(name, options);
    return new Proxy(
      {},
      {
        get: (_, method) => {
          return (...given) => {
            count(`${who} ${kind} ${name}`);
            count(`${who} ${kind}.${String(method)} ${name}`);
            return real[method](...given);
          };
        },
      },
    );
  };
  return replaced(objects, { getByName: stub });
}

/** The same object with some methods replaced. */
function replaced(real, methods) {
  const has = (name) => Object.hasOwn(methods, name);
  return new Proxy(real, {
    get: (_, name) =>
      has(name) ? methods[name] : typeof real[name] === "function" ? real[name].bind(real) : real[name],
  });
}

function countedKv(kv, who) {
  const counted =
    (method, meter) =>
    (...given) => {
      count(`${who} kv-${meter} ${typeof given[0] === "string" ? given[0] : "-"}`);
      return kv[method](...given);
    };
  return replaced(kv, {
    get: counted("get", "read"),
    getWithMetadata: counted("getWithMetadata", "read"),
    put: counted("put", "write"),
    delete: counted("delete", "write"),
    list: counted("list", "list"),
  });
}

function counted(env, who) {
  return {
    ...env,
    POOLS: countedKv(env.POOLS, who),
    UPSTREAM_POOL: countedNamespace(env.UPSTREAM_POOL, who, "pool-call"),
    ROUTE_TABLE: countedNamespace(env.ROUTE_TABLE, who, "routes-call"),
  };
}

/** Counts rows and alarms from now on. @returns the same context */
function watched(ctx) {
  const name = ctx.id.name;
  const { storage } = ctx;
  const { sql } = storage;
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...given) => {
    count(`object alarms-set ${name}`);
    return setAlarm(...given);
  };
  const exec = sql.exec.bind(sql);
  sql.exec = (...given) => {
    const cursor = exec(...given);
    let read = 0;
    const seen = () => {
      count(`object rows-read ${name}`, cursor.rowsRead - read);
      read = cursor.rowsRead;
    };
    count(`object rows-written ${name}`, cursor.rowsWritten);
    seen();
    const toArray = cursor.toArray.bind(cursor);
    cursor.toArray = () => {
      const rows = toArray();
      seen();
      return rows;
    };
    return cursor;
  };
  return ctx;
}

export class UpstreamPool extends RealPool {
  #name;

  constructor(ctx, env) {
    super(watched(ctx), counted(env, "object"));
    this.#name = ctx.id.name;
  }

  alarm(info) {
    count(`object alarms ${this.#name}`);
    return super.alarm(info);
  }
}

export class RouteTable extends RealRouteTable {
  constructor(ctx, env) {
    super(watched(ctx), counted(env, "object"));
  }

  alarm(info) {
    count("object alarms routes");
    return super.alarm(info);
  }
}

let edge = null;
let cron = null;

export default {
  fetch(request, env, ctx) {
    if (request.url.endsWith("/counts")) return Response.json(Object.fromEntries(counts));
    edge ??= counted(env, "edge");
    // The path selects the reference pool by its name.
    count(`edge requests ${new URL(request.url).pathname.split("/")[1]}`);
    return worker.fetch(request, edge, ctx);
  },
  scheduled(controller, env, ctx) {
    cron ??= counted(env, "cron");
    return worker.scheduled(controller, cron, ctx);
  },
};
