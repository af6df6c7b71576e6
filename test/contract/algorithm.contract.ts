/**
 * The promises of every algorithm. Each one runs the whole suite; exceptions are named, with their reasons.
 * @module
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Algorithm, PickContext } from "../../src/core/algorithms/algorithm.ts";
import { SlidingWindowLimiter } from "../../src/core/rate-limit/sliding-window-limiter.ts";
import { isEligible } from "../../src/core/server/eligibility.ts";
import type { Server } from "../../src/core/server/server.ts";
import { chiSquare, chiSquareLimit, SEED, seededRandom } from "../support/random.ts";
import { server, serversOf } from "../support/servers.ts";

/** Rules an algorithm may be excepted from. */
type Rule =
  | "shares evenly among equals"
  | "fair by weight while idle"
  | "gives a server that came back its share again";

export interface AlgorithmContract {
  readonly name: string;
  make(servers: readonly Server[], random: () => number): Algorithm;
  /**
   * How close to its share a server's count of `picks` must be. `exact`: within 1.25 (SWRR-INV-01). `random`: by
   * chi-square. Else the largest relative deviation.
   */
  readonly fairness: "exact" | "random" | number;
  readonly exceptions: readonly { rule: Rule; reason: string }[];
}

const NOW_MS = 1_000_000;
/** Keys so that those that hash have something to go by; the others take no notice. */
const contextOf = (i: number, more: PickContext = {}): PickContext => ({
  now: NOW_MS,
  key: `key:${i}`,
  ...more,
});

