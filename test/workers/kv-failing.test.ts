/**
 * KV that is empty, behind, failing, over quota or silent, to isolates and objects alike; objects that fail; and both.
 * The rest is real. KV is played at its binding, for on one machine it shows every write at once and cannot fail.
 */
import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { serve } from "../../src/edge/proxy.ts";
import { IsolateState } from "../../src/edge/sync/isolate.ts";
import { RouteCache, RoutesUnavailable } from "../../src/edge/sync/route-cache.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { RouteTable, UpstreamPool } from "../../src/index.ts";
import type { Env } from "../../src/platform/env.ts";
import { askedNothing } from "../support/where-request.ts";
import { clock } from "./test-clock.ts";

const [url = ""] = inject("origins");
const POOL = "kv-failing";
const WHO = { who: "test", what: "put" };
const PAST_MS = 600_000;
const DOCUMENT = { origins: [{ id: "a", url }], log: { sample: 0 } };
const ROUTES = [{ host: "kv.example", pool: POOL }];

type Kv = Pick<KVNamespace, "getWithMetadata" | "put" | "delete" | "list">;

const refuse = (message: string) => async () => {
  throw new Error(message);
};
const never = () => new Promise<never>(() => {});
const shows = (value: string | null, updatedAt: number) => async () => ({
  value,
  metadata: value === null ? null : { updated_at: updatedAt },
  cacheStatus: null,
});
const all = (act: () => Promise<never>) => ({ getWithMetadata: act, put: act, delete: act, list: act }) as Kv;
const noKeys = async () => ({ keys: [], list_complete: true, cacheStatus: null });
const reading = (read: () => Promise<unknown>) =>
  ({ getWithMetadata: read, put: async () => {}, delete: async () => {}, list: noKeys }) as unknown as Kv;

/** Of ten minutes ago: a pool that is gone, and routes to it. */
const old = async (key: string) =>
  await shows(
    key === "routes" ? '[{"pool":"gone"}]' : '{"origins":[{"id":"a","url":"https://gone.example"}]}',
    Date.now() - PAST_MS,
  )();

const KVS: [name: string, kv: Kv][] = [
  ["empty", reading(shows(null, 0))],
  ["failing", all(refuse("KV GET failed: 500 Internal Server Error"))],
  ["over quota", all(refuse("KV GET failed: 429 Too Many Requests"))],
  ["silent", all(never)],
];

let calls: string[] = [];

function counted(kv: Kv): KVNamespace {
  const count =
    (name: keyof Kv) =>
    (key: never, ...rest: never[]) => {
      calls.push(name);
      return (kv[name] as (...args: never[]) => Promise<unknown>).call(kv, key, ...rest);
    };
  const methods = ["getWithMetadata", "put", "delete", "list"] as const;
  return Object.fromEntries(methods.map((name) => [name, count(name)])) as unknown as KVNamespace;
}

const table = () => env.ROUTE_TABLE.getByName("routes");
const stub = () => env.UPSTREAM_POOL.getByName(POOL);

/** What the objects see of KV. */
async function giveObjects(kv: Kv): Promise<void> {
  const give = (instance: UpstreamPool | RouteTable): void => {
    // biome-ignore lint/complexity/useLiteralKeys: it is protected, and this is the only way in
    const { POOLS } = instance["env"];
    vi.spyOn(POOLS, "getWithMetadata").mockImplementation(kv.getWithMetadata as never);
    vi.spyOn(POOLS, "put").mockImplementation(kv.put as never);
    vi.spyOn(POOLS, "delete").mockImplementation(kv.delete as never);
    vi.spyOn(POOLS, "list").mockImplementation(kv.list as never);
  };
  await runInDurableObject(stub(), (instance: UpstreamPool) => give(instance));
  await runInDurableObject(table(), (instance: RouteTable) => give(instance));
}

const lost = new Proxy({}, { get: () => refuse("Network connection lost.") });
const NO_OBJECT = { getByName: () => lost, idFromName: (name: string) => env.UPSTREAM_POOL.idFromName(name) };

type Bindings = Partial<Env>;

const cold = () => new IsolateState(new WorkerSurroundings({ ...env } as unknown as Env));

/** What an isolate is bound to from now on: as if KV, or an object, began to fail or came back. */
function bind({ surroundings }: IsolateState, bindings: Bindings): void {
  Object.assign(surroundings.settings, env, { ALLOW_IP_ORIGINS: "1" }, bindings);
}

/** What a request finds: the pool's first origin, or that nothing is known. */
async function found(isolate: IsolateState, bindings: Bindings): Promise<string> {
  bind(isolate, bindings);
  const ctx = createExecutionContext();
  try {
    const table = isolate.routes.peek(ctx) ?? (await isolate.routes.load(ctx));
    const pool = table.match("kv.example", "/", askedNothing)?.pool ?? "no route";
    const { sync, pool: edge } = isolate.pool(pool);
    if (edge.activePool === null) await sync.refresh(ctx);
    const host = edge.activePool?.config.origins[0]?.url;
    return host ?? (sync.isUnavailable ? "out of reach" : "nothing");
  } catch (error) {
    return error instanceof RoutesUnavailable ? "out of reach" : String(error);
  } finally {
    void waitOnExecutionContext(ctx);
  }
}

/** A request through the data path of an isolate. */
async function asked(isolate: IsolateState, bindings: Bindings): Promise<string> {
  const ctx = createExecutionContext();
  bind(isolate, bindings);
  const response = await serve(new Request("http://kv.example/"), isolate, ctx);
  const body = await response.json<{ type?: string; name?: string }>();
  void waitOnExecutionContext(ctx);
  return `${response.status} ${body.type ?? body.name}`;
}

