/**
 * The pool's object in workerd: probes of real origins, alarms, evictions.
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import type { OriginReport, SyncReport } from "../../src/contract/sync.ts";

const [url = "", other = ""] = inject("origins");
let count = 0;
let pool = "";

beforeEach(() => {
  pool = `health-${++count}`;
});

const stub = () => env.UPSTREAM_POOL.getByName(pool);

async function configure(document: Record<string, unknown>, updatedAt = Date.now()): Promise<void> {
  await env.POOLS.put(`pool:${pool}`, JSON.stringify(document), { metadata: { updated_at: updatedAt } });
  await stub().wake();
}

async function origin(id = "a") {
  const found = (await stub().describe()).origins.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no origin ${id}`);
  return found;
}

const kinds = async () =>
  (await stub().events()).map(({ kind, origin }) => `${origin ?? "-"} ${kind}`).reverse();

let sequence = 0;
function report(origins: Record<string, OriginReport>, more: Partial<SyncReport> = {}): SyncReport {
  return {
    isolate: "test",
    sequence: ++sequence,
    snapshot: 0,
    active: {},
    origins,
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
    ...more,
  };
}

const failures = (count: number): OriginReport => ({
  outcomes: { connect_failure: count },
  failures_in_row: count,
  had_success: false,
  retries: 0,
  rate_limited: 0,
  latency: [],
});

/** Probes as often as it takes; each alarm runs what is due. */
async function until(reached: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(
    async () => {
      await runDurableObjectAlarm(stub());
      expect(await reached()).toBe(true);
    },
    { timeout: 10_000, interval: 50 },
  );
}

const CHECK = { interval: 0.5, timeout: 0.3, healthy_threshold: 1, unhealthy_threshold: 2 };

describe("probes", () => {
  it.each([
    ["the expected status", { path: "/?status=204", expected_codes: "2xx" }, "healthy", "passed"],
    ["another status", { path: "/?status=404" }, "unhealthy", "status 404, expected 2xx"],
    ["a status that is expected", { path: "/?status=404", expected_codes: "404" }, "healthy", "passed"],
    ["the expected text", { path: "/?x=y", expected_body: '"name":"o0"' }, "healthy", "passed"],
    ["another text", { expected_body: "all is well" }, "unhealthy", "the expected text is not in the body"],
    ["text that begins before 64 KB", { path: "/?pad=65400", expected_body: '{"name"' }, "healthy", "passed"],
    [
      "text behind 64 KB",
      { path: "/?pad=65536", expected_body: '{"name"' },
      "unhealthy",
      "the expected text is not in the body",
    ],
    ["the method", { method: "OPTIONS", expected_body: '"method":"OPTIONS"' }, "healthy", "passed"],
    [
      "a redirect, not what it leads to",
      { path: "/?status=302&location=/" },
      "unhealthy",
      "status 302, expected 2xx",
    ],
    [
      "a redirect that is expected",
      { path: "/?status=302&location=/", expected_codes: "300-399" },
      "healthy",
      "passed",
    ],
    [
      "what a redirect leads to, if told to",
      { path: "/?status=302&location=/?x=there", follow_redirects: true, expected_body: "/?x=there" },
      "healthy",
      "passed",
    ],
    [
      "a redirect without end",
      {
        path: "/?status=302&location=%2F%3Fstatus%3D302%26location%3D%252F%253Fstatus%253D302%2526location%253D%25252F%25253Fstatus%25253D302%252526location%25253D%2525252F%2525253Fstatus%2525253D302%25252526location%2525253D%2F",
        follow_redirects: true,
      },
      "unhealthy",
      "too many redirects",
    ],
    ["no answer in time", { path: "/?wait=5000" }, "unhealthy", "no answer within 0.3 s"],
    ["an open port", { type: "tcp" }, "healthy", "passed"],
    ["a closed port", { type: "tcp", port: 1 }, "unhealthy", "could not connect"],
    ["a closed port over HTTP", { port: 1 }, "unhealthy", "could not connect"],
  ])("judge %s", async (_what, check, status, detail) => {
    await configure({ origins: [{ id: "a", url }], health_check: { ...CHECK, ...check } });
    await until(
      async () => (await origin()).last_probe?.detail === detail && (await origin()).status === status,
    );
  });

  it("send the headers they are told to, and the path joined to the origin's", async () => {
    const check = {
      ...CHECK,
      headers: { "x-probe": "yes" },
      path: "/deep",
      expected_body: '"x-probe":"yes"',
    };
    await configure({ origins: [{ id: "a", url: `${url}/base` }], health_check: check });
    await until(async () => (await origin()).last_probe?.passed === true);
    await configure({
      origins: [{ id: "a", url: `${url}/base` }],
      health_check: { ...check, expected_body: '"url":"/base/deep"' },
    });
    await until(async () => (await origin()).last_probe?.passed === true);
  });

  it("begin at once for a new origin, which counts as configured until then", async () => {
    await configure({
      origins: [{ id: "a", url }],
      health_check: { ...CHECK, interval: 3_600, initial: "unhealthy" },
    });
    expect((await origin()).status).toBe("unhealthy");
    await until(async () => (await origin()).status === "healthy");
  });

  it("of 200 origins, of which 150 hang, are all in after one round", async () => {
    const origins = Array.from({ length: 200 }, (_, i) => ({
      id: `o${i}`,
      url: i % 4 === 0 ? url : `${other}/hang`,
    }));
    await configure({ origins, health_check: { interval: 60, timeout: 0.6, unhealthy_threshold: 1 } });
    await runDurableObjectAlarm(stub());
    const described = (await stub().describe()).origins;
    const prompt = described.filter((each) => each.url.startsWith(url));
    expect(prompt.filter((each) => each.last_probe?.passed).length).toBe(50);
    expect(described.filter((each) => each.status === "unhealthy").length).toBe(150);
  }, 60_000);
});

