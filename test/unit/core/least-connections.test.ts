import { describe, expect, it } from "vitest";
import { LeastConnections } from "../../../src/core/algorithms/least-connections.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { countsOf, picks, server, serversOf, tally, threeServers } from "../../support/servers.ts";

function busy(servers: readonly Server[], ...active: number[]): void {
  for (const [i, one] of servers.entries()) one.activeConnections = active[i] ?? 0;
}

describe("least connections", () => {
  it("picks c when a has two connections and b is unhealthy", () => {
    const [a, b, c] = threeServers();
    const algorithm = new LeastConnections([a, b, c]);
    algorithm.connect(a);
    algorithm.connect(a);
    b.healthy = false;
    expect(algorithm.next()).toBe(c);
  });

  it("breaks ties in round-robin order", () => {
    expect(picks(new LeastConnections(threeServers()), 7)).toBe("a b c a b c a");
  });

  it("always picks the server with 10 connections, not the one with 30", () => {
    const servers = serversOf(1, 1);
    busy(servers, 30, 10);
    expect(countsOf(picks(new LeastConnections(servers), 50))).toEqual({ b: 50 });
  });

  it("looks past the smallest so far when all are busy (Caddy's leastRequests kept a busier one)", () => {
    const servers = serversOf(1, 1, 1, 1, 1);
    busy(servers, 4, 3, 2, 1, 5);
    expect(countsOf(picks(new LeastConnections(servers), 20))).toEqual({ d: 20 });
  });

  it("goes by connections per weight", () => {
    const servers = serversOf(1, 4);
    busy(servers, 1, 3);
    expect(picks(new LeastConnections(servers), 2)).toBe("b b");
  });

  it("fills up in proportion to weights", () => {
    const algorithm = new LeastConnections(serversOf(1, 2, 3));
    const counts = tally(600, () => {
      const pick = algorithm.next();
      if (pick !== null) algorithm.connect(pick);
      return pick;
    });
    expect(counts).toEqual({ a: 100, b: 200, c: 300 });
  });

  it("never counts below zero", () => {
    const [a, b, c] = threeServers();
    const algorithm = new LeastConnections([a, b, c]);
    algorithm.disconnect(a);
    algorithm.disconnect(a);
    expect(a.activeConnections).toBe(0);
    algorithm.connect(a);
    expect(a.activeConnections).toBe(1);
    algorithm.disconnect(a);
    expect(a.activeConnections).toBe(0);
  });
});

describe("ties of least connections", () => {
  it("go round among the least loaded only (ENV-LR-07)", () => {
    const servers = serversOf(1, 1, 1, 1, 1);
    busy(servers, 3, 3, 1, 1, 1);
    expect(countsOf(picks(new LeastConnections(servers), 300))).toEqual({ c: 100, d: 100, e: 100 });
  });

  it("continue after the last pick even if its server was removed", () => {
    const servers = threeServers();
    const algorithm = new LeastConnections(servers);
    expect(picks(algorithm, 2)).toBe("a b");
    servers[1].healthy = false;
    expect(picks(algorithm, 3)).toBe("c a c");
  });

  it("begin where the cursor says, so that isolates do not all begin with the same one", () => {
    const positions = [4];
    const cursor = { next: () => positions.shift() ?? Number.NaN };
    expect(picks(new LeastConnections(threeServers(), { cursor }), 4)).toBe("b c a b");
  });

  it("keep everybody's turn when one fails, and share its requests over the rest", () => {
    const [a, b, c] = threeServers();
    const algorithm = new LeastConnections([a, b, c]);
    const served: string[] = [];
    for (let i = 0; i < 6; i++) {
      const first = algorithm.next();
      const second = first === b ? algorithm.next({ tried: new Set([b]) }) : null;
      served.push(second === null ? (first?.id ?? "-") : `b>${second.id}`);
    }
    expect(served.join(" ")).toBe("a b>c c a b>a c");
  });

  it("take nothing from the cursor on failover", () => {
    let taken = 0;
    const [a, b, c] = threeServers();
    const algorithm = new LeastConnections([a, b, c], { cursor: { next: () => taken++ } });
    expect(algorithm.next({ tried: new Set([a]) })).toBe(b);
    expect(taken).toBe(0);
  });

  it("are still broken when every load is infinite", () => {
    const a = server("a", 1);
    a.activeConnections = Number.POSITIVE_INFINITY;
    expect(new LeastConnections([a]).next()).toBe(a);
  });
});
