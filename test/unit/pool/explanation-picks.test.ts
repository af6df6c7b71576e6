/** The explanation says of each origin what the object's own picks do with it. */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import type { OriginState, PoolSnapshot } from "../../../src/contract/sync.ts";
import { ALGORITHMS, algorithmEntry } from "../../../src/core/algorithms/index.ts";
import { explainPick } from "../../../src/pool/admin/explanation.ts";
import { StrictPicker } from "../../../src/pool/leases/strict-picker.ts";
import { SEED, seededRandom } from "../../support/random.ts";

const POOLS = 150;
const PICKS = 800;
/** `first` gives all to one origin, which says nothing of the others. */
const SHARING = ALGORITHMS.filter((name) => algorithmEntry(name).sharedBy !== "order");

interface Made {
  readonly snapshot: PoolSnapshot;
  /** Requests in flight. */
  readonly active: ReadonlyMap<string, number>;
}

/** A pool in which any two things may come together. */
function made(random: () => number): Made {
  const oneOf = <T>(...values: T[]): T => values[Math.floor(random() * values.length)] as T;
  const chance = (probability: number) => random() < probability;
  const count = 1 + Math.floor(random() * 6);
  const origins = Array.from({ length: count }, (_, i) => ({
    id: `o${i}`,
    url: `https://o${i}.example.com`,
    weight: oneOf(0, 1, 1, 2, 3),
    enabled: !chance(0.1),
    backup: chance(0.4),
    max_connections: chance(0.3) ? 2 : null,
  }));
  const document = {
    algorithm: oneOf(...SHARING),
    coordination: "strict",
    panic_threshold: oneOf(0, 50, 50, 100),
    origins,
  };
  const parsed = parsePool(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  const isSick = chance(0.5);
  const state = (): OriginState => ({
    healthy: !chance(isSick ? 0.7 : 0.1),
    ejected: chance(0.2),
    draining: chance(0.1),
    drained: chance(0.1),
    weight_factor: oneOf(1, 1, 0.5),
  });
  const states = Object.fromEntries(origins.map(({ id }) => [id, state()]));
  const full = origins.filter(({ max_connections }) => max_connections !== null && chance(0.5));
  return {
    snapshot: { version: 1, config: parsed.value, origins: states },
    active: new Map(full.map(({ id }) => [id, 2])),
  };
}

function kept({ snapshot, active }: Made): string[] {
  const { candidates } = explainPick({
    pool: "web",
    snapshot,
    facts: { method: "GET", path: "/", target: "/", client_ip: "", headers: {} },
    nowMs: 0,
    cursor: 0,
    random: () => 0,
    active: (id) => active.get(id) ?? 0,
    isolates: 1,
    granted: () => null,
  });
  return candidates.flatMap(({ id, exclusion_reason }) => (exclusion_reason === null ? id : [])).sort();
}

/** Where requests without a session go, each over before the next begins. */
function picked({ snapshot, active }: Made): string[] {
  let cursor = 0;
  const picker = new StrictPicker({ now: () => 0, cursor: { next: () => cursor++ }, limiter: () => null });
  picker.adopt(snapshot);
  const open: Record<string, string> = {};
  for (const [id, count] of active) for (let i = 0; i < count; i++) open[`${id}-${i}`] = id;
  picker.reconcile("other", open, true);
  const seen = new Set<string>();
  for (let i = 0; i < PICKS; i++) {
    const attempt = String(i);
    const request = { isolate: "one", attempt, client_ip: "", key: `key:${i}`, pinned: null, tried: [] };
    const { origin } = picker.pick(request);
    if (origin !== null) seen.add(origin);
    picker.release({ isolate: "one", attempt, failed: false, latency_ms: 10 });
  }
  return [...seen].sort();
}

/** Written down once more, as plainly as it can be. */
function expected({ snapshot: { config, origins }, active }: Made): string[] {
  const serving = config.origins.filter(({ id, enabled, weight }) => {
    const { draining = false, drained = false } = origins[id] ?? {};
    return enabled && weight > 0 && !draining && !drained;
  });
  const isWell = ({ id }: { id: string }) => origins[id]?.healthy === true && !origins[id]?.ejected;
  const byPriority = [false, true].map((backup) => serving.filter((origin) => origin.backup === backup));
  const [primary = [], backup = []] = byPriority;
  const isFew = (priority: typeof serving) =>
    priority.filter(isWell).length * 100 < config.panic_threshold * priority.length;
  const primaryPanics = isFew(primary) && !backup.some(isWell);
  const backupPanics = isFew(backup) && (primaryPanics || !primary.some(isWell));
  const isFree = ({ id, max_connections }: { id: string; max_connections: number | null }) =>
    (active.get(id) ?? 0) < (max_connections ?? Number.POSITIVE_INFINITY);
  const open = (priority: typeof serving, panics: boolean) =>
    priority.filter((origin) => (panics || isWell(origin)) && isFree(origin)).map(({ id }) => id);
  const first = open(primary, primaryPanics);
  return (first.length > 0 ? first : open(backup, backupPanics)).sort();
}

describe("an explanation's candidates", () => {
  it(`are the origins that picks go to, in ${POOLS} random pools`, () => {
    const random = seededRandom();
    let panics = 0;
    let nobody = 0;
    for (let i = 0; i < POOLS; i++) {
      const pool = made(random);
      const where = `pool ${i}, seed ${SEED}: ${JSON.stringify(pool.snapshot)}`;
      const want = expected(pool);
      expect(kept(pool), where).toEqual(want);
      expect(picked(pool), where).toEqual(want);
      if (want.some((id) => pool.snapshot.origins[id]?.healthy === false)) panics++;
      if (want.length === 0) nobody++;
    }
    expect(panics).toBeGreaterThan(5);
    expect(nobody).toBeGreaterThan(5);
  });
});
