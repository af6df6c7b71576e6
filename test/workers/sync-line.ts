import { parsePool } from "../../src/config/parse.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import type { SyncReply } from "../../src/contract/sync.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { SyncState } from "../../src/edge/sync/sync-state.ts";
import type { ObjectFailure } from "../../src/platform/object-answer.ts";
import { WELL } from "../support/well.ts";

export const PACE_MS = 1_000;

function poolConfig(): PoolConfig {
  const origins = ["a", "b"].map((id) => ({ id, url: `https://${id}.example` }));
  const parsed = parsePool({ origins });
  if (!parsed.ok) throw new Error("the fixture is no configuration");
  return parsed.value;
}

export const config = poolConfig();
let version = 0;

/** An isolate's pool and its line to an object that answers what it is told to, on a clock that is told to move. */
export class Line {
  nowMs = 100_000;
  /** Of the spread of back-offs: the middle. */
  random = 0.5;
  readonly pool = new EdgePool(
    "p",
    () => 0,
    () => this.nowMs,
  );
  readonly state = new SyncState(this.pool, "isolate", () => this.random);

  /** One call that is answered after `tookMs`. */
  sync(more: Partial<SyncReply> = {}, tookMs = 0) {
    const startedMs = this.nowMs;
    const report = this.state.begin(startedMs);
    this.nowMs += tookMs;
    const origins = Object.fromEntries(["a", "b"].map((id) => [id, WELL]));
    const reply: SyncReply = {
      snapshot: { version: ++version, config, origins },
      cursor: report.cursor.want > 0 ? { start: 0, end: report.cursor.want } : null,
      active: {},
      next_sync_ms: PACE_MS,
      configured: true,
      ...more,
    };
    this.state.answered(report, reply, startedMs, this.nowMs);
    return report;
  }

  fail(failure: ObjectFailure = "timeout"): number {
    const startedMs = this.nowMs;
    this.state.begin(startedMs);
    return this.state.failed(startedMs, this.nowMs, failure);
  }

  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  get isStale(): boolean {
    return this.state.isStale(this.nowMs);
  }

  get isDue(): boolean {
    return this.state.isDue(this.nowMs);
  }
}
