/** The edge and `explain` read one cookie alike, also at the bounds of what still counts. */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import type { StickyConfig } from "../../src/config/schema.ts";
import type { PoolSnapshot } from "../../src/contract/sync.ts";
import { describeRequest } from "../../src/edge/model/edge-request.ts";
import { EdgeServer } from "../../src/edge/model/edge-server.ts";
import { CookieAffinity } from "../../src/edge/pool/cookie-affinity.ts";
import { snapshotTokens } from "../../src/platform/affinity-tokens.ts";
import type { Env } from "../../src/platform/env.ts";
import { explainPick } from "../../src/pool/admin/explanation.ts";
import { WELL } from "../support/well.ts";

const TTL_S = 400;
const ISSUED_S = 1_800_000_000;
const IDS = ["a", "b", "c"];

const parsed = parsePool({
  origins: IDS.map((id) => ({ id, url: `https://${id}.example` })),
  sticky: { ttl: TTL_S },
});
if (!parsed.ok) throw new Error("a good pool");
const config = parsed.value;
const sticky = config.sticky as StickyConfig;
const affinity = await snapshotTokens({ current: "now", previous: "before" }, "api", IDS);
const snapshot: PoolSnapshot = {
  version: 1,
  config,
  origins: Object.fromEntries(IDS.map((id) => [id, WELL])),
  affinity,
};

/** Where the edge keeps the session: an origin's id, or null if it picks anew. */
function atEdge(cookie: string, nowMs: number): string | null {
  const request = new Request("https://api.example/", { headers: { cookie } });
  const servers = config.origins.map((origin) => new EdgeServer(origin));
  const cookies = new CookieAffinity(sticky, servers, affinity);
  return cookies.getServer(describeRequest(request, {} as Env, nowMs))?.id ?? null;
}

function explained(cookie: string, nowMs: number) {
  const facts = { method: "GET", path: "/", target: "/", client_ip: "", headers: { cookie } };
  const nothing = { cursor: 0, random: () => 0, active: () => 0, isolates: 0, granted: () => null };
  return explainPick({ pool: "api", snapshot, facts, nowMs, ...nothing });
}

const token = affinity.tokens.b ?? "";
const previous = affinity.previous.c ?? "";
const part = (of: string, atS = ISSUED_S) => `${of}.${atS.toString(36)}.${affinity.pool_tag}`;
const foreign = (n: number) => `${String(n).repeat(22)}.t1.000000`;
const later = (seconds: number) => (ISSUED_S + seconds) * 1_000;

describe("a session cookie", () => {
  it.each<[what: string, cookie: string, nowMs: number, state: string]>([
    ["within its time", `__lb=${part(token)}`, later(TTL_S), "valid"],
    ["half a second past it, which is not a whole one", `__lb=${part(token)}`, later(TTL_S + 0.5), "valid"],
    ["a second past it", `__lb=${part(token)}`, later(TTL_S + 1), "expired"],
    ["from a clock ahead", `__lb=${part(token)}`, later(-60), "valid"],
    ["from a clock far ahead", `__lb=${part(token)}`, later(-3_600), "valid"],
    ["of the secret before", `__lb=${part(previous)}`, later(0), "valid"],
    ["without a tag", `__lb=${token}.${ISSUED_S.toString(36)}`, later(0), "valid"],
    ["without a time", `__lb=${token}`, later(0), "expired"],
    ["with a time that is none", `__lb=${token}.!`, later(0), "expired"],
    ["in the fourth part", `__lb=${[1, 2, 3].map(foreign).join("~")}~${part(token)}`, later(0), "valid"],
    ["in a fifth part", `__lb=${[1, 2, 3, 4].map(foreign).join("~")}~${part(token)}`, later(0), "unknown"],
    ["in the second of two cookies", `__lb=${foreign(1)}; __lb=${part(token)}`, later(0), "valid"],
    ["in another line", `a=1, __lb=${part(token)}, b=2`, later(0), "valid"],
    ["ended, before one in time", `__lb=${token}.1~${part(previous)}`, later(0), "valid"],
    ["of nobody", `__lb=${foreign(1)}`, later(0), "unknown"],
    ["empty", "__lb=", later(0), "unknown"],
    ["under another name", `__lb2=${part(token)}`, later(0), "absent"],
  ])("%s is read alike at the edge and by explain", (_what, cookie, nowMs, state) => {
    const { affinity: read, pick } = explained(cookie, nowMs);
    expect(read?.cookie).toBe(state);
    const pinned = atEdge(cookie, nowMs);
    expect(pinned).toBe(state === "valid" ? read?.origin : null);
    expect(pick?.reason === "affinity").toBe(pinned !== null);
    if (pinned !== null) expect(pick?.origin).toBe(pinned);
  });
});
