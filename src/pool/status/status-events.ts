/**
 * Makes events of a pool's status for the operator: unavailable, returning, available, spilling. A pool whose load is
 * about its capacity must not make one every few seconds.
 * @module
 */
import type { PoolEventKind } from "../../contract/events.ts";
import type { PoolStatus } from "../../contract/pool-status.ts";
import { takenShare } from "../../core/steering/priority-load.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { Metadata } from "../storage/metadata.ts";
import type { Stage } from "../storage/stored-forms.ts";
import type { StatusFacts } from "./status-marks.ts";

/** Time for which a pool must take all of its clients before it no longer counts as spilling. */
const CALM_MS = 10_000;

const EVENT: Record<Stage, PoolEventKind> = {
  available: "pool_available",
  spilling: "pool_spilling",
  returning: "pool_returning",
  unavailable: "pool_unavailable",
};

export class StatusEvents {
  readonly #store: Metadata;
  readonly #events: EventSink;
  #stage: Stage;
  /** Since when a pool that was said to spill takes all; null: it does not. */
  #calmSinceMs: number | null = null;

  constructor(store: Metadata, events: EventSink) {
    this.#store = store;
    this.#events = events;
    this.#stage = store.get("pool_stage");
  }

  note(facts: StatusFacts, status: Omit<PoolStatus, "mark">, nowMs: number): void {
    const seen = stageOf(facts, status);
    if (seen !== "available" || this.#stage !== "spilling") this.#calmSinceMs = null;
    else this.#calmSinceMs ??= nowMs;
    if (this.#calmSinceMs !== null && nowMs - this.#calmSinceMs < CALM_MS) return;
    if (seen === this.#stage) return;
    const isBack = seen === "spilling" && this.#stage !== "available";
    this.#stage = seen;
    this.#calmSinceMs = null;
    this.#store.put("pool_stage", seen);
    // Back with a part of its clients is back all the same.
    const detail = detailOf(seen, facts, status, nowMs);
    this.#events.emit(EVENT[isBack ? "available" : seen], { detail, atMs: nowMs });
  }

  /** When `note` may have something to say though nothing changes, in ms since the epoch; Infinity: never. */
  nextMs(): number {
    return this.#calmSinceMs === null ? Number.POSITIVE_INFINITY : this.#calmSinceMs + CALM_MS;
  }

  /** The pool was removed. The store is cleared by its owner. */
  clear(): void {
    this.#stage = "available";
    this.#calmSinceMs = null;
  }
}

function stageOf({ available, returnsAtMs, config }: StatusFacts, { share, accept }: Taken): Stage {
  if (!available) return returnsAtMs === null ? "unavailable" : "returning";
  return takenShare({ share, accept, overprovisioning: config.overprovisioning }) < 1
    ? "spilling"
    : "available";
}

type Taken = Pick<PoolStatus, "share" | "accept">;

function detailOf(stage: Stage, facts: StatusFacts, status: Omit<PoolStatus, "mark">, nowMs: number): string {
  const { strength, config, returnsAtMs } = facts;
  const origins = `${strength.eligible} of ${strength.total} origins`;
  if (stage === "returning") return `${origins}, in ${Math.ceil(((returnsAtMs ?? nowMs) - nowMs) / 1_000)} s`;
  if (stage === "available") return `${origins}, takes all of its clients`;
  if (stage === "unavailable") return status.reason ?? origins;
  const { share, accept } = status;
  const percent = Math.round(takenShare({ share, accept, overprovisioning: config.overprovisioning }) * 100);
  return `takes ${percent}% of its clients: ${status.reason ?? origins}`;
}
