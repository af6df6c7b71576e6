import { describe, expect, it } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import type { OriginState, PoolSnapshot } from "../../src/contract/sync.ts";
import { EdgePool, type PoolView } from "../../src/edge/edge-pool.ts";
import { describeRequest, type EdgeRequest } from "../../src/edge/edge-request.ts";
import type { EdgeServer } from "../../src/edge/edge-server.ts";
import {
  type AffinitySecrets,
  affinityTokens,
  configTokens,
  snapshotTokens,
} from "../../src/platform/affinity-tokens.ts";
import type { Env } from "../../src/platform/env.ts";
import { AffinityKeeper } from "../../src/pool/affinity-keeper.ts";
import golden from "../golden/affinity.json";

const TTL_S = 400;
const NOW_MS = 1_800_000_000_000;
const GOOD: OriginState = {
  healthy: true,
  ejected: false,
  draining: false,
  drained: false,
  weight_factor: 1,
};
const IDS = ["a", "b", "c"];

function config(fields: Record<string, unknown> = {}): PoolConfig {
  const origins = IDS.map((id) => ({ id, url: `https://${id}.example.com`, max_connections: 10 }));
  const parsed = parsePool({ origins, sticky: { ttl: TTL_S }, ...fields });
  if (!parsed.ok) throw new Error("a good pool");
  return parsed.value;
}

/** An isolate's pool as it is after a snapshot. */
class Isolate {
  readonly pool = new EdgePool("api", () => 0);
  #version = 0;

  async snapshot(secrets: AffinitySecrets, states: Record<string, Partial<OriginState>> = {}): Promise<this> {
    const origins = Object.fromEntries(IDS.map((id) => [id, { ...GOOD, ...states[id] }]));
    const affinity = await snapshotTokens(secrets, "api", IDS);
    const snapshot: PoolSnapshot = { version: ++this.#version, config: config(), origins, affinity };
    const reply = { snapshot, cursor: null, active: {}, next_sync_ms: 1_000, configured: true };
    this.pool.apply(reply, Date.now());
    return this;
  }

  get view(): PoolView {
    if (this.pool.view === null) throw new Error("no snapshot");
    return this.pool.view;
  }

  server(id: string): EdgeServer {
    const found = [...this.pool.servers].find((server) => server.id === id);
    if (found === undefined) throw new Error(`no ${id}`);
    return found;
  }

  /** Serves one request: where it went, and the pair of the Set-Cookie. `failing` origins are tried in vain. */
  serve(cookie: string | null, nowMs = NOW_MS, failing: string[] = []): { id: string; set: string | null } {
    const edge = request(cookie, nowMs);
    const tried = new Set<EdgeServer>();
    for (;;) {
      const decision = this.view.balancer.decide(edge, tried);
      if (decision === null) throw new Error("none eligible");
      if (failing.includes(decision.server.id)) {
        tried.add(decision.server);
        continue;
      }
      const set = this.view.cookies?.setCookie(edge, decision.server) ?? null;
      return { id: decision.server.id, set: set === null ? null : (set.split(";")[0] ?? "") };
    }
  }
}

function request(cookie: string | null, nowMs: number): EdgeRequest {
  const headers: Record<string, string> = cookie === null ? {} : { cookie };
  return describeRequest(new Request("https://api.example/", { headers }), {} as Env, nowMs);
}

const OLD = { current: "old secret" };
const NEW = { current: "new secret", previous: "old secret" };

describe("tokens", () => {
  it("are those of the golden vectors", async () => {
    for (const { secret, pool, origin, token } of golden.vectors) {
      expect(await affinityTokens(secret, pool, [origin])).toEqual({ [origin]: token });
    }
  });

  it("are the same from the object and from an isolate that has only the config", async () => {
    const env = { AFFINITY_SECRET: "new secret", AFFINITY_SECRET_PREVIOUS: "old secret" };
    expect(await configTokens(env, "api", config())).toEqual(await snapshotTokens(NEW, "api", IDS));
    expect(await configTokens({}, "api", config())).toBeNull();
    expect(await configTokens(env, "api", config({ sticky: { method: "ip" } }))).toBeNull();
  });
});

describe("a session", () => {
  it("stays through snapshots, and its cookie is renewed after a quarter of its time", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    await isolate.snapshot(OLD);
    expect(isolate.serve(set)).toEqual({ id, set: null });
    expect(isolate.serve(set, NOW_MS + (TTL_S / 4) * 1_000 - 1_000)).toEqual({ id, set: null });
    const renewed = isolate.serve(set, NOW_MS + (TTL_S / 4) * 1_000);
    expect(renewed.id).toBe(id);
    expect(renewed.set?.split(".")[0]).toBe(set?.split(".")[0]);
    expect(renewed.set).not.toBe(set);
  });

  it("ends after its time, even if the client keeps the cookie", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { set } = isolate.serve(null);
    const answers = IDS.map(() => isolate.serve(set, NOW_MS + (TTL_S + 1) * 1_000));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(IDS.length);
    for (const answer of answers) expect(answer.set).not.toBeNull();
  });

