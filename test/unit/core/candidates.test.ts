import { describe, expect, it } from "vitest";
import { RoundRobin } from "../../../src/core/algorithms/round-robin.ts";
import { Candidates } from "../../../src/core/server/candidates.ts";
import { countsOf, picks, server, serversOf, threeServers } from "../../support/servers.ts";

const NOW_MS = 1_000;

describe("candidates", () => {
  it("are the same array until something changes", () => {
    const [a, b, c] = threeServers();
    const candidates = new Candidates([a, b, c]);
    const before = candidates.list({}, NOW_MS);
    a.activeConnections = 5;
    expect(candidates.list({}, NOW_MS)).toBe(before);
    const { revision } = candidates;
    b.healthy = false;
    expect(candidates.list({}, NOW_MS)).toEqual([a, c]);
    expect(candidates.revision).not.toBe(revision);
  });

  it("stay the same array when servers of other pools change, but not when a weight of theirs does", () => {
    const [a, b] = threeServers();
    const candidates = new Candidates([a, b]);
    const before = candidates.list({}, NOW_MS);
    const { revision } = candidates;
    server("elsewhere").healthy = false;
    expect(candidates.list({}, NOW_MS)).toBe(before);
    expect(candidates.revision).toBe(revision);
    a.weightFactor = 0.5;
    expect(candidates.list({}, NOW_MS)).not.toBe(before);
    expect(candidates.revision).not.toBe(revision);
  });

  it("stay the same array while no limit is reached, so that tables made from them stay valid", () => {
    const a = server("a", 1, { maxConnections: 2 });
    const candidates = new Candidates([a, server("b")]);
    const before = candidates.list({}, NOW_MS);
    a.activeConnections = 1;
    expect(candidates.list({}, NOW_MS)).toBe(before);
    a.activeConnections = 2;
    expect(candidates.list({}, NOW_MS).map((one) => one.id)).toEqual(["b"]);
  });

  it("follow a limit that a server gets or loses later", () => {
    const [a, b, c] = threeServers();
    const candidates = new Candidates([a, b, c]);
    expect(candidates.list({}, NOW_MS)).toHaveLength(3);
    a.maxConnections = 0;
    expect(candidates.list({}, NOW_MS)).toEqual([b, c]);
    b.limiter = { allows: () => false, take: () => false };
    expect(candidates.list({}, NOW_MS)).toEqual([c]);
    a.maxConnections = 1;
    b.limiter = null;
    expect(candidates.list({}, NOW_MS)).toEqual([a, b, c]);
  });

  it("follow servers that the list's owner adds or removes, and an exchange of servers once it is reported", () => {
    const servers = serversOf(1, 1);
    const [late, other] = [server("late"), server("other")];
    const candidates = new Candidates(servers);
    expect(candidates.list({}, NOW_MS)).toHaveLength(2);
    servers.push(late);
    expect(candidates.list({}, NOW_MS)).toHaveLength(3);
    servers.splice(0, 1);
    expect(candidates.list({}, NOW_MS)).toHaveLength(2);
    servers.splice(1, 1, other);
    candidates.invalidate();
    expect(candidates.list({}, NOW_MS)).toEqual(servers);
  });

  it("are backups while all others are at their limits, and again the others once all were tried", () => {
    const [a, b] = [server("a", 1, { maxConnections: 1 }), server("b", 1, { backup: true })];
    const candidates = new Candidates([a, b]);
    a.activeConnections = 1;
    expect(candidates.list({}, NOW_MS)).toEqual([b]);
    expect(candidates.available([b])).toEqual([b]);
    a.activeConnections = 0;
    expect(candidates.list({ tried: new Set([a, b]) }, NOW_MS)).toEqual([a]);
  });
});

describe("panic", () => {
  it("uses all six when 2 of 6 are healthy and the threshold is 50%, only the healthy at 4 (ENV-PANIC-01)", () => {
    const servers = serversOf(1, 1, 1, 1, 1, 1);
    for (const one of servers.slice(2)) one.healthy = false;
    const candidates = new Candidates(servers, { panicThreshold: 50 });
    const algorithm = new RoundRobin(candidates);
    expect(candidates.panicking).toBe(true);
    expect(Object.keys(countsOf(picks(algorithm, 6))).sort()).toEqual(["a", "b", "c", "d", "e", "f"]);
    for (const one of servers.slice(2, 4)) one.healthy = true;
    expect(candidates.panicking).toBe(false);
    expect(countsOf(picks(algorithm, 8))).toEqual({ a: 2, b: 2, c: 2, d: 2 });
  });

  it("never uses an unhealthy one with threshold 0 (ENV-PANIC-02)", () => {
    const [a] = threeServers();
    a.healthy = false;
    expect(new RoundRobin(new Candidates([a], { panicThreshold: 0 })).next()).toBeNull();
    expect(new RoundRobin([a]).next()).toBeNull();
  });

  it("begins below the threshold, not at it", () => {
    const servers = serversOf(1, 1);
    const candidates = new Candidates(servers, { panicThreshold: 50 });
    for (const one of servers.slice(1)) one.healthy = false;
    expect(candidates.panicking).toBe(false);
    for (const one of servers) one.healthy = false;
    expect(candidates.panicking).toBe(true);
  });

  it("neither counts nor uses servers that the operator took out or gave no weight", () => {
    const [a, b, c] = threeServers();
    const candidates = new Candidates([a, b, c, server("d", 0)], { panicThreshold: 60 });
    a.healthy = false;
    b.draining = true;
    c.enabled = false;
    expect(candidates.list({}, NOW_MS)).toEqual([a]);
    c.enabled = true;
    // One of two in service: 50%.
    expect(candidates.list({}, NOW_MS)).toEqual([a, c]);
    a.healthy = true;
    expect(candidates.panicking, "d's health does not matter").toBe(false);
  });

  it("still respects limits", () => {
    const [a, b] = [server("a", 1, { maxConnections: 0 }), server("b")];
    a.healthy = false;
    b.healthy = false;
    expect(new Candidates([a, b], { panicThreshold: 50 }).list({}, NOW_MS)).toEqual([b]);
  });
});
