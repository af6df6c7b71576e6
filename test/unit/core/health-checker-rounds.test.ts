import { beforeEach, describe, expect, it } from "vitest";
import { Server } from "../../../src/core/server/server.ts";
import { CheckerHarness } from "../../support/checker-harness.ts";

let harness: CheckerHarness;

beforeEach(() => {
  harness = new CheckerHarness();
});

const never = (): Promise<boolean> => new Promise(() => {});

describe("rounds", () => {
  it("begin at once and then come each interval", async () => {
    const checker = harness.checker(() => true, { interval: 5, servers: [harness.server] });
    checker.start();
    await harness.timers.advance(0);
    expect(harness.probes).toHaveLength(1);
    await harness.timers.advance(4_999);
    expect(harness.probes).toHaveLength(1);
    await harness.timers.advance(1);
    expect(harness.probes).toHaveLength(2);
    await harness.timers.advance(15_000);
    expect(harness.probes).toHaveLength(5);
  });

  it("take a server out after three failed ones and back after two passed ones", async () => {
    let up = false;
    const checker = harness.checker(() => up, { servers: [harness.server] });
    checker.start();
    await harness.timers.advance(9_999);
    expect(harness.server.healthy).toBe(true);
    await harness.timers.advance(1);
    expect(harness.server.healthy).toBe(false);
    up = true;
    await harness.timers.advance(5_000);
    expect(harness.server.healthy).toBe(false);
    await harness.timers.advance(5_000);
    expect(harness.server.healthy).toBe(true);
    expect(harness.events).toEqual(["a.example unhealthy", "a.example healthy"]);
  });

  it("do not pile up on a server whose probe is still under way", async () => {
    let open = 0;
    let most = 0;
    const slow = async () => {
      most = Math.max(most, ++open);
      await harness.later(12_000, true);
      open--;
      return true;
    };
    const other = new Server("b.example", 443);
    const checker = harness.checker((probed) => (probed === harness.server ? slow() : true), {
      interval: 5,
      timeout: 20,
      servers: [harness.server, other],
    });
    checker.start();
    await harness.timers.advance(60_000);
    expect(most).toBe(1);
    expect(harness.probes.filter((probed) => probed === other)).toHaveLength(13);
    expect(harness.probes.filter((probed) => probed === harness.server)).toHaveLength(5);
  });

  it("are not doubled by starting twice", async () => {
    const checker = harness.checker(() => true, { servers: [harness.server] });
    checker.start();
    checker.start();
    await harness.timers.advance(10_000);
    expect(harness.probes).toHaveLength(3);
  });

  it("include a server from the time it is added or checked", async () => {
    const checked = new Server("b.example", 443);
    const checker = harness.checker(() => true);
    checker.start();
    await harness.timers.advance(1_000);
    checker.add(harness.server);
    checker.add(harness.server);
    await checker.check(checked);
    expect(harness.probes).toEqual([harness.server, checked]);
    await harness.timers.advance(4_000);
    expect(harness.probes).toEqual([harness.server, checked, harness.server, checked]);
  });

  it("leave out a server that was removed, even if its probe was under way", async () => {
    const checker = harness.checker(() => harness.later(100, false), {
      unhealthyThreshold: 1,
      servers: [harness.server],
    });
    checker.start();
    await harness.timers.advance(50);
    checker.remove(harness.server);
    await harness.timers.advance(60_000);
    expect(harness.probes).toHaveLength(1);
    expect(harness.server.healthy).toBe(true);
    expect(harness.events).toEqual([]);
  });
});

describe("stop", () => {
  it("leaves no timer, and no further probe", async () => {
    const checker = harness.checker(never, { servers: [harness.server] });
    checker.start();
    await harness.timers.advance(6_000);
    checker.stop();
    expect(harness.timers.pending).toBe(0);
    const before = harness.probes.length;
    await harness.timers.advance(60_000);
    expect(harness.probes).toHaveLength(before);
  });

  it("cuts off a probe under way: no flip, no callback, and the check resolves", async () => {
    let answer: (passed: boolean) => void = () => {};
    const checker = harness.checker(() => new Promise((resolve) => (answer = resolve)), {
      unhealthyThreshold: 1,
    });
    const check = checker.check(harness.server);
    await harness.timers.advance(10);
    checker.stop();
    expect(await check).toBe(false);
    answer(false);
    await harness.timers.advance(60_000);
    expect(harness.server.healthy).toBe(true);
    expect(harness.events).toEqual([]);
  });

  it("ignores further results of the same moment, when a callback stops the checker", async () => {
    const other = new Server("b.example", 443);
    const answer = harness.later(100, false);
    const checker = harness.checker(() => answer, {
      unhealthyThreshold: 1,
      servers: [harness.server, other],
    });
    checker.onUnhealthy(() => checker.stop());
    checker.start();
    await harness.timers.advance(60_000);
    expect(harness.events).toEqual(["a.example unhealthy"]);
    expect(other.healthy).toBe(true);
    expect(harness.timers.pending).toBe(0);
  });

  it("can be followed by a new start, which probes at once", async () => {
    const checker = harness.checker(never, { servers: [harness.server] });
    checker.start();
    await harness.timers.advance(1_000);
    checker.stop();
    checker.start();
    await harness.timers.advance(0);
    expect(harness.probes).toHaveLength(2);
    await harness.timers.advance(5_000);
    expect(harness.probes).toHaveLength(3);
    checker.stop();
    expect(harness.timers.pending).toBe(0);
  });

  it("does not prevent checks on demand", async () => {
    const checker = harness.checker(() => false, { unhealthyThreshold: 1 });
    checker.stop();
    await checker.check(harness.server);
    expect(harness.events).toEqual(["a.example unhealthy"]);
  });
});
