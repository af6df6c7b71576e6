/**
 * Waits until a draining origin is empty, and shows the progress.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { poolAnswerSchema } from "../../src/admin/http/schemas.ts";
import { type AdminClient, ApiProblem } from "./admin-client.ts";
import { Failure } from "./failure.ts";
import type { PoolAnswer } from "./status.ts";
import { count, countdown } from "./terminal/format.ts";
import { ProgressLine } from "./terminal/progress-line.ts";

const POLL_MS = 500;
/** Number of consecutive retries for a balancer that does not answer. */
const MOST_FAILURES = 10;

export type DrainEnd =
  | "empty"
  /** The drain's time was over, and connections were left. */
  | "time_up"
  /** Somebody ended the drain. */
  | "undrained"
  /** Ctrl-C: the waiting ended, the drain continues. */
  | "interrupted";

type OriginAnswer = PoolAnswer["origins"][number];

/** The known state of the origin. */
export interface DrainView {
  readonly draining: boolean;
  readonly drained: boolean;
  /** In ms since the epoch; null if it does not drain. */
  readonly deadline: number | null;
  readonly active: number;
  /** Its pool has sessions, which may come back until the deadline. */
  readonly sticky: boolean;
}

/**
 * How a drain ended; null: it has not.
 * @param now null: the pool no longer has the origin
 * @param before the last seen state
 */
export function drainEnd(now: DrainView | null, before: DrainView | null, nowMs: number): DrainEnd | null {
  if (now === null) {
    // It was being removed. Connections that were open just before its time was over have not ended by themselves.
    const isOver = nowMs >= (before?.deadline ?? Number.POSITIVE_INFINITY);
    return isOver && (before?.active ?? 0) > 0 ? "time_up" : "empty";
  }
  if (now.drained) return now.active === 0 ? "empty" : "time_up";
  return now.draining ? null : "undrained";
}

/** `3 connections open, 4:58 left` */
export function drainProgress({ active, deadline, sticky }: DrainView, nowMs: number): string {
  const left = deadline === null ? "" : `, ${countdown(deadline - nowMs)} left`;
  const sessions = sticky && active === 0 ? " for its sessions to come back" : "";
  return `${count(active, "connection")} open${left}${sessions}`;
}

/**
 * Polls until the drain has ended.
 * @param interrupted ends the waiting, and a request of `client` that is under way
 * @throws Failure if the balancer cannot be asked for a while
 */
export async function awaitDrain(
  client: AdminClient,
  pool: string,
  origin: string,
  interrupted: AbortSignal,
): Promise<{ end: DrainEnd; active: number }> {
  const line = new ProgressLine(process.stderr);
  let before: DrainView | null = null;
  let failures = 0;
  try {
    while (!interrupted.aborted) {
      try {
        const now = await look(client, pool, origin);
        failures = 0;
        const end = drainEnd(now, before, Date.now());
        if (end !== null) return { end, active: now?.active ?? before?.active ?? 0 };
        before = now;
      } catch (error) {
        if (!interrupted.aborted && !isPassing(error, ++failures)) throw error;
      }
      if (before !== null)
        line.show(`${pool}/${origin}: ${drainProgress(before, Date.now())}`, before.active);
      await sleep(POLL_MS, undefined, { signal: interrupted }).catch(() => {
        // Interrupted.
      });
    }
    return { end: "interrupted", active: before?.active ?? 0 };
  } finally {
    line.clear();
  }
}

/** A balancer may be unreachable for a moment, but a refusal is final. */
function isPassing(error: unknown, failures: number): boolean {
  return error instanceof Failure && !(error instanceof ApiProblem) && failures <= MOST_FAILURES;
}

async function look(client: AdminClient, pool: string, id: string): Promise<DrainView | null> {
  const { config, origins } = await client.ask(`/pools/${encodeURIComponent(pool)}`, poolAnswerSchema);
  const origin: OriginAnswer | undefined = origins.find((each) => each.id === id);
  if (origin === undefined) return null;
  const { draining, drained, drain_deadline: deadline, active_connections: active } = origin;
  return { draining, drained, deadline, active, sticky: isSticky(config) };
}

function isSticky(config: unknown): boolean {
  if (typeof config !== "object" || config === null || !("sticky" in config)) return false;
  return config.sticky !== false && config.sticky !== null;
}
