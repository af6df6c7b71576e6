import { describe, expect, it } from "vitest";
import type { LiveOrigin, LivePool } from "../../../src/admin/dashboard/lib/live.ts";
import { allProblems, poolProblems, poolStatus } from "../../../src/admin/dashboard/lib/problems.ts";
import { originStatus } from "../../../src/admin/dashboard/lib/status.ts";
import { clientFigures, liveOrigin, livePool } from "./live-fixtures.ts";

const DOWN = { healthy: false, eligible: false, status: "unhealthy" } as const;
const PROBE = { at: 0, passed: false, detail: "status 503, expected 2xx", duration_ms: 4 };
const lines = (pool: LivePool, nowMs = 0) =>
  poolProblems(pool, nowMs).map(({ tone, origin, text }) => [tone, origin, text]);

describe("a pool", () => {
  it("has no problem if all is well, or if operators took origins out", () => {
    const origins = [liveOrigin("a"), liveOrigin("b", { enabled: false, eligible: false })];
    const pool = livePool(origins, { clients: clientFigures(1_000, 10) });
    expect(poolProblems(pool, 0)).toEqual([]);
    expect(poolStatus(pool)).toEqual({ tone: "good", label: "In service" });
  });

  it("is never green above 1% failing, however few requests there are", () => {
    const status = (requests: number, failed: number) =>
      poolStatus(livePool([liveOrigin("a")], { clients: clientFigures(requests, failed) })).tone;
    expect([status(100, 1), status(100, 2), status(3, 1), status(0, 0)]).toEqual([
      "good",
      "warn",
      "warn",
      "good",
    ]);
    expect([status(1_000, 49), status(1_000, 50)]).toEqual(["warn", "bad"]);
  });

  it("reports that no origin is left and why, a panic, a silent object, or a refused configuration", () => {
    const drained = liveOrigin("a", { draining: true, drained: true, eligible: false });
    const sick = liveOrigin("b", DOWN);
    const down = livePool([drained, { ...drained, id: "c" }, sick], {
      events: [{ at: 7, kind: "pool_down", pool: "web" }],
    });
    const [first] = poolProblems(down, 0);
    expect([first?.text, first?.onset?.at]).toEqual([
      "No origin can take requests: 2 drained, 1 unhealthy",
      7,
    ]);
    expect(poolStatus(down).label).toBe("Down");
    expect(lines(livePool([liveOrigin("a")], { panic: true }))[0]?.[2]).toMatch(/^Panic/);
    const refused = livePool([liveOrigin("a")], { config_error: "origins: must be a list" });
    expect(lines(refused)[0]?.[2]).toMatch(/refused: origins: must be a list$/);
    expect(poolStatus({ pool: "web", error: "silent" }).label).toBe("No answer");
  });
});

describe("a pool that routes choose among others", () => {
  const STATUS = { mark: 1, available: true, share: 1, accept: 1 };
  const said = (status: object, events: LivePool["events"] = []) => {
    const pool = livePool([liveOrigin("a")], { status: { ...STATUS, ...status }, events });
    return poolProblems(pool, 3_000).map(({ tone, text, onset }) => [tone, text, onset?.at ?? null]);
  };

  it("has no problem while it takes all of its clients itself", () => {
    expect(said({})).toEqual([]);
    expect(poolProblems(livePool([liveOrigin("a")], { status: null }), 0)).toEqual([]);
  });

  it("says that it is unavailable, returning or spilling, why, and since when", () => {
    const events = [{ at: 7, kind: "pool_unavailable" as const, pool: "web" }];
    expect(said({ available: false, reason: "1 of 2 origins, 2 needed" }, events)).toEqual([
      ["bad", "Unavailable: 1 of 2 origins, 2 needed", 7],
    ]);
    expect(said({ available: false, reason: "returning", returns_at: 9_500 })).toEqual([
      ["warn", "Returning in 7 s", null],
    ]);
    expect(said({ share: 0.5, reason: "1 of 2 origins" })).toEqual([
      ["warn", "Spilling 30% of its clients: 1 of 2 origins", null],
    ]);
  });

  it("that is down reports nothing else", () => {
    const down = livePool([liveOrigin("a", DOWN)], { status: { ...STATUS, available: false } });
    expect(lines(down).filter(([, origin]) => origin === null)).toHaveLength(1);
  });
});

