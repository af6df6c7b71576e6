/**
 * Where another balancer's test asks for something else than ours does, on purpose: what it asks, what ours does, and
 * why. A change of any of these is a change of the design.
 */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import { createAlgorithm } from "../../../src/core/algorithms/index.ts";
import { P2c } from "../../../src/core/algorithms/p2c.ts";
import { OUTLIER_DEFAULTS, OutlierDetector } from "../../../src/core/health/outlier-detector.ts";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { feed, POOL } from "../../support/outliers.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { server, tally } from "../../support/servers.ts";

// Envoy's priorities spill over: below 72% healthy the next one takes a share. Backups here take nothing while one
// other origin is eligible, as nginx's and HAProxy's do: who sets one up expects it to be idle. Panic is off unless
// asked for, so that an unhealthy origin is never used by surprise.
describe("priorities: a backup takes all or nothing", () => {
  it.each([
    { id: "ENV-PRIO-01", primary: [1, 1], backup: [1, 1], envoy: [100, 0], ours: [100, 0] },
    { id: "ENV-PRIO-02", primary: [2, 1], backup: [2, 1], envoy: [70, 30], ours: [100, 0] },
    { id: "ENV-PRIO-03", primary: [4, 1], backup: [2, 2], envoy: [35, 65], ours: [100, 0] },
    { id: "ENV-PRIO-04", primary: [4, 1], backup: [4, 1], envoy: [50, 50], ours: [100, 0] },
    { id: "ENV-PRIO-05", primary: [4, 2], backup: [4, 2], envoy: [70, 30], ours: [100, 0] },
    // Three priorities there; the last two are backups here.
    { id: "ENV-PRIO-06", primary: [5, 1], backup: [10, 2], envoy: [34, 66], ours: [100, 0] },
    { id: "ENV-PRIO-07", primary: [5, 0], backup: [10, 5], envoy: [0, 100], ours: [0, 100] },
    { id: "ENV-PRIO-08", primary: [5, 0], backup: [10, 4], envoy: [0, 100], ours: [0, 100] },
    { id: "ENV-PRIO-09", primary: [5, 0], backup: [10, 2], envoy: [34, 66], ours: [0, 100] },
    { id: "ENV-PRIO-10", primary: [5, 0], backup: [5, 0], envoy: [50, 50], ours: [0, 0] },
    { id: "ENV-PRIO-11", primary: [4, 1], backup: [8, 2], envoy: [35, 65], ours: [100, 0] },
  ])("$id: $primary and $backup [servers, healthy] are $envoy percent at Envoy, $ours here", (row) => {
    const group = ([count = 0, healthy = 0]: number[], backup: boolean) =>
      Array.from({ length: count }, (_, i) => {
        const one = server(`${backup ? "backup" : "primary"}${i}`, 1, { backup });
        one.healthy = i < healthy;
        return one;
      });
    const servers = [...group(row.primary, false), ...group(row.backup, true)];
    const algorithm = createAlgorithm("round_robin", servers);
    const counts = { primary: 0, backup: 0 };
    for (let i = 0; i < 100; i++) {
      const pick = algorithm.next();
      if (pick !== null) counts[pick.backup ? "backup" : "primary"]++;
    }
    expect([counts.primary, counts.backup]).toEqual(row.ours);
  });

  it("and with a panic threshold unhealthy origins, backups among them, are used as Envoy's are (ENV-PRIO-10)", () => {
    const servers = [5, 3, 2].flatMap((count, level) =>
      Array.from({ length: count }, (_, i) => server(`p${level}-${i}`, 1, { backup: level > 0 })),
    );
    for (const one of servers) one.healthy = false;
    const balancer = new LoadBalancer(servers, { panicThreshold: 50 });
    const counts = tally(100, () => balancer.route({}));
    expect(counts.none).toBeUndefined();
    expect(balancer.panicking).toBe(true);
  });
});

