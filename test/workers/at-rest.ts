/**
 * Checks after every test in workerd that nothing is open: isolates have no request in flight and hold no pick of a
 * strict pool, and the pool's object counts none, without help. A test that leaves something open on purpose says so by
 * `leavesOpen`. The object's counts are not checked for pools that a test itself calls as an isolate, which it does
 * under ids that are not random like those of real isolates.
 * @module
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect } from "vitest";
import type { PickRequest } from "../../src/contract/strict.ts";
import type { SyncReport } from "../../src/contract/sync.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { UpstreamPool } from "../../src/pool/upstream-pool.ts";
import { eventually } from "./test-clock.ts";

const REAL_ISOLATE = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

/** Pools of all isolates, because an isolate that the object has forgotten may still hold something. */
const edgePools = new Set<EdgePool>();
/** Pools that were called since the last test, by name; false: by an isolate that a test plays. */
const called = new Map<string, boolean>();
let isExpected = false;

/** This test leaves requests open, and says why in a comment. */
export function leavesOpen(): void {
  isExpected = true;
}

const { apply } = EdgePool.prototype;
EdgePool.prototype.apply = function (this: EdgePool, ...parameters) {
  edgePools.add(this);
  return apply.apply(this, parameters);
};

function note(object: UpstreamPool, isolate: string): void {
  const { name } = (Reflect.get(object, "ctx") as DurableObjectState).id;
  if (name !== undefined) called.set(name, called.get(name) !== false && REAL_ISOLATE.test(isolate));
}

const { sync, pick } = UpstreamPool.prototype;
UpstreamPool.prototype.sync = function (this: UpstreamPool, report: SyncReport) {
  note(this, report.isolate);
  return sync.call(this, report);
};
UpstreamPool.prototype.pick = function (this: UpstreamPool, request: PickRequest) {
  note(this, request.isolate);
  return pick.call(this, request);
};

function openAtIsolates(): string[] {
  return [...edgePools].flatMap((pool) => {
    const servers = pool.activePool?.balancer.servers ?? [];
    const requests = servers.filter(({ own }) => own !== 0);
    return [
      ...requests.map(({ id, own }) => `${own} at ${pool.id}/${id}`),
      ...[...pool.strictPicks.keys()].map((attempt) => `pick ${attempt} of ${pool.id}`),
    ];
  });
}

async function openAtObjects(): Promise<string[]> {
  const names = [...called].filter(([, isReal]) => isReal).map(([name]) => name);
  const counts = await Promise.all(
    names.map(async (name) => [
      name,
      (await env.UPSTREAM_POOL.getByName(name).describe()).active_connections,
    ]),
  );
  return counts
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => `${count} as the object of ${name} knows`);
}

// The Worker makes errors without stacks, but a test that fails must say where.
beforeEach(() => {
  Object.assign(Error, { stackTraceLimit: 20 });
});

afterEach(async () => {
  const mayBeOpen = isExpected;
  isExpected = false;
  if (!mayBeOpen) {
    const nothing = async () => expect([...openAtIsolates(), ...(await openAtObjects())], "open").toEqual([]);
    await eventually(nothing).catch((error) => {
      // Only the test that left it is blamed.
      edgePools.clear();
      called.clear();
      throw error;
    });
  }
  called.clear();
});
