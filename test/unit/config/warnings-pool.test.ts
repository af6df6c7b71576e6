import { describe, expect, test } from "vitest";
import { A, B, warnings } from "./found-warnings.ts";

const CHECKED = { health_check: {} };

function poolWarnings(pool: object): string[] {
  return warnings({ pools: { web: { origins: [A, B], ...pool } } });
}

describe("warnings about a pool", () => {
  test("an ordinary pool has none", () => {
    expect(poolWarnings({ ...CHECKED, slow_start: 30, outlier_detection: {}, panic_threshold: 50 })).toEqual(
      [],
    );
  });

  test.each<[field: string, pool: object, beside: object]>([
    ["origins: no origin takes", { origins: [{ ...A, weight: 0 }] }, { origins: [{ ...A, weight: 1 }] }],
    ["origins: no origin takes", { origins: [{ ...A, enabled: false }] }, { origins: [A] }],
    [
      "origins: all that take",
      { origins: [{ ...A, backup: true }] },
      { origins: [{ ...A, backup: true }, B] },
    ],
    [
      'origins: origin "a" has no max_connections',
      { algorithm: "first" },
      { algorithm: "first", origins: [{ ...A, max_connections: 10 }, B] },
    ],
    [
      'origins: origin "a" has no max_connections',
      { algorithm: "first", origins: [A, { ...B, max_connections: 10 }] },
      {
        algorithm: "first",
        origins: [
          { ...A, rate_limit: 10 },
          { ...B, backup: true },
        ],
      },
    ],
    [
      "origins: weights have no effect with first",
      { algorithm: "first", origins: [{ ...A, max_connections: 1, weight: 2 }, B] },
      { algorithm: "first", origins: [{ ...A, max_connections: 1, weight: 0 }, B] },
    ],
    [
      "health_check.timeout: a probe may",
      { health_check: { timeout: 6, interval: 5 } },
      { health_check: { timeout: 5, interval: 5 } },
    ],
    [
      "failover.attempt_timeout: is never",
      { failover: { attempt_timeout: 31 } },
      { failover: { attempt_timeout: 30 } },
    ],
    ["failover.retry_non_idempotent: a POST", { failover: { retry_non_idempotent: true } }, {}],
    [
      "failover.retry_on: is empty",
      { failover: { retry_on: [] } },
      { failover: { retry_on: [], max_attempts: 1 } },
    ],
    ["minimum_origins: is more than the 2", { minimum_origins: 3 }, { minimum_origins: 2 }],
    [
      "minimum_origins: is more than the 1",
      { origins: [A, { ...B, enabled: false }], minimum_origins: 2 },
      { origins: [A, { ...B, backup: true }], minimum_origins: 2 },
    ],
    ["slow_start: has no effect", { origins: [A], slow_start: 5 }, { slow_start: 5 }],
    ["panic_threshold: has no effect", { panic_threshold: 50 }, { panic_threshold: 50, ...CHECKED }],
    ["outlier_detection: has no effect", { origins: [A], outlier_detection: {} }, { outlier_detection: {} }],
    [
      "outlier_detection: ejects nothing",
      { outlier_detection: { consecutive_failures: 0, failure_percent: 0 } },
      { outlier_detection: { consecutive_failures: 0 } },
    ],
    [
      "outlier_detection.max_ejection_percent: is 0",
      { outlier_detection: { max_ejection_percent: 0 } },
      { outlier_detection: { max_ejection_percent: 1 } },
    ],
    ["hash_key: has no effect", { hash_key: "path" }, { hash_key: "path", algorithm: "consistent_hash" }],
    [
      "hash_balance_factor: has no effect",
      { hash_balance_factor: 125 },
      { hash_balance_factor: 125, algorithm: "consistent_hash" },
    ],
    [
      "origins: weights have no effect",
      { origins: [{ ...A, weight: 2 }, B] },
      { origins: [{ ...A, weight: 2 }, B], algorithm: "weighted_round_robin" },
    ],
    ["origins[1].url: is that of", { origins: [A, { ...B, url: A.url }] }, {}],
  ])("%s is reported if it is the case, and not otherwise", (field, pool, beside) => {
    const found = poolWarnings(pool);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`pools.web.${field}`);
    expect(poolWarnings(beside)).toEqual([]);
  });
});
