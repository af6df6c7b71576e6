import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { First } from "../../../src/core/algorithms/first.ts";
import { SlidingWindowLimiter } from "../../../src/core/rate-limit/sliding-window-limiter.ts";
import { isEligible } from "../../../src/core/server/eligibility.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { SEED } from "../../support/random.ts";
import { server, serversOf } from "../../support/servers.ts";

const NOW_MS = 1_000_000;

function pick(first: First, context: Parameters<First["next"]>[0] = {}): string | null {
  return first.next({ now: NOW_MS, ...context })?.id ?? null;
}

describe("first fills servers in the order of the list", () => {
  it("gives everything to the first, whatever the weights are", () => {
    const first = new First([server("a"), server("b", 100)]);
    expect(Array.from({ length: 50 }, () => pick(first))).toEqual(Array(50).fill("a"));
  });

  it("goes to the next where the one before is at its connection limit, and back as soon as it has room", () => {
    const servers = [
      server("a", 1, { maxConnections: 2 }),
      server("b", 1, { maxConnections: 1 }),
      server("c"),
    ];
    const first = new First(servers);
    const open = (): Server | null => {
      const picked = first.next({ now: NOW_MS });
      if (picked !== null) picked.activeConnections++;
      return picked;
    };
    expect(Array.from({ length: 5 }, () => open()?.id)).toEqual(["a", "a", "b", "c", "c"]);
    const [a] = servers;
    if (a !== undefined) a.activeConnections--;
    expect(pick(first)).toBe("a");
  });

  it("gives a slowly starting server its part of the connections, and more only if no other has room", () => {
    const [a, b] = [server("a", 1, { maxConnections: 10 }), server("b", 1, { maxConnections: 1 })];
    a.weightFactor = 0.2;
    const first = new First([a, b]);
    const picks = Array.from({ length: 5 }, () => {
      const picked = first.next({ now: NOW_MS });
      if (picked !== null) picked.activeConnections++;
      return picked?.id;
    });
    expect(picks).toEqual(["a", "a", "b", "a", "a"]);
  });

  it("goes to the next server at a rate limit, and reports which server was passed over", () => {
    const [a, b] = [server("a"), server("b")];
    a.limiter = new SlidingWindowLimiter(2);
    const first = new First([a, b]);
    const refused: string[] = [];
    const picks = Array.from({ length: 4 }, () => {
      const picked = first.next({ now: NOW_MS, refused: ({ id }) => refused.push(id) });
      picked?.limiter?.take(NOW_MS);
      return picked?.id;
    });
    expect(picks).toEqual(["a", "a", "b", "b"]);
    expect(refused).toEqual(["a", "a"]);
    expect(first.next({ now: NOW_MS + 1_001 })?.id).toBe("a");
  });

  it("keeps a backup for when no other can take the request, wherever it stands in the list", () => {
    const [spare, a] = [server("spare", 1, { backup: true }), server("a", 1, { maxConnections: 1 })];
    const first = new First([spare, a]);
    expect(pick(first)).toBe("a");
    a.activeConnections = 1;
    expect(pick(first)).toBe("spare");
  });

  it("passes over a server that could not be reached a moment ago, and one that was tried", () => {
    const servers = serversOf(1, 1, 1);
    const [a, b] = servers;
    if (a === undefined || b === undefined) throw new Error("three servers were asked for");
    const first = new First(servers);
    expect(first.next({ now: NOW_MS, avoid: new Set([a]) })).toBe(b);
    expect(first.next({ now: NOW_MS, tried: new Set([a, b]) })).toBe(servers[2]);
  });

  it(`is the first eligible one of a plain list, seed ${SEED}`, () => {
    const state = fc.record({
      healthy: fc.boolean(),
      weight: fc.constantFrom(0, 1, 7),
      maxConnections: fc.constantFrom(0, 1, 3),
      activeConnections: fc.nat(3),
      backup: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(state, { maxLength: 8 }), (states) => {
        const servers = states.map((each, i) => server(`s${i}`, each.weight, each));
        const able = servers.filter((each) => each.weight > 0 && isEligible(each, NOW_MS));
        const expected = able.find(({ backup }) => !backup) ?? able[0] ?? null;
        expect(new First(servers).next({ now: NOW_MS })).toBe(expected);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
