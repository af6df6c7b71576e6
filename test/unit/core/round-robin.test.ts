import { describe, expect, it } from "vitest";
import type {} from "../../../src/core/algorithms/algorithm.ts";
import { RoundRobin } from "../../../src/core/algorithms/round-robin.ts";
import type { CursorSource } from "../../../src/core/cursor/cursor.ts";
import { picks, server, serversOf, tally, threeServers } from "../../support/servers.ts";

describe("round robin", () => {
  it("goes round in order", () => {
    expect(picks(new RoundRobin(serversOf(1, 1, 1)), 7)).toBe("a b c a b c a");
  });

  it("gives c once b is unhealthy, after a b c a", () => {
    const [a, b, c] = threeServers();
    const algorithm = new RoundRobin([a, b, c]);
    expect(picks(algorithm, 4)).toBe("a b c a");
    b.healthy = false;
    expect(picks(algorithm, 4)).toBe("a c a c");
  });

  it("loses no turn while nothing is eligible", () => {
    const [a, b, c] = threeServers();
    const algorithm = new RoundRobin([a, b, c]);
    algorithm.next();
    for (const one of [a, b, c]) one.healthy = false;
    expect(picks(algorithm, 5)).toBe("- - - - -");
    for (const one of [a, b, c]) one.healthy = true;
    expect(picks(algorithm, 3)).toBe("b c a");
  });

  it("takes positions from the cursor it is given", () => {
    const positions = [5, 6, 100];
    const cursor: CursorSource = { next: () => positions.shift() ?? 0 };
    expect(picks(new RoundRobin(serversOf(1, 1, 1), { cursor }), 3)).toBe("c a b");
  });

  it("takes no notice of weights other than 0", () => {
    expect(picks(new RoundRobin(serversOf(5, 0, 1)), 4)).toBe("a c a c");
  });
});

describe("round robin, when a server that counts as healthy fails", () => {
  /** Sends requests; those to `dead` are picked once more. */
  function send(algorithm: RoundRobin, dead: string, count: number): string {
    const servers: string[] = [];
    for (let i = 0; i < count; i++) {
      const first = algorithm.next();
      if (first === null) continue;
      const second = first.id === dead ? algorithm.next({ tried: new Set([first]) }) : null;
      servers.push(second === null ? first.id : `${first.id}>${second.id}`);
    }
    return servers.join(" ");
  }

  it("keeps the turns of the others and shares the failed server's turns among them", () => {
    const algorithm = new RoundRobin(threeServers());
    expect(send(algorithm, "b", 9)).toBe("a b>a c a b>c c a b>a c");
  });

  it("serves the others evenly", () => {
    const servers = serversOf(1, 1, 1, 1, 1);
    const algorithm = new RoundRobin(servers);
    const dead = new Set(servers.slice(2, 3));
    const counts = tally(500, () => {
      const first = algorithm.next();
      return first !== null && dead.has(first) ? algorithm.next({ tried: dead }) : first;
    });
    expect(counts).toEqual({ a: 125, b: 125, d: 125, e: 125 });
  });

  it("takes nothing from a leased cursor", () => {
    let taken = 0;
    const algorithm = new RoundRobin(threeServers(), { cursor: { next: () => taken++ } });
    algorithm.next({ tried: new Set([server("x")]) });
    expect(taken).toBe(0);
  });
});
