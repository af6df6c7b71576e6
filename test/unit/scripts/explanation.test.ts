import { describe, expect, it } from "vitest";
import type { ExplainAnswer } from "../../../scripts/lib/explain/answer.ts";
import { explanationLines } from "../../../scripts/lib/explain/lines.ts";
import { PLAIN } from "../../support/plain-paint.ts";
import { ANSWER, type Candidate, candidate, out, STEERING } from "./explain-answers.ts";

const NOW_MS = 1_800_000_000_000;
const REQUEST = { url: "https://www.example.com/cart", method: "GET", client_ip: "" };

const text = (answer: ExplainAnswer, request = REQUEST) =>
  explanationLines(request, answer, PLAIN, NOW_MS).join("\n");

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

  it("shows no secret of the route, though the balancer told it", () => {
    const route = {
      where: { query: { force: ["s3cret"] } },
      request_headers: { set: { "x-key": "s3cret" } },
    };
    const shown = text({
      ...ANSWER,
      route: { index: 0, route: { ...route, pool: "web" }, fallback_pool: null },
    });
    expect(shown).toContain(
      'Route    1  {"where":{"query":{"force":["***"]}},"request_headers":{"set":{"x-key":"***"}},"pool":"web"}',
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
      affinity: { method: "cookie", cookie: "valid", origin: "b", exclusion_reason: "unhealthy" },
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

  it("follows the request over further pools, up to the one that serves it", () => {
    const { route: _, fallback: __, ...explanation } = ANSWER;
    const further = (pool: string, isLast = false) => ({
      ...explanation,
      pool,
      candidates: [isLast ? candidate("s") : out("s", "rate_limited")],
      pick: isLast ? { origin: "s", reason: "algorithm" as const, certain: true } : null,
    });
    const shown = text({
      ...ANSWER,
      route: { ...ANSWER.route, fallback_pool: "static" },
      steering: { ...STEERING, after: ["eu", "ap", "static"] },
      pick: null,
      further: [further("eu"), further("ap"), further("static", true)],
    });
    const steps = shown.split("\n").filter((line) => /^(Pool|No origin|Goes)/.test(line));
    expect(steps).toEqual([
      "Pool     web  round_robin",
      "No origin is eligible: eu is next.",
      "Pool     eu  round_robin",
      "No origin is eligible: ap is next.",
      "Pool     ap  round_robin",
      "No origin is eligible: the route's fallback_pool is next.",
      "Pool     static  round_robin",
      "Goes to  s, by round_robin",
    ]);
  });

  it("tells of a balancer without routes", () => {
    const route = { index: -1, route: null, fallback_pool: null };
    expect(text({ ...ANSWER, route })).toContain("Route    there are none: the only pool takes everything");
  });

  it("tells what lies behind each verdict, with who, since when and for how long still", () => {
    const because = (more: Partial<NonNullable<Candidate["because"]>>) => ({
      detail: null,
      since: null,
      until: null,
      who: null,
      ...more,
    });
    const minutes = (n: number) => NOW_MS + n * 60_000;
    const candidates = [
      candidate("a", { because: null }),
      {
        ...out("b", "unhealthy"),
        because: because({ detail: "status 503, expected 2xx", since: minutes(-5) }),
      },
      { ...out("c", "draining"), because: because({ who: "kim", since: minutes(-1), until: minutes(4) }) },
      {
        ...out("d", "drained"),
        because: because({ detail: "nothing left", since: minutes(-120), who: "ci" }),
      },
    ];
    expect(text({ ...ANSWER, candidates })).toContain(
      [
        "",
        "  b  status 503, expected 2xx, for 5m",
        "  c  by kim, for 1m, for 4:00 more",
        "  d  nothing left, by ci, for 2h",
        "",
        "Goes to  a",
      ].join("\n"),
    );
  });

  it("tells how a split chose, and which of a limit is reached", () => {
    const shares = [
      { pool: "web", from: 0, to: 66.66666 },
      { pool: "canary", from: 66.66666, to: 100 },
    ];
    const lease = { isolates: 3, cursor: 1, active_connections: 0 };
    const limited = (granted: number) => [candidate("a", { rate_limit: { limit: 50, granted } })];
    const split = { client: "203.0.113.7", point: 12.3456, shares };
    const shown = text({ ...ANSWER, route: { ...ANSWER.route, split }, lease, candidates: limited(50) });
    expect(shown).toContain(
      "Split    web 66.67%, canary 33.33%: 203.0.113.7 falls at 12.35%, which is web's",
    );
    expect(shown).toContain("50/s, all of it handed out to 3 isolates: who holds none passes it over");
    expect(text({ ...ANSWER, lease, candidates: limited(49) })).toContain(
      "49 of it handed out to 3 isolates",
    );
    const unknown = { ...ANSWER.route, split: { ...split, client: "" } };
    expect(text({ ...ANSWER, route: unknown })).toContain("a client without an address (see --client-ip)");
  });

  it("tells which routes did not match and why, the nearest only, and what the client gets by name", () => {
    const passed = Array.from({ length: 7 }, (_, index) => ({
      index,
      label: `*/${index}`,
      by: "path" as const,
    }));
    const shown = text({
      ...ANSWER,
      passed,
      pick: null,
      answer: { status: 503, type: "no_origin_available" },
    });
    expect(shown).toContain("Passed   2 others before these\nPassed   3  */2: its path does not match\n");
    expect(text({ ...ANSWER, passed: passed.slice(1) })).toContain("Passed   1 other before these\n");
    expect(shown).toContain("Passed   7  */6: its path does not match\nRoute    2");
    expect(shown).toContain("No origin is eligible: the balancer answers 503 no_origin_available.");
    const none = {
      route: null,
      pool: null,
      passed: passed.slice(0, 1),
      answer: { status: 404, type: "no_route" },
    };
    expect(text(none)).toContain(
      "Passed   1  */0: its path does not match\nNo route matches: the balancer answers 404 no_route.",
    );
  });
});