describe("an origin", () => {
  it("that is out is listed with its reason and time, the worst first", () => {
    const ejected = liveOrigin("a", { ejected: true, ejected_until: 90_000, eligible: false });
    const sick = liveOrigin("b", { ...DOWN, last_probe: PROBE, since: 5_000 });
    const pool = livePool([ejected, sick, liveOrigin("c")]);
    expect(lines(pool, 65_000)).toEqual([
      ["bad", "b", "Unhealthy: status 503, expected 2xx"],
      ["warn", "a", "Ejected for 25 s more, by its failures"],
    ]);
    expect(poolProblems(pool, 65_000)[0]?.onset).toEqual({ at: 5_000, isEarlier: false });
    expect(poolStatus(pool)).toEqual({ tone: "bad", label: "Degraded" });
  });

  it("that breaks its answers off has a problem, from more than 1% of them and one in ten seconds on", () => {
    const seen = (answers_broken_off_per_second: number | undefined, requests_per_second = 10) => {
      const fields = answers_broken_off_per_second === undefined ? {} : { answers_broken_off_per_second };
      const origin = liveOrigin("a", { requests_per_second, ...fields });
      return [
        originStatus(origin).label,
        ...lines(livePool([origin, liveOrigin("b")])).map(([, , text]) => text),
      ];
    };
    expect(seen(1.2)).toEqual(["Breaking off", "breaks off 12% of its answers"]);
    expect(seen(0.1, 1_000)).toEqual(["Healthy"]);
    expect(seen(0.05)).toEqual(["Healthy"]);
    expect(seen(undefined)).toEqual(["Healthy"]);
  });

  it("without its binding says where to declare it", () => {
    const unbound = liveOrigin("b", { no_binding: true, binding: "ORIGIN_VPC", eligible: false });
    expect(lines(livePool([liveOrigin("a"), unbound]), 65_000)).toEqual([
      [
        "bad",
        "b",
        "No binding: the Worker has no binding ORIGIN_VPC: declare it in wrangler.toml, and deploy",
      ],
    ]);
  });

  it.each<[LiveOrigin["failures"], number, string, string]>([
    [{ timeouts: 0.5 }, 0.5, "bad", "50% of attempts time out after 10 s"],
    [{ connect_failures: 0.2 }, 0.2, "warn", "20% of attempts do not connect"],
    [
      { status_503: 0.3, timeouts: 0.1 },
      0.4,
      "warn",
      "30% of attempts answer status 503, 10% time out after 10 s",
    ],
    [{ status_other: 0.05 }, 0.05, "warn", "5.0% of attempts answer another status of 500 and up"],
    [{}, 0.3, "warn", "30% of attempts fail"],
  ])(
    "whose attempts fail with %j has a problem that says so in words",
    (failures, error_rate, tone, text) => {
      const origin = liveOrigin("a", { error_rate, failures });
      expect(lines(livePool([origin, liveOrigin("b")], { attempt_timeout: 10 }))).toEqual([
        [tone, "a", text],
      ]);
    },
  );

  it("has no problem with one failure in a while", () => {
    const rare = liveOrigin("a", { error_rate: 0.5, requests_per_second: 0.1, failures: { timeouts: 0.5 } });
    expect(lines(livePool([rare, liveOrigin("b", { error_rate: 0.04 })]))).toEqual([]);
  });

  it("has a problem if it is far slower than the others", () => {
    const slow = (p50: number, others: (number | null)[]) =>
      lines(livePool([liveOrigin("s", { p50 }), ...others.map((p, i) => liveOrigin(`o${i}`, { p50: p }))]));
    expect(slow(1_000, [20, 30])).toEqual([
      ["warn", "s", "slow: half of its answers take 1.00 s or more, others 20 ms"],
    ]);
    expect([slow(200, [20, 30]), slow(1_000, [300, 900]), slow(1_000, [null])]).toEqual([[], [], []]);
  });

  it("with the same problem as others is listed once, with their number", () => {
    const sick = (id: string, since: number) => liveOrigin(id, { ...DOWN, last_probe: PROBE, since });
    const origins = [sick("a", 9), sick("b", 3), sick("c", 5), sick("d", 8), liveOrigin("e")];
    const [first, ...others] = poolProblems(livePool(origins), 0);
    expect(others).toEqual([]);
    expect([first?.origin, first?.text, first?.onset?.at]).toEqual([
      null,
      "4 of 5 origins: unhealthy, status 503, expected 2xx (a, b, c and 1 other)",
      3,
    ]);
    const cut = poolProblems(livePool(origins.slice(0, 4), { origin_count: 200, eligible_count: 9 }), 0);
    expect(cut[0]?.text).toMatch(/^at least 4 of 200 origins: /);
  });
});

describe("clients", () => {
  it("of a pool that get failures are a problem with its reasons, the most frequent first", () => {
    const problems = { rate_limited: 20, no_route: 3 };
    const limited = [liveOrigin("a", { rate_limit: { limit: 5, granted: 0 } })];
    const pool = livePool([...limited, { ...limited[0], id: "b" } as LiveOrigin], {
      clients: clientFigures(100, 24, { problems }),
    });
    expect(lines(pool)).toEqual([
      [
        "bad",
        null,
        "24% of requests fail: 20% because every origin is at its rate limit (5/s each), 4.0% because origins answer 500 to 599",
      ],
    ]);
  });

  it("that ask for hosts without a route are a problem", () => {
    const unrouted = clientFigures(40, 0, {
      problems: { no_route: 40 },
      hosts: ["a.example", "b.example", "c.example", "d.example"].map((key) => ({
        key,
        requests: 10,
        failed: 0,
        answers: { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 10, "5xx": 0, other: 0 },
      })),
    });
    const state = { pools: [], clients: clientFigures(400, 0), unrouted };
    expect(allProblems(state, 0)).toMatchObject([
      {
        tone: "bad",
        pool: null,
        view: "routes",
        text: "10% of requests match no route (404, 4.0/s), asked for a.example, b.example, c.example and 1 other host",
      },
    ]);
    expect(allProblems({ ...state, clients: clientFigures(4_000, 0) }, 0)).toEqual([]);
  });

  it("of all pools together are a problem above 1% failures, even if no pool is alone", () => {
    const state = { pools: [livePool([liveOrigin("a")])], clients: clientFigures(100, 2), unrouted: null };
    expect(allProblems(state, 0).map(({ pool, tone }) => [pool, tone])).toEqual([[null, "warn"]]);
  });
});
