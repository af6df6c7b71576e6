/**
 * What a pool says of itself to routes, on a virtual clock: the tracker is looked at whenever it asks to be, as the
 * object's alarm does.
 */
import { parsePool } from "../../../../src/config/parse.ts";
import type { PoolConfig } from "../../../../src/config/schema.ts";
import type { TrackedOrigin } from "../../../../src/pool/origins/origin-record.ts";
import { PoolStatusTracker } from "../../../../src/pool/status/pool-status-tracker.ts";
import { MemoryMetadata } from "../../../support/memory-metadata.ts";

export const START = 1_790_000_000_000;
const WELL = {
  weight: 1,
  enabled: true,
  healthy: true,
  ejected: false,
  draining: false,
  drained: false,
};

export function origin(id: string, more: Partial<TrackedOrigin> = {}): TrackedOrigin {
  const standing = { ...WELL, id, backup: false, keptInUntilMs: null, ...more };
  const isOut = !standing.healthy || standing.ejected || standing.draining || standing.drained;
  return { ...standing, isOut: more.isOut ?? isOut };
}

function poolOf(settings: object): PoolConfig {
  const parsed = parsePool({ origins: [{ id: "a", url: "https://a.example.com" }], ...settings });
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  return parsed.value;
}

/** A pool's object as far as its status goes. */
export class StatusWorld {
  readonly store = new MemoryMetadata();
  readonly events: string[] = [];
  nowMs = START;
  origins: TrackedOrigin[] = [origin("a"), origin("b")];
  load = { connections: 0, requestsPerSecond: 0, paceMs: 900 };
  isolates = 3;
  changes = 0;
  looks = 0;
  judgementRevision = 0;
  config: PoolConfig;
  tracker: PoolStatusTracker;

  constructor(settings: object = {}) {
    this.config = poolOf(settings);
    this.tracker = this.restart();
    this.tracker.steer(true);
  }

  /** The object was evicted: only what it stored is left. */
  restart(): PoolStatusTracker {
    this.tracker = new PoolStatusTracker({
      store: this.store,
      now: () => this.nowMs,
      events: { emit: (kind, facts) => void this.events.push(`${kind}: ${facts?.detail}`) },
      origins: () => {
        this.looks++;
        return this.origins;
      },
      judgementRevision: () => this.judgementRevision,
      load: () => this.load,
      isolates: () => this.isolates,
      changed: () => void this.changes++,
    });
    this.tracker.adopt(this.config);
    return this.tracker;
  }

  set(...origins: TrackedOrigin[]): this {
    this.origins = origins;
    this.tracker.look();
    return this;
  }

  /** Time passes; the alarm rings whenever it was set. */
  pass(seconds: number): this {
    const endMs = this.nowMs + seconds * 1_000;
    for (let rings = 0; this.tracker.nextLookMs() <= endMs; rings++) {
      if (rings > 10_000) throw new Error("it asks to be looked at without end");
      this.nowMs = Math.max(this.nowMs, this.tracker.nextLookMs());
      this.tracker.look();
    }
    this.nowMs = endMs;
    return this;
  }

  get said() {
    const { mark: _, ...content } = this.tracker.status ?? { mark: 0, available: null };
    return content;
  }
}

export const ILL = { healthy: false };
