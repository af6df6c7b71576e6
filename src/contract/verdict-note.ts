/**
 * The note that isolates of a data centre leave one another in its cache, and that the object gives to one of them: what the
 * object has decided of the origins. Isolates of other versions read it, so a form never changes; another one gets another
 * number.
 *
 * A note is as good as the version it names, whenever it was written and read: versions are the object's own, each newer
 * than the one before. So no clock is compared with another, and no age matters.
 * @module
 */

import type { PoolConfig } from "../config/schema.ts";
import { murmur3 } from "../core/hash/murmur3.ts";
import { type OriginState, UNKNOWN_STATE } from "./sync.ts";

/** Others are ignored. */
export const NOTE_FORM = 1;

/** What `NotedOrigin` says with its first number: the sum of 2 to the power of each one's place here. */
export const NOTE_FLAGS = ["healthy", "ejected", "draining", "drained", "enabled", "no_binding"] as const;
export type NoteFlags = Record<(typeof NOTE_FLAGS)[number], boolean>;

/** One origin. The weights are as configured, and the share of it in force. */
export type NotedOrigin = [flags: number, weight: number, weight_factor: number];

export interface VerdictNote {
  /** `NOTE_FORM`. */
  form: number;
  /** Version of the snapshot that it was made from. */
  version: number;
  /** Hash of the pool's id and of its configuration, apart from what the note says itself. */
  shape: string;
  /** In the order of the configuration, so that no origin is named. */
  origins: NotedOrigin[];
  /** What isolates nearby could not reach, though the object says nothing of it. Absent: nothing. */
  unreachable?: Suspected | undefined;
}

/** By an origin's place in the configuration: names of isolates that could not reach it, and since then none did. */
export type Suspected = Readonly<Record<number, readonly string[]>>;

/** What an isolate goes by: a configuration and the state of each origin. */
export interface Verdict {
  /** Of the object's snapshot; 0: made from KV's configuration alone. */
  readonly version: number;
  readonly config: PoolConfig;
  /** By origin id. */
  readonly states: ReadonlyMap<string, OriginState>;
}

/** 64 bits that two configurations share only if they differ in nothing but what a note says. */
export function shapeOf(pool: string, config: PoolConfig): string {
  const origins = config.origins.map((origin) => ({ ...origin, weight: 1, enabled: true }));
  const text = JSON.stringify([pool, { ...config, origins }]);
  return [0, 1].map((seed) => murmur3(text, seed).toString(16).padStart(8, "0")).join("");
}

export function noteOf({ version, config, states }: Verdict, shape: string): VerdictNote {
  const origins = config.origins.map(({ id, weight, enabled }): NotedOrigin => {
    const { weight_factor, no_binding = false, ...state } = states.get(id) ?? UNKNOWN_STATE;
    const flags: NoteFlags = { ...state, enabled, no_binding };
    return [
      NOTE_FLAGS.reduce((sum, name, bit) => sum + Number(flags[name]) * 2 ** bit, 0),
      weight,
      weight_factor,
    ];
  });
  return { form: NOTE_FORM, version, shape, origins };
}
