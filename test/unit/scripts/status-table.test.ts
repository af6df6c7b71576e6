import { describe, expect, it } from "vitest";
import type { PoolStatus, PoolTraffic } from "../../../scripts/lib/status.ts";
import { statusHead, statusTable } from "../../../scripts/lib/status-table.ts";
import { type OriginAnswer, originAnswer, poolAnswer } from "../../support/origin-answer.ts";
import { MARKED, PLAIN } from "../../support/plain-paint.ts";

const NOW = 1_800_000_000_000;

const origin = (id: string, more: Partial<OriginAnswer> = {}) =>
  originAnswer(id, { since: NOW - 120_000, ...more });

const traffic = (requests: number, more: Partial<PoolTraffic> = {}) => ({
  requests,
  error_rate: 0,
  p50: 3.2,
  p99: 41,
  active_connections: 0,
  ...more,
});

/** @param configured origins as the document has them, where that matters */
function pool(
  id: string,
  origins: OriginAnswer[],
  counts: Record<string, number>,
  configured: object[] = [],
): PoolStatus {
  const named = new Map(configured.map((each) => [(each as { id: string }).id, each]));
  const documents = origins.map((each) => named.get(each.id) ?? { id: each.id, url: each.url });
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return {
    id,
    error: null,
    state: poolAnswer(id, origins, documents),
    traffic: {
      ...traffic(total),
      at: NOW,
      since: NOW - 10_000,
      origins: Object.fromEntries(Object.entries(counts).map(([each, n]) => [each, traffic(n)])),
    },
  };
}

const lines = (pools: PoolStatus[], width?: number, paint = PLAIN) =>
  statusTable(pools, { nowMs: 0, width, paint });

describe("the table of pools", () => {
  it("has a row for each pool and each of its origins, by the balancer's own clock", () => {
    const web = pool("web", [origin("a", { active_connections: 3 }), origin("b")], { a: 300, b: 100 });
    const api = pool("api", [origin("c")], { c: 100 });
    expect(lines([web, api])).toEqual([
      "POOL  HEALTH             SINCE  REQ/S  ERRORS    P50   P99  ACTIVE  SHARE",
      "web   2 of 2 in service            40    0.0%  3.2ms  41ms       3    80%",
      "  a   healthy               2m     30    0.0%  3.2ms  41ms       3    75%",
      "  b   healthy               2m     10    0.0%  3.2ms  41ms       0    25%",
      "api   1 of 1 in service            10    0.0%  3.2ms  41ms       0    20%",
      "  c   healthy               2m     10    0.0%  3.2ms  41ms       0   100%",
    ]);
  });

  it("tells of answers that an origin broke off", () => {
    const web = pool("web", [origin("a"), origin("b")], { a: 10, b: 10 });
    const b = { ...traffic(10), answers_broken_off: 2 };
    const broken = {
      ...web,
      traffic: web.traffic && { ...web.traffic, origins: { ...web.traffic.origins, b } },
    };
    expect(lines([broken]).map((line) => / {2}([a-z0-9 ]*broken off)$/.exec(line)?.[1])).toEqual([
      ...[undefined, undefined, undefined],
      "2 answers broken off",
    ]);
  });

  it("says why an origin is not in service", () => {
    const probe = { at: NOW, passed: false, detail: "status 503, expected 2xx", duration_ms: 3 };
    const origins = [
      origin("off"),
      origin("sick", { status: "unhealthy", healthy: false, last_probe: probe }),
      origin("thrown", { ejected: true, ejected_until: NOW + 25_000 }),
      origin("going", { draining: true, drain_deadline: NOW + 272_000 }),
      origin("gone", { drained: true }),
      origin("leaves", { draining: true, removing: true, drain_deadline: NOW + 1_000 }),
      origin("light"),
      origin("new", { weight_factor: 0.4 }),
      origin("spare"),
    ];
    const configured = [
      { id: "off", enabled: false },
      { id: "light", weight: 0 },
      { id: "spare", backup: true },
    ];
    const [, head, ...rows] = lines([pool("web", origins, {}, configured)]);
    expect(head).toContain("2 of 9 in service");
    expect(rows.map((row) => row.replaceAll(/ {2,}/g, "  ").trim())).toEqual([
      "off  switched off  2m  -  -  -  -  0  -",
      "sick  unhealthy  2m  -  -  -  -  0  -  status 503, expected 2xx",
      "thrown  ejected  2m  -  -  -  -  0  -  back in 0:25",
      "going  draining  2m  -  -  -  -  0  -  4:32 left",
      "gone  drained  2m  -  -  -  -  0  -",
      "leaves  removing  2m  -  -  -  -  0  -  0:01 left",
      "light  healthy  2m  -  -  -  -  0  -  weight 0",
      "new  healthy  2m  -  -  -  -  0  -  starts slowly, at 40%",
      "spare  healthy  2m  -  -  -  -  0  -  backup",
    ]);
  });

  it("marks what is bad", () => {
    const sick = origin("a", { status: "unhealthy", healthy: false });
    const text = lines([pool("web", [sick, origin("b")], {})], undefined, MARKED).join("\n");
    expect(text).toContain("<yellow:1 of 2 in service>");
    expect(text).toContain("<red:unhealthy>");
    expect(text).toContain("<green:healthy>");
    expect(lines([pool("web", [sick], {})], undefined, MARKED).join("\n")).toContain(
      "<red:0 of 1 in service>",
    );
  });

  it("shows a pool that cannot be asked, one without statistics, and a configuration that was refused", () => {
    const web = pool("web", [origin("a")], {});
    const { state } = web;
    if (state === null) throw new Error("it has a state");
    const refused = { ...web, state: { ...state, config_error: "pools.web.sticky: no\nmore" } };
    const [, lost, silent, , bad] = lines([
      { id: "lost", error: "its object cannot be reached", state: null, traffic: null },
      { ...web, traffic: null },
      refused,
    ]);
    expect(lost).toBe("lost  its object cannot be reached");
    expect(silent?.replaceAll(/ {2,}/g, "  ")).toBe("web  1 of 1 in service  -  -  -  -  0  -");
    expect(bad).toContain("new configuration refused: pools.web.sticky: no");
  });

  it("leaves columns out where the terminal is too narrow, the least important first", () => {
    const titles = (width: number) =>
      lines([pool("web", [origin("a")], { a: 1 })], width)[0]
        ?.trim()
        .split(/\s+/);
    const all = ["POOL", "HEALTH", "SINCE", "REQ/S", "ERRORS", "P50", "P99", "ACTIVE", "SHARE"];
    expect(titles(100)).toEqual(all);
    expect(titles(70)).toEqual(all.filter((title) => title !== "P50"));
    expect(titles(1)).toEqual(["POOL", "HEALTH", "REQ/S"]);
  });

  it("says so if there are no pools", () => {
    expect(lines([])).toEqual(["No pools are configured."]);
  });
});

it("the head tells where, how much and when", () => {
  const head = statusHead(
    "http://lb.test",
    [pool("web", [origin("a")], {})],
    60,
    new Date(2026, 0, 1, 9, 5, 7),
    PLAIN,
  );
  expect(head).toBe("http://lb.test   1 pool, 1 origin   traffic of the last 60 s   09:05:07");
});