// Envoy draws with replacement, so the busiest of two still gets a quarter, and weighs when weights differ. Here the
// two are always distinct (Mitzenmacher's model, and NGINX's), and the load is per weight: nobody draws a loser twice.
describe("least request: two distinct servers, the one with less load per weight", () => {
  it.each([
    {
      id: "ENV-LR-01",
      servers: { a: [1, 0], b: [1, 0], c: [1, 0] },
      envoy: [33.3, 33.3, 33.3],
      ours: [33.3, 33.3, 33.3],
    },
    {
      id: "ENV-LR-02",
      servers: { a: [1, 10], b: [1, 0], c: [1, 0] },
      envoy: [11.1, 44.4, 44.4],
      ours: [0, 50, 50],
    },
    { id: "ENV-LR-03", servers: { a: [1, 10], b: [1, 0] }, envoy: [25, 75], ours: [0, 100] },
    { id: "ENV-LR-04", servers: { a: [2, 0], b: [1, 0] }, envoy: [66.7, 33.3], ours: [66.7, 33.3] },
    { id: "ENV-LR-05", servers: { a: [2, 1], b: [1, 0] }, envoy: [50, 50], ours: [0, 100] },
    {
      id: "ENV-LR-06",
      servers: { a: [2, 1], b: [1, 0], c: [1, 0] },
      envoy: [33.3, 33.3, 33.3],
      ours: [0, 50, 50],
    },
  ])("$id: $servers [weight, active] are $envoy percent at Envoy, $ours here", ({ servers, ours }) => {
    const made = Object.entries(servers).map(([id, [weight, active = 0]]) =>
      Object.assign(server(id, weight), { activeConnections: active }),
    );
    const algorithm = new P2c(made, { random: seededRandom() });
    const counts = tally(100_000, () => algorithm.next());
    for (const [i, one] of made.entries()) {
      const percent = (counts[one.id] ?? 0) / 1_000;
      expect(Math.abs(percent - (ours[i] ?? 0)), `${one.id}, seed ${SEED}`).toBeLessThan(1);
    }
  });
});

// Envoy compares success rates among hosts (mean - 1.9 standard deviations, of five hosts at least). Pools at the edge
// are small and a bad deploy hits all origins at once, so ours judges each by its own share of failures.
describe("outlier detection (ENV-OUT-05)", () => {
  it("has Envoy's defaults where it has the same rule, and room for small pools", () => {
    expect(OUTLIER_DEFAULTS).toMatchObject({
      consecutiveFailures: 5,
      intervalMs: 10_000,
      baseEjectionMs: 30_000,
    });
    // 10 percent of two or three origins would be none.
    expect(OUTLIER_DEFAULTS.maxEjectionPercent).toBe(50);
  });

  it("ejects the one of five that fails half of its requests, as Envoy does, and none of the others", () => {
    const detector = new OutlierDetector();
    const said = ["a", "b", "c", "d"].flatMap((id) => feed(detector, id, "S".repeat(100), 0));
    expect(said).toEqual([]);
    expect(feed(detector, "e", "SF".repeat(50), 0, POOL)).toEqual(["ejected failure_percent"]);
  });
});

// Caddy refuses a configuration whose weights are all 0. Here 0 is how an operator empties an origin, sessions staying,
// and the last one may be emptied too: new requests are answered 503 (TRF-WRR-03).
describe("weights of 0 (CAD-WRR-02)", () => {
  it.each([[[0, 2, 1]], [[1, 1, 1]], [[0]], [[0, 0]]])("%j are valid", (weights) => {
    const origins = weights.map((weight, i) => ({ id: `o${i}`, url: `https://o${i}.example.com`, weight }));
    expect(parsePool({ origins })).toMatchObject({ ok: true });
  });
});

// Finagle counts how often both draws are unhealthy after so many tries. Here unhealthy ones are not drawn at all.
describe("two choices among unhealthy servers (FIN-PANIC-01, FIN-PANIC-02, FIN-PANIC-05)", () => {
  it.each([10, 50, 90, 99])("never picks an unhealthy one, with %i of 100 unhealthy", (unhealthy) => {
    const servers = Array.from({ length: 100 }, (_, i) => server(`h${i}`));
    for (const one of servers.slice(0, unhealthy)) one.healthy = false;
    const algorithm = new P2c(servers, { random: seededRandom() });
    for (let i = 0; i < 10_000; i++) expect(algorithm.next()?.healthy).toBe(true);
  });
});