  it("survives a new secret, which renews its cookie; with the old one gone for good, it begins anew", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set: old } = isolate.serve(null);
    await isolate.snapshot(NEW);
    const { id: same, set } = isolate.serve(old);
    expect([same, set?.startsWith("__lb="), set === old]).toEqual([id, true, false]);
    expect(isolate.serve(set)).toEqual({ id, set: null });
    await isolate.snapshot({ current: "new secret" });
    expect(isolate.serve(set)).toEqual({ id, set: null });
    expect(isolate.serve(old).set).not.toBeNull();
  });

  it("moves to the origin that answered in the end, whatever was tried between", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    const moved = isolate.serve(
      set,
      NOW_MS,
      IDS.filter((other) => other === id || other === "a" || other === "b").slice(0, 2),
    );
    expect(moved.id).not.toBe(id);
    expect(isolate.serve(moved.set)).toEqual({ id: moved.id, set: null });
  });

  it("moves in the same response when its origin is not eligible any more", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    for (const state of [{ healthy: false }, { ejected: true }, { draining: true, drained: true }]) {
      await isolate.snapshot(OLD, { [id]: state });
      const moved = isolate.serve(set);
      expect([moved.id === id, moved.set === null]).toEqual([false, false]);
    }
  });

  it("stays with a draining origin until it is drained; new ones do not go there", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    await isolate.snapshot(OLD, { [id]: { draining: true } });
    expect(isolate.serve(set)).toEqual({ id, set: null });
    for (let i = 0; i < 6; i++) expect(isolate.serve(null).id).not.toBe(id);
  });

  it("is served elsewhere while its origin is at its limit, and returns, even if elsewhere fails over", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    isolate.server(id).activeConnections = 10;
    const others = IDS.filter((other) => other !== id);
    for (const failing of [[], others.slice(0, 1)]) {
      const guest = isolate.serve(set, NOW_MS, failing);
      expect([others.includes(guest.id), guest.set]).toEqual([true, null]);
    }
    isolate.server(id).activeConnections = 0;
    expect(isolate.serve(set)).toEqual({ id, set: null });
  });

  it("keeps at most three other pools' parts, and nothing that is not one", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const part = (char: string) => `${char.repeat(22)}.t1`;
    const parts = ["A", "B", "C", "D"].map(part);
    const { set } = isolate.serve(`__lb=<x>~${parts.join("~")}; __lb=${parts[3]}`);
    expect(set?.split("=")[1]?.split("~").slice(1)).toEqual(parts.slice(0, 3));
  });
});

describe("the pool's own secret", () => {
  function keeper(facts: Map<string, unknown>, secret?: string, previous?: string) {
    const events: unknown[] = [];
    const store = {
      fact: <T>(name: string, fallback: T): T => (facts.get(name) as T | undefined) ?? fallback,
      setFact: (name: string, value: unknown) => void facts.set(name, value),
    };
    const log = (entry: Record<string, unknown>) => void events.push(entry.event);
    return { events, keeper: new AffinityKeeper({ pool: "api", store, secret, previous, log }) };
  }
  const snapshot = (fields = {}): PoolSnapshot => ({ version: 1, config: config(fields), origins: {} });

  it("is made once, said once, and kept", async () => {
    const facts = new Map<string, unknown>();
    const first = keeper(facts);
    const { affinity } = await first.keeper.attach(snapshot());
    await first.keeper.attach(snapshot());
    const second = keeper(facts);
    expect((await second.keeper.attach(snapshot())).affinity).toEqual(affinity);
    expect([first.events, second.events]).toEqual([["affinity_secret_made"], []]);
  });

  it("is not made where no cookie is", async () => {
    const facts = new Map<string, unknown>();
    for (const sticky of [false, { method: "ip" }]) {
      expect(await keeper(facts).keeper.attach(snapshot({ sticky }))).not.toHaveProperty("affinity");
    }
    expect(facts.size).toBe(0);
  });

  it("is the previous one once the operator sets a secret, in a new snapshot version", async () => {
    const facts = new Map<string, unknown>([["snapshot_version", 7]]);
    const own = (await keeper(facts).keeper.attach(snapshot())).affinity;
    const operated = (await keeper(facts, "new secret").keeper.attach(snapshot())).affinity;
    expect(operated?.previous).toEqual(own?.tokens);
    expect(operated?.tokens).toEqual(await affinityTokens("new secret", "api", IDS));
    expect(facts.get("snapshot_version")).toBe(8);
    keeper(facts, "new secret");
    expect(facts.get("snapshot_version")).toBe(8);
  });
});
