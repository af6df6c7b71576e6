/**
 * The state that `--state` keeps: changes made at run time survive a restart, and the file wins only where it has
 * changed.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ensureBundle } from "../../scripts/lib/bundle.ts";
import { type Kv, startRuntime } from "../../scripts/lib/runtime.ts";
import { type Balancer, runStart, startBalancer } from "../system/support/balancer.ts";
import { fetchRaw } from "../system/support/client.ts";
import { eventually } from "../system/support/eventually.ts";
import { type Origin, startOrigins } from "../system/support/origins.ts";
import { temporaryDirectory } from "../system/support/processes.ts";

let origins: Origin[];
let balancer: Balancer | undefined;

beforeAll(async () => {
  origins = await startOrigins("a", "b", "c");
});

afterEach(async () => {
  await balancer?.kill();
  balancer = undefined;
});

afterAll(() => Promise.all((origins ?? []).map((origin) => origin.kill())));

const pool = (name: string) => ({
  origins: origins.filter((origin) => origin.name === name).map((origin) => origin.config()),
});

/** Runs the balancer on `config` until `check` is done. */
async function during(state: string, config: unknown, check: (url: string) => Promise<void>): Promise<void> {
  balancer = await startBalancer({ config, state });
  await check(balancer.url);
  expect(await balancer.stop()).toEqual({ code: 0, signal: null });
  balancer = undefined;
}

/** Works on the KV of a balancer that is stopped. */
async function withKv(state: string, work: (kv: Kv) => Promise<void>): Promise<void> {
  const bundle = await ensureBundle();
  const runtime = await startRuntime({
    bundle,
    port: 0,
    state,
    vars: { ALLOW_IP_ORIGINS: "1" },
    log: () => {},
  });
  await work(runtime.kv);
  await runtime.stop();
}

const becomes = (name: string) => (url: string) =>
  eventually(`${name} to answer`, async () => (await fetchRaw(url, "/")).headers["x-origin"] === name).then(
    () => {},
  );

test("a change at run time survives a restart, until the file itself changes", async () => {
  const state = temporaryDirectory();
  await during(state, { pools: { web: pool("a") } }, becomes("a"));
  await withKv(state, (kv) =>
    kv.put("pool:web", JSON.stringify(pool("b")), { metadata: { updated_at: Date.now() } }),
  );
  await during(state, { pools: { web: pool("a") } }, becomes("b"));
  await during(state, { pools: { web: pool("c") } }, becomes("c"));
});

test("documents that are removed from the file are removed from KV; others stay", async () => {
  const state = temporaryDirectory();
  await during(state, { pools: { default: pool("a"), other: pool("b") } }, becomes("a"));
  const routes = [
    { host: "own.test", pool: "own" },
    { host: "other.test", pool: "other" },
    { pool: "default" },
  ];
  const metadata = { updated_at: Date.now() };
  await withKv(state, async (kv) => {
    await kv.put("routes", JSON.stringify(routes), { metadata });
    await kv.put("pool:own", JSON.stringify(pool("c")), { metadata });
  });
  await during(state, { pools: { default: pool("a") } }, async (url) => {
    const at = (host: string) => fetchRaw(url, "/", { headers: { host } });
    await eventually("the pool of its own", async () => (await at("own.test")).headers["x-origin"] === "c");
    expect((await at("default.test")).headers["x-origin"]).toBe("a");
  });
  await withKv(state, async (kv) => {
    // The pool itself goes on for a while: KV may lag behind, and a pool is not given up on its first silence.
    expect(await kv.get("pool:other")).toBeNull();
    expect(await kv.get("routes")).toBe(JSON.stringify(routes));
  });
});

test("the whole runtime killed without warning comes back with its state", async () => {
  const state = temporaryDirectory();
  const config = { pools: { web: pool("a") } };
  balancer = await startBalancer({ config, state });
  await becomes("a")(balancer.url);
  await balancer.kill();
  await withKv(state, (kv) =>
    kv.put("pool:web", JSON.stringify(pool("b")), { metadata: { updated_at: Date.now() } }),
  );
  await during(state, config, becomes("b"));
});

test("of two starts on one folder that is new, at the same moment, one serves and the other is refused in one line", async () => {
  const state = join(temporaryDirectory(), "new/folder");
  const config = join(temporaryDirectory(), "pools.json");
  writeFileSync(config, JSON.stringify({ pools: { web: pool("a") } }));
  const both = [0, 1].map(() => runStart("--config", config, "--port", "0", "--state", state));
  try {
    const { code, running } = await Promise.race(
      both.map(async (each) => ({ code: (await each.ended).code, running: each })),
    );
    expect([code, running.stderr.trim()]).toEqual([
      1,
      `--state ${state}: another process uses this folder: stop it, or choose another folder`,
    ]);
    const other = both.find((each) => each !== running);
    await eventually("the other to serve", async () => other?.stdout.includes("ready http"));
    await other?.signal("SIGTERM");
  } finally {
    await Promise.all(both.map((each) => each.kill()));
  }
  await during(state, { pools: { web: pool("b") } }, becomes("b"));
});