export function runAlgorithmContract({ name, make, fairness, exceptions }: AlgorithmContract): void {
  const fresh = (servers: readonly Server[], seed = SEED) => make(servers, seededRandom(seed));
  const ids = (algorithm: Algorithm, count: number, more?: PickContext) =>
    Array.from({ length: count }, (_, i) => algorithm.next(contextOf(i, more))?.id ?? "-");
  const rule = (title: Rule, test: () => void) => {
    const exception = exceptions.find((one) => one.rule === title);
    if (exception === undefined) it(title, test);
    else it.skip(`${title} (does not hold: ${exception.reason})`, test);
  };

  describe(`contract: ${name}`, () => {
    describe("with nothing to pick", () => {
      it("gives null for no servers", () => {
        expect(ids(fresh([]), 3)).toEqual(["-", "-", "-"]);
      });

      it.each<[string, Partial<Server>]>([
        ["unhealthy", { healthy: false }],
        ["ejected", { ejected: true }],
        ["disabled", { enabled: false }],
        ["draining", { draining: true }],
        ["drained", { drained: true }],
        ["of weight 0", { weight: 0 }],
        ["at their connection limit", { maxConnections: 0 }],
        ["at their rate limit", { limiter: { allows: () => false, take: () => false } }],
      ])("gives null when all are %s", (_, spoilt) => {
        const servers = serversOf(1, 1);
        const algorithm = fresh(servers);
        expect(algorithm.next(contextOf(0))).not.toBeNull();
        for (const one of servers) Object.assign(one, spoilt);
        expect(ids(algorithm, 3)).toEqual(["-", "-", "-"]);
      });
    });

    describe("among several", () => {
      it("gives the only eligible one every request", () => {
        const [a, b, c] = [server("a"), server("b", 0), server("c")];
        c.healthy = false;
        expect(new Set(ids(fresh([a, b, c]), 20))).toEqual(new Set(["a"]));
      });

      it("never gives one that is not eligible, whatever happens in between", () => {
        fc.assert(
          fc.property(fc.array(change, { maxLength: 60 }), fc.nat(1_000), (changes, seed) => {
            const servers = [
              server("a", 3),
              server("b", 1),
              server("c", 2),
              server("d", 1, { backup: true }),
            ];
            const algorithm = fresh(servers, seed + 1);
            for (const [i, { index, field, value }] of changes.entries()) {
              const one = servers[index];
              if (one !== undefined) apply(one, field, value);
              const pick = algorithm.next(contextOf(i));
              const able = servers.filter((each) => each.weight > 0 && isEligible(each, NOW_MS));
              const primary = able.filter((each) => !each.backup);
              if (able.length === 0) expect(pick).toBeNull();
              else expect(primary.length > 0 ? primary : able).toContain(pick);
            }
          }),
          { seed: SEED, numRuns: 150 },
        );
      });

      it("passes over those tried while another is left, and then gives one of them again", () => {
        const servers = serversOf(1, 2, 3, 1);
        const algorithm = fresh(servers);
        for (let i = 0; i < 40; i++) {
          const tried = new Set<Server>();
          for (let attempt = 0; attempt < servers.length; attempt++) {
            const pick = algorithm.next(contextOf(i, { tried }));
            expect(pick).not.toBeNull();
            if (pick === null) return;
            expect(tried.has(pick)).toBe(false);
            tried.add(pick);
          }
          expect(algorithm.next(contextOf(i, { tried }))).not.toBeNull();
        }
      });

      it("gives a backup only when nothing else is eligible, or all else was tried", () => {
        const [a, b] = [server("a"), server("b", 1, { backup: true })];
        const algorithm = fresh([b, a]);
        expect(new Set(ids(algorithm, 10))).toEqual(new Set(["a"]));
        expect(algorithm.next(contextOf(0, { tried: new Set([a]) }))).toBe(b);
        a.healthy = false;
        expect(new Set(ids(algorithm, 10))).toEqual(new Set(["b"]));
        a.healthy = true;
        expect(new Set(ids(algorithm, 10))).toEqual(new Set(["a"]));
      });

      rule("gives a server that came back its share again", () => {
        const [a, b, c] = [server("a"), server("b"), server("c")];
        const algorithm = fresh([a, b, c]);
        ids(algorithm, 30);
        b.healthy = false;
        expect(ids(algorithm, 30)).not.toContain("b");
        b.healthy = true;
        const share = ids(algorithm, 600).filter((id) => id === "b").length;
        expect(share).toBeGreaterThan(100);
        expect(share).toBeLessThan(300);
      });

      it("never goes beyond a connection limit", () => {
        const [a, b] = [server("a", 1, { maxConnections: 2 }), server("b", 1, { maxConnections: 3 })];
        const algorithm = fresh([a, b]);
        for (let i = 0; i < 8; i++) {
          const pick = algorithm.next(contextOf(i));
          if (pick !== null) pick.activeConnections++;
        }
        expect([a.activeConnections, b.activeConnections]).toEqual([2, 3]);
      });

      it("never goes beyond a rate limit, one that is set later included", () => {
        const [a, b] = [server("a"), server("b")];
        const algorithm = fresh([a, b]);
        ids(algorithm, 4);
        a.limiter = new SlidingWindowLimiter(3);
        const picked = Array.from({ length: 20 }, (_, i) => {
          const pick = algorithm.next(contextOf(i));
          pick?.limiter?.take(NOW_MS);
          return pick;
        });
        expect(picked.filter((pick) => pick === a).length).toBeLessThanOrEqual(3);
        expect(picked).not.toContain(null);
      });
    });

    describe("over many picks", () => {
      it("gives the same for the same seed", () => {
        const weights = [3, 1, 2, 5];
        expect(ids(fresh(serversOf(...weights), 7), 200)).toEqual(ids(fresh(serversOf(...weights), 7), 200));
      });

      rule("shares evenly among equals", () => expectFair([1, 1, 1, 1, 1]));

      rule("fair by weight while idle", () => expectFair([5, 3, 1, 1]));

      it("looks at each server a bounded number of times per pick", () => {
        const servers = Array.from({ length: 300 }, (_, i) => server(`s${i}`, 1 + (i % 3)));
        let looked = 0;
        for (const one of servers) one.limiter = { allows: () => ++looked > 0, take: () => true };
        const algorithm = fresh(servers);
        ids(algorithm, 50);
        expect(looked).toBeLessThanOrEqual(50 * servers.length);
      });
    });

    function expectFair(weights: readonly number[]): void {
      const count = 20_000;
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const picked = ids(fresh(serversOf(...weights)), count);
      const counts = serversOf(...weights).map(({ id }) => picked.filter((one) => one === id).length);
      const expected = weights.map((weight) => (count * weight) / total);
      if (fairness === "random") {
        expect(chiSquare(counts, expected), `seed ${SEED}`).toBeLessThan(chiSquareLimit(weights.length - 1));
        return;
      }
      for (const [i, want] of expected.entries()) {
        const allowed = fairness === "exact" ? 1.25 : fairness * want;
        expect(Math.abs((counts[i] ?? 0) - want), `server ${i} of ${want}`).toBeLessThan(allowed);
      }
    }
  });
}

const change = fc.record({
  index: fc.nat(3),
  field: fc.constantFrom("healthy", "ejected", "enabled", "draining", "full", "weight", "backup", "slow"),
  value: fc.boolean(),
});

function apply(one: Server, field: string, value: boolean): void {
  if (field === "healthy") one.healthy = value;
  if (field === "ejected") one.ejected = value;
  if (field === "enabled") one.enabled = value;
  if (field === "draining") one.draining = value;
  if (field === "backup") one.backup = value;
  if (field === "full") one.maxConnections = value ? 0 : Number.POSITIVE_INFINITY;
  if (field === "weight") one.weight = value ? 0 : 2;
  if (field === "slow") one.weightFactor = value ? 0.1 : 1;
}
