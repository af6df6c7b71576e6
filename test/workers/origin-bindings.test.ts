/**
 * Origins that are reached over a binding of the Worker, here another Worker: by requests, and by checks. What a VPC
 * service, a VPC network or an mTLS certificate does behind such a binding cannot happen on one machine.
 */
import { createExecutionContext, runDurableObjectAlarm, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import { proxy } from "../../src/edge/proxy.ts";
import { originBinding, originBindings } from "../../src/platform/origin-bindings.ts";

/** Nobody is there. */
const BASE = "http://10.9.8.7:8080/base";
const [url = ""] = inject("origins");
const BOUND = { id: "bound", url: BASE, binding: "ORIGIN_OTHER" };
const UNBOUND = { ...BOUND, id: "unbound", binding: "ORIGIN_NONE" };
const HANDSHAKE = {
  upgrade: "websocket",
  connection: "upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
const WHO = { who: "test", what: "put" };

const POOLS = {
  bound: { origins: [BOUND], failover: { max_attempts: 1 } },
  root: { origins: [{ ...BOUND, url: "http://other.internal" }], failover: { max_attempts: 1 } },
  checked: {
    origins: [BOUND],
    health_check: { path: "/health", timeout: 60, expected_body: "http://10.9.8.7:8080/base/health" },
  },
  part: {
    origins: [{ id: "a", url }, UNBOUND],
    health_check: {},
    outlier_detection: {},
    panic_threshold: 100,
  },
  none: { origins: [UNBOUND], panic_threshold: 100 },
};

const pool = (id: string) => env.UPSTREAM_POOL.getByName(id);
const background: Promise<void>[] = [];

beforeAll(async () => {
  await env.POOLS.put(
    "routes",
    JSON.stringify(Object.keys(POOLS).map((id) => ({ host: `${id}.test`, pool: id }))),
  );
  for (const [id, document] of Object.entries(POOLS)) await pool(id).putConfig(JSON.stringify(document), WHO);
});

afterAll(async () => {
  await Promise.all(background);
});

async function ask(id: string, path = "/", init: RequestInit = {}): Promise<Response> {
  const context = createExecutionContext();
  const response = await proxy(new Request(`https://${id}.test${path}`, init), env, context);
  background.push(waitOnExecutionContext(context));
  return response;
}

describe("an origin with a binding", () => {
  it("gets requests through it, with the url's address and path", async () => {
    const response = await ask("bound", "/x?y", { method: "POST", body: "hello" });
    expect(await response.json()).toMatchObject({ url: `${BASE}/x?y`, method: "POST", body: "hello" });
  });

  it("answers with its bytes as they are", async () => {
    const response = await ask("root", "/gzip");
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const unpacked = response.body?.pipeThrough(new DecompressionStream("gzip")) ?? null;
    expect(await new Response(unpacked).json()).toMatchObject({ url: "http://other.internal/gzip" });
  });

  it("takes WebSockets", async () => {
    const { webSocket } = await ask("root", "/", { headers: HANDSHAKE });
    if (webSocket === null) throw new Error("no WebSocket");
    webSocket.accept();
    const echo = new Promise((resolve) => webSocket.addEventListener("message", ({ data }) => resolve(data)));
    webSocket.send("ab");
    expect(await echo).toBe("abab");
    webSocket.close();
  });

  it("is probed through it", async () => {
    await runDurableObjectAlarm(pool("checked"));
    const { origins } = await pool("checked").describe();
    expect(origins).toMatchObject([
      { binding: "ORIGIN_OTHER", status: "healthy", last_probe: { passed: true, detail: "passed" } },
    ]);
    const { probes } = await pool("checked").check(null, WHO.who);
    expect(probes).toMatchObject([{ origin: "bound", passed: true }]);
  });
});

describe("a probe through a binding", () => {
  it("follows no redirect away from the origin's address", async () => {
    const check = { path: "/away", follow_redirects: true, timeout: 60 };
    const parsed = parsePool({ origins: [BOUND], health_check: check });
    if (!parsed.ok || parsed.value.health_check === null) throw new Error("the pool is bad");
    const { probes } = await pool("bound").check(parsed.value.health_check, WHO.who);
    const detail = "a redirect away from an origin with a binding or resolve_override";
    expect(probes).toMatchObject([{ passed: false, detail }]);
  });
});

describe("an origin whose binding is missing", () => {
  it("gets nothing, not even in panic, and is blamed for nothing", async () => {
    for (let i = 0; i < 10; i++) expect((await ask("part")).status).toBe(200);
    await runDurableObjectAlarm(pool("part"));
    const { origins } = await pool("part").describe();
    expect(origins).toMatchObject([
      { id: "a", status: "healthy" },
      {
        id: "unbound",
        binding: "ORIGIN_NONE",
        no_binding: true,
        status: "healthy",
        ejected: false,
        last_probe: null,
      },
    ]);
    const kinds = (await pool("part").events()).map(({ kind }) => kind);
    expect(kinds).not.toContain("unhealthy");
    expect(kinds).not.toContain("ejected");
  });

  it("is explained", async () => {
    const facts = { method: "GET", path: "/", target: "/", client_ip: "", headers: {} };
    const { candidates, pick } = await pool("part").explain(facts);
    expect(pick?.origin).toBe("a");
    expect(candidates[1]).toMatchObject({
      exclusion_reason: "no_binding",
      because: { detail: "the Worker has no binding ORIGIN_NONE: declare it in wrangler.toml, and deploy" },
    });
  });

  it("leaves a pool that has no other without any", async () => {
    expect((await ask("none")).status).toBe(503);
    expect(await pool("none").summary()).toMatchObject({ origins: { total: 1, eligible: 0 } });
  });

  it("says so when it is checked on request", async () => {
    const { probes } = await pool("part").check(null, WHO.who);
    expect(probes[1]).toMatchObject({ passed: false, detail: "the Worker has no binding ORIGIN_NONE" });
  });
});

it("only what sends requests is such a binding", () => {
  const bindings = { ...env, ORIGIN_TEXT: "text", ORIGIN_NOTHING: null };
  expect(originBindings(bindings)).toEqual(["ORIGIN_OTHER"]);
  for (const name of ["ORIGIN_TEXT", "ORIGIN_NOTHING", "ORIGIN_ABSENT"]) {
    expect(originBinding(bindings, name)).toBeNull();
  }
});
