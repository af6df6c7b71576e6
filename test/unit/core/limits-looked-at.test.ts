/** Limits of all are looked at only when one of them may have been reached, and what is picked is the same. */
import { describe, expect, it } from "vitest";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { LeasedLimiter } from "../../../src/core/rate-limit/leased-limiter.ts";
import { SlidingWindowLimiter } from "../../../src/core/rate-limit/sliding-window-limiter.ts";
import { Candidates } from "../../../src/core/server/candidates.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { server } from "../../support/servers.ts";

class CountedLimiter extends SlidingWindowLimiter {
  static looks = 0;
  override allows(nowMs: number): boolean {
    CountedLimiter.looks++;
    return super.allows(nowMs);
  }
}

/** What may happen to the limits of a pool between two picks. */
class World {
  readonly servers: readonly Server[];
  readonly #leased: readonly LeasedLimiter[];
  readonly #random: () => number;
  #lease = 0;
  nowMs = 1_000_000;

  constructor(random: () => number) {
    this.#random = random;
    this.#leased = Array.from({ length: 3 }, () => new LeasedLimiter(30));
    const limiters = [
      ...this.#leased,
      new SlidingWindowLimiter(5),
      new SlidingWindowLimiter(100),
      null,
      null,
    ];
    this.servers = limiters.map((limiter, i) => {
      const one = server(`s${i}`, 1, limiter === null ? { maxConnections: 6 } : {});
      one.limiter = limiter;
      return one;
    });
  }

  step(): void {
    const one = this.#oneOf(this.servers);
    const limiter = one?.limiter;
    const dice = this.#random();
    if (dice < 0.2) limiter?.take(this.nowMs);
    else if (dice < 0.3 && one) one.activeConnections += 1;
    else if (dice < 0.6 && one) one.activeConnections = Math.max(0, one.activeConnections - 1);
    else if (dice < 0.85) this.nowMs += Math.floor(this.#random() * 300);
    else if (dice < 0.87) this.nowMs -= Math.floor(this.#random() * 400);
    else if (dice < 0.9 && limiter instanceof SlidingWindowLimiter)
      limiter.setLimit(1 + Math.floor(this.#random() * 40));
    else if (dice < 0.92 && one) one.maxConnections = 1 + Math.floor(this.#random() * 6);
    else this.#grant();
  }

  #grant(): void {
    const limiter = this.#oneOf(this.#leased);
    const share = Math.floor(this.#random() * 30);
    const valid_ms = Math.floor(this.#random() * 20_000);
    const tokens = this.#random() < 0.3 ? 2 : 0;
    const grant = { lease: ++this.#lease, share, valid_ms, tokens, token_ms: 100, wait_ms: 0 };
    limiter?.apply(grant, this.nowMs, this.nowMs);
  }

  #oneOf<T>(values: readonly T[]): T | undefined {
    return values[Math.floor(this.#random() * values.length)];
  }
}

describe("the list of those below their limits", () => {
  it.each(Array.from({ length: 20 }, (_, i) => SEED + i))(
    "is the same as if each limit were read, seed %i",
    (seed) => {
      const random = seededRandom(seed);
      const world = new World(random);
      const kept = new Candidates(world.servers);
      let full = 0;
      for (let i = 0; i < 3_000; i++) {
        for (let steps = random() * 3; steps > 0; steps--) world.step();
        const list = kept.list({}, world.nowMs);
        const plain = world.servers.filter((one) => kept.isBelowLimits(one, world.nowMs));
        expect(list, `step ${i}`).toEqual(plain);
        if (plain.length === world.servers.length) full++;
      }
      expect(full, "both kinds are met").toBeGreaterThan(0);
    },
  );
});

describe("a pool of 1,000 limited servers", () => {
  it.each(["round_robin", "least_connections", "weighted_round_robin", "consistent_hash", "p2c"] as const)(
    "has only a few limits read per pick by %s, while no limit is near",
    (algorithm) => {
      const random = seededRandom();
      const servers = Array.from({ length: 1_000 }, (_, i) => server(`s${i}`));
      for (const one of servers) one.limiter = new CountedLimiter(1_000);
      let nowMs = 0;
      const balancer = new LoadBalancer(servers, { algorithm, now: () => nowMs, random });
      CountedLimiter.looks = 0;
      for (let i = 0; i < 10_000; i++) {
        if (i % 50 === 0) nowMs++;
        const picked = balancer.decide({ key: `key:${i}` }, undefined, {
          refused: () => expect.fail("none is at its limit"),
        });
        if (picked) balancer.connect(picked.server);
        if (picked) balancer.disconnect(picked.server);
      }
      expect(CountedLimiter.looks / 10_000).toBeLessThan(5);
    },
  );
});

/** Says that many may start, and lets nobody. */
class Overstated extends SlidingWindowLimiter {
  isSpent = false;
  override allows(nowMs: number): boolean {
    return !this.isSpent && super.allows(nowMs);
  }
  override take(nowMs: number): boolean {
    return !this.isSpent && super.take(nowMs);
  }
}

it("a limit that lets through less than it said is seen at the next look, not a quarter of a second later", () => {
  const [limiter, only] = [new Overstated(100), server("only")];
  only.limiter = limiter;
  const balancer = new LoadBalancer([only], { now: () => 1_000_000 });
  const request = { clientIp: "", key: "" } as never;
  expect(balancer.decide(request)?.server).toBe(only);
  limiter.isSpent = true;
  expect(balancer.choose(request)?.server, "of what it said before").toBe(only);
  expect(balancer.start(only)).toBe(false);
  expect(balancer.choose(request), "or a request would look for ever").toBeNull();
});