describe("what the object knows", () => {
  it("survives its eviction: health, streaks, drains, ejections, events, versions", async () => {
    await configure({
      origins: ["a", "b", "c", "d"].map((id) => ({ id, url })),
      health_check: { ...CHECK, path: "/?status=500", unhealthy_threshold: 1, interval: 3_600 },
      outlier_detection: {},
    });
    await until(async () => (await origin()).status === "unhealthy");
    await configure({
      origins: ["a", "b", "c", "d"].map((id) => ({ id, url })),
      health_check: { ...CHECK, path: "/?status=200", interval: 3_600, healthy_threshold: 3 },
      outlier_detection: {},
    });
    await stub().drain("b");
    const before = await stub().describe();
    const events = await kinds();
    await evictDurableObject(stub());
    const after = await stub().describe();
    expect(after.origins.map(({ last_probe: _, ...rest }) => rest)).toEqual(
      before.origins.map(({ last_probe: _, ...rest }) => rest),
    );
    expect(after.snapshot_version).toBe(before.snapshot_version);
    expect(after.config_version).toBe(2);
    expect(await kinds()).toEqual(events);
    expect((await origin("b")).draining).toBe(true);
  });

  it("includes ejections by live traffic, which a passing check ends", async () => {
    await configure({
      origins: ["a", "b"].map((id) => ({ id, url })),
      outlier_detection: { consecutive_failures: 3 },
    });
    await stub().sync(report({ a: failures(2) }));
    expect((await origin()).ejected).toBe(false);
    await stub().sync(report({ a: failures(1) }));
    expect((await origin()).ejected).toBe(true);
    await evictDurableObject(stub());
    expect((await origin()).ejected).toBe(true);
    await configure({
      origins: ["a", "b"].map((id) => ({ id, url })),
      outlier_detection: { consecutive_failures: 3 },
      health_check: CHECK,
    });
    await until(async () => !(await origin()).ejected);
    expect(await kinds()).toEqual(["- config_applied", "a ejected", "- config_applied", "a unejected"]);
  });

  it("counts a repeated report once, and never ejects the last origin", async () => {
    await configure({
      origins: ["a", "b"].map((id) => ({ id, url })),
      outlier_detection: { consecutive_failures: 3 },
    });
    const twice = report({ a: failures(2) });
    await stub().sync(twice);
    await stub().sync(twice);
    expect((await origin()).ejected).toBe(false);
    await stub().sync(report({ a: failures(9) }));
    await stub().sync(report({ b: failures(9) }));
    expect([(await origin("a")).ejected, (await origin("b")).ejected]).toEqual([true, false]);
    expect((await kinds()).at(-1)).toBe("b not_ejected");
  });
});

