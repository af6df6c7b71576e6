import { describe, expect, it } from "vitest";
import { type ExplainAnswer, explanationLines } from "../../scripts/lib/explanation.ts";
import { PLAIN } from "../support/plain-paint.ts";

const REQUEST = { url: "https://www.example.com/cart", method: "GET", client_ip: "" };

type Matched = Exclude<ExplainAnswer, { route: null }>;
type Candidate = Matched["candidates"][number];

const candidate = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  kept: true,
  reason: "eligible",
  weight: 1,
  active_connections: 0,
  rate_limit: null,
  ...more,
});
const out = (id: string, reason: string) => candidate(id, { kept: false, reason });

const ANSWER: Matched = {
  route: { index: 1, route: { host: null, path: "/cart", pool: "web" }, fallback_pool: null },
  fallback: null,
  pool: "web",
  configured: true,
  algorithm: "round_robin",
  coordination: "leased",
  snapshot_version: 3,
  hash_key: null,
  affinity: null,
  panic: false,
  candidates: [candidate("a"), out("b", "unhealthy")],
  pick: { origin: "a", reason: "algorithm", certain: true },
  unknown_here: [],
};

const text = (answer: ExplainAnswer, request = REQUEST) =>
  explanationLines(request, answer, PLAIN).join("\n");

describe("an explanation for people", () => {
  it("tells route, pool, every origin with its reason, and the pick", () => {
    expect(text(ANSWER, { ...REQUEST, client_ip: "203.0.113.7" })).toBe(
      [
        "GET https://www.example.com/cart  from 203.0.113.7",
        "",
        'Route    2  {"path":"/cart","pool":"web"}',
        "Pool     web  round_robin",
        "",
        "   ORIGIN                       WEIGHT  ACTIVE  RATE LIMIT",
        ">  a       eligible                  1       0",
        "   b       left out: unhealthy       1       0",
        "",
        "Goes to  a, by round_robin",
      ].join("\n"),
    );
  });

  it("has words for every reason, and takes one it does not know as it is", () => {
    const reasons = ["disabled", "drained", "draining", "ejected", "at_max_connections", "rate_limited"];
    const candidates = [...reasons, "zero_weight", "backup", "later"].map((reason) => out(reason, reason));
    const shown = text({ ...ANSWER, candidates });
    for (const words of [
      "switched off (enabled: false)",
      "left out: drained",
      "draining: only its sessions reach it",
      "ejected, because too many requests failed there",
      "at its max_connections",
      "at its rate_limit",
      "weight 0: only its sessions reach it",
      "a backup, and others are eligible",
      "left out: later",
    ]) {
      expect(shown).toContain(words);
    }
  });

  it("tells of the session, the limit, the hash key, panic, and what it cannot know", () => {
    const shown = text({
      ...ANSWER,
      algorithm: "consistent_hash",
      coordination: "strict",
      hash_key: "203.0.113.7",
      affinity: { method: "cookie", cookie: "valid", origin: "b", left_out: "unhealthy" },
      panic: true,
      candidates: [candidate("a", { weight: 0.25, rate_limit: { limit: 50, granted: 12 } })],
      pick: { origin: "a", reason: "algorithm", certain: false },
      unknown_here: ["rate-limit tokens"],
    });
    expect(shown).toContain("Pool     web  consistent_hash, picked by the pool's object (strict)");
    expect(shown).toContain("Session  by cookie, cookie valid, names b, which is left out: unhealthy");
    expect(shown).toContain('Hash     "203.0.113.7"');
    expect(shown).toContain("Panic    too few origins are healthy");
    expect(shown).toContain("0.25       0  50/s, 12 of it handed out");
    expect(shown).toContain("Goes to  a, by consistent_hash (now; the next such request may go elsewhere)");
    expect(shown).toContain("Not known to the pool's object: rate-limit tokens.");
  });

  it("says what the client gets where nothing serves the request", () => {
    expect(text({ route: null, pool: null })).toContain("No route matches: the balancer answers 404.");
    expect(text({ ...ANSWER, pick: null })).toContain("No origin is eligible: the balancer answers 503.");
    expect(text({ ...ANSWER, configured: false, candidates: [], pick: null })).toContain(
      "It has no usable configuration: the balancer answers 503.",
    );
  });

  it("goes on to the route's fallback pool, and speaks of an answer only there", () => {
    const { route: _, fallback: __, ...explanation } = ANSWER;
    const fallback = { ...explanation, pool: "static", candidates: [candidate("s")] };
    const candidates = [out("a", "unhealthy")];
    const shown = text({
      ...ANSWER,
      candidates,
      pick: null,
      fallback: { ...fallback, pick: { origin: "s", reason: "algorithm", certain: true } },
    });
    expect(shown).toContain("No origin is eligible: the route's fallback_pool is next.");
    expect(shown).toContain("Pool     static");
    expect(shown).toContain("Goes to  s, by round_robin");
    expect(shown).not.toContain("503");
  });

  it("tells of a balancer without routes", () => {
    const route = { index: -1, route: null, fallback_pool: null };
    expect(text({ ...ANSWER, route })).toContain("Route    there are none: the only pool takes everything");
  });
});
