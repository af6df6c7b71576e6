/**
 * `npm run pools -- ... --remote`: wrangler, as it is, against an imitation of the few calls of Cloudflare's API that it
 * makes. The real API cannot be had on one machine.
 */

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runPools } from "../system/support/pools.ts";
import { temporaryDirectory } from "../system/support/processes.ts";

interface Entry {
  value: string;
  metadata?: { updated_at: number };
}

const NAMESPACE = "/client/v4/accounts/acc/storage/kv/namespaces/n5";
const origin = { id: "a", url: "https://a.example.com" };

let server: Server;
let store: Map<string, Entry>;
/** The writes, in order: what each was and the keys. */
let writes: string[];
/** Answered instead, with code and status, if it is set. */
let refusal: { status: number; code: number; message: string } | null;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray();
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "/", "http://api");
    response.setHeader("content-type", "application/json");
    const result = refusal === null ? answer(request.method ?? "", url.pathname, text) : undefined;
    const { status, ...error } = refusal ?? { status: 404, code: 7003, message: "no such route" };
    if (result === undefined) response.statusCode = status;
    const errors = result === undefined ? [error] : [];
    response.end(
      JSON.stringify({ success: result !== undefined, errors, messages: [], result: result ?? null }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

beforeEach(() => {
  store = new Map();
  writes = [];
  refusal = null;
});

afterAll(() => server.close());

function answer(method: string, path: string, body: string): unknown {
  switch (`${method} ${path}`) {
    case "GET /client/v4/accounts/acc/workers/scripts/edge-balancer/settings":
      return { bindings: [{ type: "kv_namespace", name: "POOLS", namespace_id: "n5" }] };
    case `GET ${NAMESPACE}/keys`:
      return [...store].map(([name, { metadata }]) => ({ name, metadata }));
    case `POST ${NAMESPACE}/bulk/get`: {
      const { keys } = JSON.parse(body) as { keys: string[] };
      return { values: Object.fromEntries(keys.map((key) => [key, store.get(key)?.value ?? null])) };
    }
    case `PUT ${NAMESPACE}/bulk`: {
      const entries = JSON.parse(body) as (Entry & { key: string })[];
      for (const { key, ...entry } of entries) store.set(key, entry);
      writes.push(`put ${entries.map(({ key }) => key).join(" ")}`);
      return {};
    }
    case `DELETE ${NAMESPACE}/bulk`: {
      const keys = JSON.parse(body) as string[];
      for (const key of keys) store.delete(key);
      writes.push(`delete ${keys.join(" ")}`);
      return {};
    }
    default:
      return undefined;
  }
}

function remote(command: string, ...args: string[]) {
  const { port } = server.address() as AddressInfo;
  return runPools([command, ...args, "--remote"], {
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
    CLOUDFLARE_API_TOKEN: "imitation",
    CLOUDFLARE_ACCOUNT_ID: "acc",
  });
}

function file(config: unknown): string {
  const path = join(temporaryDirectory(), "lb.json");
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test("a push writes pools, then routes, then removes, with marks newer than those before", async () => {
  const ahead = Date.now() + 3_600_000;
  const web = { origins: [origin] };
  store.set("pool:web", { value: JSON.stringify(web), metadata: { updated_at: ahead } });
  store.set("pool:old", { value: JSON.stringify(web) });
  store.set("unrelated", { value: "not ours" });
  const startedMs = Date.now();
  const path = file({
    routes: [{ path: "/new", pool: "new" }, { pool: "web" }],
    pools: { web: { ...web, drain_timeout: 5 }, new: web },
  });
  expect(await remote("push", path, "--yes")).toMatchObject({ code: 0, stderr: "" });
  expect(writes).toEqual(["put pool:web pool:new", "put routes", "delete pool:old"]);
  expect(store.get("pool:web")).toEqual({
    value: JSON.stringify({ ...web, drain_timeout: 5 }),
    metadata: { updated_at: ahead + 1 },
  });
  expect(store.get("pool:new")?.metadata?.updated_at).toBeGreaterThanOrEqual(startedMs);
  expect(store.get("unrelated")).toEqual({ value: "not ours" });
});

test("more documents than one read takes are all read", async () => {
  const pools = Object.fromEntries(Array.from({ length: 230 }, (_, n) => [`p${n}`, { origins: [origin] }]));
  for (const [id, pool] of Object.entries(pools)) store.set(`pool:${id}`, { value: JSON.stringify(pool) });
  expect(await remote("diff", file({ pools }))).toMatchObject({ code: 0, stderr: "" });
});

test("addresses that production cannot reach are refused before anything is asked", async () => {
  const path = file({ pools: { web: { origins: [{ id: "a", url: "http://127.0.0.1:1" }] } } });
  const { code, stderr } = await remote("push", path);
  expect(code).toBe(2);
  expect(stderr).toContain("must have a DNS name as its host");
});

test("a pull writes all documents, and reports their errors", async () => {
  store.set("pool:bad", { value: "{" });
  store.set("pool:odd", { value: JSON.stringify({ origins: [origin], sticky: 5 }) });
  const path = join(temporaryDirectory(), "pulled.json");
  const { code, stderr } = await remote("pull", path);
  expect(code).toBe(1);
  expect(stderr).toContain("pool bad: what is stored there is refused: it is not JSON");
  expect(stderr).toMatch(/pulled\.json:\d+:\d+: pools\.odd\.sticky: /);
});

test.each([
  [10000, 403, "Cloudflare does not take the login. Run npx wrangler login"],
  [10007, 404, "the Worker is not deployed yet, and so has no KV. Run npm run deploy"],
])("Cloudflare's error %i is a sentence that says what to do", async (code, status, sentence) => {
  refusal = { status, code, message: "refused" };
  const outcome = await remote("diff", file({ pools: { web: { origins: [origin] } } }));
  expect(outcome).toMatchObject({ code: 3, stdout: "" });
  expect(outcome.stderr).toContain(sentence);
  expect(outcome.stderr).not.toMatch(/^\s+at /m);
});
