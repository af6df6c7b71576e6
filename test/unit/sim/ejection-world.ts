import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { parsePool } from "../../../src/config/parse.ts";
import type { PoolConfig } from "../../../src/config/schema.ts";
import type { OriginState, SyncReply } from "../../../src/contract/sync.ts";
import { EdgePool } from "../../../src/edge/pool/edge-pool.ts";
import { OriginStates } from "../../../src/pool/origins/origin-states.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";
import { failures } from "../../support/origin-reports.ts";
import { WELL } from "../../support/well.ts";

const FAILURES = 5;
/** How long an isolate's own ejection lasts. */
export const OWN_MS = 3_000;

export interface Origin {
  enabled?: boolean;
  weight?: number;
  healthy?: boolean;
  ejected?: boolean;
  draining?: boolean;
}

const FAILED = failures("status", FAILURES);

function configOf(origins: Record<string, Origin>, percent: number): PoolConfig {
  const parsed = parsePool({
    origins: Object.entries(origins).map(([id, { enabled = true, weight = 1 }]) => {
      return { id, url: `https://${id}.example`, enabled, weight };
    }),
    health_check: { unhealthy_threshold: 1, healthy_threshold: 1 },
    outlier_detection: { consecutive_failures: FAILURES, failure_percent: 0, max_ejection_percent: percent },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

/** A pool's object and an isolate that has its snapshot, on one clock. */
export class EjectionWorld {
  nowMs = 1_800_000_000_000;
  readonly states: OriginStates;
  readonly pool: EdgePool;
  readonly #config: PoolConfig;
  #version = 0;

  constructor(origins: Record<string, Origin>, percent = 50) {
    this.#config = configOf(origins, 100);
    const now = () => this.nowMs;
    const store = new PoolStore(memorySql());
    this.states = new OriginStates({
      store,
      now,
      events: { emit: () => {} },
      connections: { active: () => 1, calledByMs: now(), accountedMs: 0 },
    });
    this.pool = new EdgePool("p", () => 0, now);
    // The origins that are to be out are ejected while there is no limit and all of them are well.
    this.states.adopt(configOf(Object.fromEntries(Object.keys(origins).map((id) => [id, {}])), 100));
    for (const [id, { ejected }] of Object.entries(origins))
      if (ejected) this.states.applyOutcomes({ [id]: FAILED });
    this.#config = configOf(origins, percent);
    this.states.adopt(this.#config);
    for (const [id, { healthy, draining }] of Object.entries(origins)) {
      if (healthy === false) this.states.applyProbe(id, false, "down");
      if (draining) this.states.drain(id);
    }
    this.sync();
  }

  /** The isolate hears what the object has to say, but for what is said here. */
  sync(states: Record<string, Partial<OriginState>> = {}): void {
    const now = Object.entries(this.states.states());
    this.#apply(
      this.#config,
      Object.fromEntries(now.map(([id, state]) => [id, { ...state, ...states[id] }])),
    );
  }

  /** The isolate hears that the pool has these origins, all well. */
  reply(origins: Record<string, Origin>): void {
    const states = Object.fromEntries(Object.keys(origins).map((id) => [id, WELL]));
    this.#apply(configOf(origins, this.#config.outlier_detection?.max_ejection_percent ?? 0), states);
  }

  #apply(config: PoolConfig, origins: Record<string, OriginState>): void {
    const reply: SyncReply = {
      snapshot: { version: ++this.#version, config, origins },
      cursor: { start: 0, end: 100 },
      active: {},
      next_sync_ms: 60_000,
      configured: true,
    };
    this.pool.apply(reply, this.nowMs);
  }

  /** True if the object ejects `id` for what it did. */
  objectEjects(id: string): boolean {
    const before = this.states.states()[id]?.ejected;
    this.states.applyOutcomes({ [id]: FAILED });
    return !before && this.states.states()[id]?.ejected === true;
  }

  /** True if the isolate does. */
  isolateEjects(id: string): boolean {
    const server = this.pool.server(id);
    if (server === null) throw new Error("no such origin");
    const before = server.ejected;
    for (let i = 0; i < FAILURES; i++) this.pool.ended(server, "status", 1);
    return !before && server.ejected;
  }

  isOut(id: string): boolean {
    this.pool.servers.endLocalEjections(this.nowMs);
    return this.pool.server(id)?.ejected === true;
  }
}