describe("configuration", () => {
  it("that is bad never replaces a good one", async () => {
    await configure({ origins: [{ id: "a", url }] });
    await configure({ origins: "none" });
    const { config, config_error } = await stub().describe();
    expect(config?.origins.length).toBe(1);
    expect(config_error).toContain("origins: must be");
  });

  it("never flips back to an older document that KV still shows", async () => {
    await configure({ origins: [{ id: "a", url, weight: 2 }] }, 2_000);
    await configure({ origins: [{ id: "a", url, weight: 1 }] }, 1_000);
    expect((await stub().describe()).config?.origins[0]?.weight).toBe(2);
    // Unmarked, as `wrangler kv key put` writes it: what was in force a moment ago is KV's past.
    await configure({ origins: [{ id: "a", url, weight: 3 }] }, 3_000);
    await env.POOLS.put(`pool:${pool}`, JSON.stringify({ origins: [{ id: "a", url, weight: 2 }] }));
    await stub().wake();
    expect((await stub().describe()).config?.origins[0]?.weight).toBe(3);
    await env.POOLS.put(`pool:${pool}`, JSON.stringify({ origins: [{ id: "a", url, weight: 4 }] }));
    await stub().wake();
    expect((await stub().describe()).config?.origins[0]?.weight).toBe(4);
  });

  it("keeps what is known of an origin when its weight or url changes", async () => {
    const check = { ...CHECK, path: "/?status=500", unhealthy_threshold: 1, interval: 3_600 };
    await configure({ origins: [{ id: "a", url }], health_check: check });
    await until(async () => (await origin()).status === "unhealthy");
    await configure({ origins: [{ id: "a", url: other, weight: 7 }], health_check: check });
    expect((await origin()).status).toBe("unhealthy");
  });
});

describe("the alarm", () => {
  const document = () => ({ origins: [{ id: "a", url }], health_check: { ...CHECK, interval: 60 } });
  const alarmAt = () => runInDurableObject(stub(), (_, state) => state.storage.getAlarm());
  const lose = () => runInDurableObject(stub(), (_, state) => state.storage.deleteAlarm());

  afterEach(() => void vi.useRealTimers());

  // Set to the very time of the one that runs, it would never ring (workerd 1.20261117: the time is stored, and lost).
  it("is never set to the time of the one that runs, though that came early and found nothing to do", async () => {
    await configure(document());
    await until(async () => (await origin()).last_probe !== null);
    const scheduledTime = (await alarmAt()) ?? 0;
    expect(scheduledTime).toBeGreaterThan(Date.now());
    await runInDurableObject(stub(), (object) =>
      object.alarm?.({ scheduledTime, isRetry: false, retryCount: 0 }),
    );
    expect(await alarmAt()).toBeGreaterThan(scheduledTime);
  });

  it("rings when something is due, not a fraction of a millisecond before, and sets the next for later", async () => {
    await configure(document());
    await runDurableObjectAlarm(stub());
    for (let round = 0; round < 5; round++) {
      const before = (await origin()).last_probe?.at;
      const at = (await alarmAt()) ?? 0;
      vi.useFakeTimers({ toFake: ["Date"] });
      vi.setSystemTime(at);
      await runDurableObjectAlarm(stub());
      expect((await origin()).last_probe?.at, "it was probed").toBeGreaterThan(
        before ?? Number.POSITIVE_INFINITY,
      );
      expect(await alarmAt()).toBeGreaterThan(at);
    }
  });

  it("is set anew by the watchdog if it was lost", async () => {
    await configure(document());
    await runDurableObjectAlarm(stub());
    await lose();
    await stub().wake();
    expect(await alarmAt()).toBeGreaterThan(0);
  });

  it("is set anew by traffic if it is long overdue", async () => {
    await configure(document());
    await runDurableObjectAlarm(stub());
    const at = (await alarmAt()) ?? 0;
    await lose();
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(at + 1_000);
    await stub().sync(report({}));
    expect(await alarmAt(), "it may only be late").toBeNull();
    vi.setSystemTime(at + 6_000);
    await stub().sync(report({}));
    expect(await alarmAt()).toBeGreaterThan(at);
  });

  it("rings for an object whose alarm stands but is overdue", async () => {
    await configure({ origins: [{ id: "a", url }], health_check: { ...CHECK, interval: 3_600 } });
    await until(async () => (await origin()).last_probe !== null);
    const standing = (await alarmAt()) ?? 0;
    await stub().wake();
    await vi.waitUntil(async () => (await alarmAt()) !== standing);
  });
});