const withKv = (kv: Kv): Partial<Env> => ({ POOLS: counted(kv) });
const withoutObjects = { UPSTREAM_POOL: NO_OBJECT, ROUTE_TABLE: NO_OBJECT } as unknown as Partial<Env>;

beforeAll(async () => {
  await stub().putConfig(JSON.stringify(DOCUMENT), WHO);
  await table().putConfig(JSON.stringify(ROUTES), WHO);
});

afterEach(() => {
  vi.restoreAllMocks();
  calls = [];
});

it("if neither KV nor an object answers, a cold isolate answers 503 with the reason, until one of them is back", async () => {
  const [, [, failing] = []] = KVS;
  const isolate = cold();
  const nothing = { ...withKv(failing ?? reading(never)), ...withoutObjects };
  expect([await asked(isolate, nothing), await asked(isolate, nothing)]).toEqual([
    "503 config_unavailable",
    "503 config_unavailable",
  ]);
  clock.skip(1_100);
  expect(await asked(isolate, {})).toBe("200 o0");
  expect(await asked(isolate, nothing), "and then goes on").toBe("200 o0");
});

/** Writes through the pool's object, which may take as long as it waits for KV. */
async function write(document: object) {
  const written = stub().putConfig(JSON.stringify(document), WHO);
  await clock.pass(written);
  return await written;
}

describe.each(KVS)("while KV is %s", (_name, kv) => {
  it("a cold isolate serves from the objects, and lists nothing", async () => {
    await giveObjects(kv);
    expect(await found(cold(), withKv(kv))).toBe(url);
    expect(calls).not.toContain("list");
  });

  it("a warm isolate goes on, with the objects and without", async () => {
    const isolate = cold();
    expect(await found(isolate, {})).toBe(url);
    await giveObjects(kv);
    expect(await found(isolate, withKv(kv))).toBe(url);
    expect(await found(isolate, { ...withKv(kv), ...withoutObjects })).toBe(url);
  });

  it("what is written through the objects is in force at once, and is not undone", async () => {
    await giveObjects(kv);
    expect(await write({ ...DOCUMENT, drain_timeout: 7 })).toMatchObject({ status: "applied" });
    await clock.pass(stub().wake());
    expect((await stub().describe()).config?.drain_timeout).toBe(7);
    await write(DOCUMENT);
  });
});

describe("while KV shows what was there ten minutes ago", () => {
  it("the objects keep their newer documents, and isolates follow with their next sync", async () => {
    const kv = reading(old as never);
    await giveObjects(kv);
    await stub().wake();
    await table().wake();
    expect(JSON.parse((await table().current()).text ?? "")).toEqual(ROUTES);
    expect((await stub().describe()).config?.origins[0]?.url).toBe(url);
    const isolate = cold();
    isolate.routes.recordRevision((await table().current()).revision);
    expect(await found(isolate, withKv(kv))).toBe(url);
  });
});

describe("while the objects fail", () => {
  it("a cold isolate serves from KV", async () => {
    await env.POOLS.put("routes", JSON.stringify(ROUTES), { metadata: { updated_at: Date.now() } });
    await env.POOLS.put(`pool:${POOL}`, JSON.stringify(DOCUMENT), { metadata: { updated_at: Date.now() } });
    expect(await found(cold(), withoutObjects)).toBe(url);
  });

  it.each(KVS.filter(([name]) => name !== "empty"))(
    "and KV is %s, a cold isolate knows that it knows nothing, and serves once one of them is back",
    async (_name, kv) => {
      const isolate = cold();
      expect(await found(isolate, { ...withKv(kv), ...withoutObjects })).toBe("out of reach");
      clock.skip(600);
      expect(await found(isolate, {})).toBe(url);
    },
  );
});

describe("the reads from KV", () => {
  it("of a busy isolate are twelve a minute for its routes, and never a list", async () => {
    const kv = reading(shows(JSON.stringify(ROUTES), Date.now()));
    const cache = new RouteCache(new WorkerSurroundings({ ...env, ...withKv(kv) } as unknown as Env));
    await clock.still(async () => {
      await cache.load(createExecutionContext());
      for (let second = 1; second <= 60; second++) {
        clock.skip(1_000);
        const ctx = createExecutionContext();
        for (let i = 0; i < 20; i++) cache.peek(ctx);
        await waitOnExecutionContext(ctx);
      }
    });
    expect(new Set(calls)).toEqual(new Set(["getWithMetadata"]));
    expect(calls.length).toBeLessThanOrEqual(13);
  });

  it("of the watchdog and the dashboard include one list in five minutes", async () => {
    const lists = await runInDurableObject(table(), (instance: RouteTable) =>
      // biome-ignore lint/complexity/useLiteralKeys: it is protected, and this is the only way in
      vi.spyOn(instance["env"].POOLS, "list").mockImplementation(noKeys as never),
    );
    clock.skip(400_000);
    await clock.still(async () => {
      for (let minute = 0; minute < 30; minute++) {
        clock.skip(60_000);
        await table().wake();
        for (let i = 0; i < 5; i++) expect(await table().pools()).toContain(POOL);
      }
    });
    expect(lists.mock.calls.length).toBeGreaterThanOrEqual(5);
    expect(lists.mock.calls.length).toBeLessThanOrEqual(6);
  });
});
