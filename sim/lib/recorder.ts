/**
 * Measures a run in true virtual time: counts by second, and each origin's exact sliding window.
 * @module
 */
import { type DeployRecord, deployRecord, noteAnswer } from "./deploys.ts";
import type { Ended, Measures } from "./isolate-world.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** The reason for a call to the object. */
export const CALL_KINDS = ["paced", "early", "first", "rested", "tokens", "picks", "watches"] as const;
export type CallKind = (typeof CALL_KINDS)[number];

/** A client's result. */
export const ANSWERS = ["answered", "rate_limited", "no_origin", "origin_failed", "lost"] as const;
export type Answer = (typeof ANSWERS)[number];

export interface OriginRecord {
  readonly id: string;
  /** Requests started, by second. */
  readonly starts: Float64Array;
  /** Most requests in any window of one second that ended in this second. */
  readonly worst: Float64Array;
  /** The largest of these, and its time in ms. */
  worstWindow: number;
  worstAtMs: number;
  readonly window: SlidingWindow;
}

export interface PoolEvent {
  readonly atMs: number;
  readonly kind: string;
  readonly origin: string | null;
  readonly detail: string;
}

export class Recorder implements Measures {
  readonly seconds: number;
  readonly origins: ReadonlyMap<string, OriginRecord>;
  readonly calls: Readonly<Record<CallKind, Float64Array>>;
  readonly answers: Readonly<Record<Answer, Float64Array>>;
  readonly offered: Float64Array;
  readonly events: PoolEvent[] = [];
  readonly deploys: readonly DeployRecord[];
  /** Calls that arrived in any one second. */
  readonly callWindow = new SlidingWindow();
  mostCalls = 0;
  attempts = 0;
  /** Start times of requests to origins that fail, which are kept one by one. */
  readonly #traced = new Map<string, number[]>();

  constructor(
    seconds: number,
    origins: readonly string[],
    traced: readonly string[],
    deploysMs: readonly number[],
  ) {
    this.seconds = seconds;
    this.deploys = deploysMs.map(deployRecord);
    const column = () => new Float64Array(seconds);
    const record = (id: string): OriginRecord => ({
      id,
      starts: column(),
      worst: column(),
      worstWindow: 0,
      worstAtMs: 0,
      window: new SlidingWindow(),
    });
    this.origins = new Map(origins.map((id) => [id, record(id)]));
    this.calls = columns(CALL_KINDS, column);
    this.answers = columns(ANSWERS, column);
    this.offered = column();
    for (const id of traced) this.#traced.set(id, []);
  }

  request(nowMs: number): void {
    add(this.offered, nowMs);
  }

  ended(nowMs: number, { answer, cameMs }: Pick<Ended, "answer" | "cameMs">): void {
    add(this.answers[answer], nowMs);
    for (const deploy of this.deploys) noteAnswer(deploy, cameMs, nowMs, answer === "rate_limited");
  }

  /** A request leaves for an origin. */
  start(nowMs: number, id: string): void {
    const record = this.origins.get(id);
    if (record === undefined || nowMs < 0) return;
    this.attempts++;
    add(record.starts, nowMs);
    const inWindow = record.window.add(nowMs);
    const second = Math.floor(nowMs / 1_000);
    record.worst[second] = Math.max(record.worst[second] ?? 0, inWindow);
    if (inWindow > record.worstWindow) {
      record.worstWindow = inWindow;
      record.worstAtMs = nowMs;
    }
    this.#traced.get(id)?.push(nowMs);
  }

  /** A call reaches the object. */
  objectCall(nowMs: number, kind: CallKind): void {
    if (nowMs < 0) return;
    add(this.calls[kind], nowMs);
    this.mostCalls = Math.max(this.mostCalls, this.callWindow.add(nowMs));
  }

  event(atMs: number, kind: string, origin: string | null, detail: string): void {
    this.events.push({ atMs, kind, origin, detail });
  }

  /** Start times of requests to a failing origin, in ms, ascending. */
  trace(id: string): readonly number[] {
    return this.#traced.get(id) ?? [];
  }
}

/** Events before or after the run are not counted. */
function add(column: Float64Array, nowMs: number): void {
  const second = Math.floor(nowMs / 1_000);
  if (second >= 0 && second < column.length) column[second] = (column[second] ?? 0) + 1;
}

function columns<K extends string>(kinds: readonly K[], column: () => Float64Array): Record<K, Float64Array> {
  return Object.fromEntries(kinds.map((kind) => [kind, column()])) as Record<K, Float64Array>;
}
