/** A sticky pool as an isolate has it, and the secrets of its sessions. */
import { parsePool } from "../../src/config/parse.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import type { OriginState, PoolSnapshot } from "../../src/contract/sync.ts";
import { describeRequest, type EdgeRequest } from "../../src/edge/model/edge-request.ts";
import type { EdgeServer } from "../../src/edge/model/edge-server.ts";
import { type ActivePool, EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { type AffinitySecrets, snapshotTokens } from "../../src/platform/affinity-tokens.ts";
import type { Env } from "../../src/platform/env.ts";
import { WELL } from "../support/well.ts";

export const TTL_S = 400;
export const NOW_MS = 1_800_000_000_000;
export const IDS = ["a", "b", "c"];

export function config(fields: Record<string, unknown> = {}): PoolConfig {
  const origins = IDS.map((id) => ({ id, url: `https://${id}.example.com`, max_connections: 10 }));
  const parsed = parsePool({ origins, sticky: { ttl: TTL_S }, ...fields });
  if (!parsed.ok) throw new Error("a good pool");
  return parsed.value;
}

/** An isolate's pool as it is after a snapshot. */
export class Isolate {
  readonly pool = new EdgePool(
    "api",
    () => 0,
    () => this.#nowMs,
  );
  #nowMs = NOW_MS;
  #version = 0;

  async snapshot(secrets: AffinitySecrets, states: Record<string, Partial<OriginState>> = {}): Promise<this> {
    const origins = Object.fromEntries(IDS.map((id) => [id, { ...WELL, ...states[id] }]));
    const affinity = await snapshotTokens(secrets, "api", IDS);
    const snapshot: PoolSnapshot = { version: ++this.#version, config: config(), origins, affinity };
    const reply = { snapshot, cursor: null, active: {}, next_sync_ms: 1_000, configured: true };
    this.pool.apply(reply, Date.now());
    return this;
  }

  get activePool(): ActivePool {
    if (this.pool.activePool === null) throw new Error("no snapshot");
    return this.pool.activePool;
  }

  server(id: string): EdgeServer {
    const found = [...this.pool.servers].find((server) => server.id === id);
    if (found === undefined) throw new Error(`no ${id}`);
    return found;
  }

  /** Serves one request: where it went, and the pair of the Set-Cookie. `failing` origins are tried in vain. */
  serve(cookie: string | null, nowMs = NOW_MS, failing: string[] = []): { id: string; set: string | null } {
    this.#nowMs = nowMs;
    const edge = request(cookie, nowMs);
    const tried = new Set<EdgeServer>();
    for (;;) {
      const decision = this.activePool.balancer.decide(edge, tried);
      if (decision === null) throw new Error("none eligible");
      if (failing.includes(decision.server.id)) {
        tried.add(decision.server);
        continue;
      }
      const set = this.activePool.cookies?.setCookie(edge, decision.server) ?? null;
      return { id: decision.server.id, set: set === null ? null : (set.split(";")[0] ?? "") };
    }
  }
}

function request(cookie: string | null, nowMs: number): EdgeRequest {
  const headers: Record<string, string> = cookie === null ? {} : { cookie };
  return describeRequest(new Request("https://api.example/", { headers }), {} as Env, nowMs);
}

export const OLD = { current: "old secret" };
export const NEW = { current: "new secret", previous: "old secret" };
