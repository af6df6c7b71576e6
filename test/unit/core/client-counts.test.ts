import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ClientAnswer,
  ClientCounts,
  failedAnswers,
  KeyedAnswers,
} from "../../../src/core/metrics/client-counts.ts";

const SEED = 20_261_130;

const answer: fc.Arbitrary<ClientAnswer> = fc.record({
  status: fc.integer({ min: 100, max: 999 }),
  durationMs: fc.integer({ min: 0, max: 60_000 }),
  route: fc.option(fc.constantFrom("a/*", "b/*", "constructor", "__proto__"), { nil: null }),
  host: fc.constantFrom("x.com", "y.com", "__proto__", "constructor"),
  problem: fc.option(fc.constantFrom("no_route", "origin_failed"), { nil: null }),
});

describe("client counts", () => {
  test.each([
    [101, 0],
    [200, 1],
    [299, 1],
    [304, 2],
    [499, 3],
    [500, 4],
    [599, 4],
    [600, 5],
    [999, 5],
  ])("status %i is counted in class %i", (status, index) => {
    const counts = new ClientCounts(10);
    counts.recordAnswer({ status, durationMs: 1, route: null, host: "x", problem: null });
    expect(counts.answers.indexOf(1)).toBe(index);
    expect(failedAnswers(counts.answers)).toBe(status >= 500 && status <= 599 ? 1 : 0);
  });

  test(`are the same in one place and merged from several, also as text (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(answer, fc.nat(2))), (answers) => {
        const all = new ClientCounts(10);
        const parts = [new ClientCounts(10), new ClientCounts(10), new ClientCounts(10)];
        for (const [each, part] of answers) {
          all.recordAnswer(each);
          parts[part]?.recordAnswer(each);
        }
        parts[0]?.recordClientClosed();
        all.recordClientClosed();
        const merged = new ClientCounts(10);
        for (const part of parts) merged.merge(JSON.parse(JSON.stringify(part.toData())));
        const sorted = (counts: ClientCounts) => {
          const { routes, hosts, problems, latency, ...rest } = counts.toData();
          return { ...rest, lists: [routes, hosts, problems, latency].map((list) => [...list].sort()) };
        };
        expect(sorted(merged)).toEqual(sorted(all));
        expect(merged.requests).toBe(answers.length);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("keep a bounded number of keys and count the rest together, whatever clients send", () => {
    const keyed = new KeyedAnswers(3);
    for (let i = 0; i < 10; i++) keyed.get(`host-${i}`)[1] = i + 1;
    const data = keyed.toData();
    expect(data.map(([key]) => key)).toEqual(["host-0", "host-1", "host-2", ""]);
    keyed.get("x".repeat(5_000))[1] = 1;
    expect(keyed.toData()).toHaveLength(4);
    const long = new KeyedAnswers(3);
    long.get("y".repeat(5_000))[0] = 7;
    expect(long.get("y".repeat(121))[0]).toBe(7);
    expect(long.toData()[0]?.[0]).toHaveLength(120);
  });
});