describe("a pool that is gone from KV", () => {
  afterEach(() => void vi.useRealTimers());

  it("is retired once KV cannot be merely late any more, stops its alarm, and comes back with its document", async () => {
    const document = { origins: [{ id: "a", url }], health_check: CHECK };
    await configure(document);
    await env.POOLS.delete(`pool:${pool}`);
    await stub().wake();
    expect((await stub().describe()).configured, "KV may be late").toBe(true);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 61_000);
    await stub().wake();
    expect((await stub().describe()).configured).toBe(false);
    expect((await stub().sync(report({}))).configured).toBe(false);
    vi.useRealTimers();
    await runDurableObjectAlarm(stub());
    expect(await runDurableObjectAlarm(stub()), "no alarm is left").toBe(false);
    await configure(document);
    expect((await stub().describe()).configured).toBe(true);
  });
});

describe("slow start", () => {
  it("gives an origin that came back a growing share of its weight", async () => {
    const check = { ...CHECK, unhealthy_threshold: 1, interval: 3_600 };
    const origins = ["a", "b"].map((id) => ({ id, url }));
    const bad = { port: 1 };
    await configure({ origins, slow_start: 60 });
    await stub().drain("a");
    await stub().undrain("a");
    const weights = (await stub().describe()).origins.map(({ weight_factor }) => weight_factor);
    expect(weights).toEqual([0.1, 1]);
    await configure({ origins, slow_start: 60, health_check: { ...check, ...bad } });
    await until(async () => (await origin("b")).status === "unhealthy");
    expect((await origin("a")).weight_factor, "nobody is left to spare it").toBe(1);
  });
});

describe("draining", () => {
  it("ends at once when nothing is left, and is undone by undrain", async () => {
    await configure({ origins: ["a", "b"].map((id) => ({ id, url })) });
    await stub().sync(report({}, { active: { a: 1 } }));
    expect(await stub().drain("a")).toBe("changed");
    expect(await stub().drain("a"), "a second time").toBe("unchanged");
    await runDurableObjectAlarm(stub());
    expect((await origin()).drained).toBe(false);
    expect((await origin()).active_connections).toBe(1);
    await stub().sync(report({}, { active: {} }));
    await until(async () => (await origin()).drained);
    expect(await stub().undrain("a")).toBe("changed");
    expect(await kinds()).toEqual(["- config_applied", "a drain_started", "a drained", "a undrained"]);
  });

  const document = (...ids: string[]) => ({ origins: ids.map((id) => ({ id, url })) });
  const ids = async () => (await stub().describe()).origins.map(({ id }) => id);

  it("that is over lets an origin go at once when it leaves the configuration", async () => {
    await configure(document("a", "b"));
    await stub().drain("a");
    await until(async () => (await origin()).drained);
    await configure(document("b"), Date.now() + 1);
    expect(await ids()).toEqual(["b"]);
    expect(await kinds()).toContain("a removed");
  });

  it("of an origin that is leaving is ended by the configuration alone, not by undrain", async () => {
    await configure(document("a", "b"));
    await stub().sync(report({}, { active: { a: 1 } }));
    await configure(document("b"), Date.now() + 1);
    expect(await origin()).toMatchObject({ draining: true, leaving: true });
    expect(await stub().undrain("a")).toBe("unchanged");
    expect(await origin()).toMatchObject({ draining: true, leaving: true });
    await configure(document("a", "b"), Date.now() + 2);
    expect(await origin()).toMatchObject({ draining: false, leaving: false });
    expect((await kinds()).filter((kind) => kind.startsWith("a "))).toEqual([
      "a drain_started",
      "a undrained",
    ]);
  });
});
