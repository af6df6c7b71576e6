/**
 * Makes notes of a verdict, reads them, and says what a noted verdict would change. What a note may not decide, and so
 * leaves as the isolate knows it from the object: the configuration but for weights and switches, and secrets.
 * @module
 */
import { isWeight } from "../../config/origin-schema.ts";
import type { OriginConfig, PoolConfig } from "../../config/schema.ts";
import type { OriginState } from "../../contract/sync.ts";
import { NOTE_FLAGS, type NotedOrigin, type VerdictNote } from "../../contract/verdict-note.ts";
import { murmur3 } from "../../core/hash/murmur3.ts";
import { takesTraffic } from "../../core/server/eligibility.ts";

const FORM = 1;
const ALL_FLAGS = 2 ** NOTE_FLAGS.length - 1;

/** The state assumed for an origin of which the object has not spoken. */
export const UNKNOWN_STATE: OriginState = {
  healthy: true,
  ejected: false,
  draining: false,
  drained: false,
  weight_factor: 1,
};

/** What an isolate goes by: a configuration and the state of each origin. */
export interface Verdict {
  /** Of the object's snapshot; 0: made from KV's configuration alone. */
  readonly version: number;
  readonly config: PoolConfig;
  /** By origin id. */
  readonly states: ReadonlyMap<string, OriginState>;
}

export function isWell({
  healthy,
  ejected,
}: Pick<OriginState, "healthy" | "ejected"> = UNKNOWN_STATE): boolean {
  return healthy && !ejected;
}

type Flags = Record<(typeof NOTE_FLAGS)[number], boolean>;

/** 64 bits that two configurations share only if they differ in nothing but what a note says. */
export function shapeOf(pool: string, config: PoolConfig): string {
  const origins = config.origins.map((origin) => ({ ...origin, weight: 1, enabled: true }));
  const text = JSON.stringify([pool, { ...config, origins }]);
  return [0, 1].map((seed) => murmur3(text, seed).toString(16).padStart(8, "0")).join("");
}

export function noteOf({ version, config, states }: Verdict, shape: string): VerdictNote {
  const origins = config.origins.map(({ id, weight, enabled }): NotedOrigin => {
    const { weight_factor, no_binding = false, ...state } = states.get(id) ?? UNKNOWN_STATE;
    const flags: Flags = { ...state, enabled, no_binding };
    return [
      NOTE_FLAGS.reduce((sum, name, bit) => sum + Number(flags[name]) * 2 ** bit, 0),
      weight,
      weight_factor,
    ];
  });
  return { form: FORM, version, shape, origins };
}

/** Null: it is no note, or one of a form that is not known here. */
export function parseNote(text: string): VerdictNote | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isNote(value)) return null;
    // It is no part of the verdict: without it the note says as much as ever.
    return isSuspected(value.unreachable) ? value : { ...value, unreachable: undefined };
  } catch {
    return null;
  }
}

/**
 * What is in force by the note.
 * @param own what the note's pool has in force here, of the note's shape
 * @returns null: it would leave no origin that takes traffic, which an isolate believes the object alone
 */
export function notedVerdict({ version, config, states }: Verdict, note: VerdictNote): Verdict | null {
  if (note.origins.length !== config.origins.length) return null;
  const noted = new Map(states);
  let leavesOne = false;
  const origins = config.origins.map((origin, index): OriginConfig => {
    const [sum, weight, weight_factor] = note.origins[index] ?? [0, 0, 1];
    const { enabled, no_binding, ...flags } = flagsOf(sum);
    noted.set(origin.id, { ...flags, weight_factor, ...(no_binding && { no_binding }) });
    leavesOne ||= takesTraffic({ ...flags, weight, enabled: enabled && !no_binding });
    return { ...origin, weight, enabled };
  });
  return leavesOne ? { version, config: { ...config, origins }, states: noted } : null;
}

function flagsOf(sum: number): Flags {
  return Object.fromEntries(NOTE_FLAGS.map((name, bit) => [name, (sum & (2 ** bit)) !== 0])) as Flags;
}

function isNote(value: unknown): value is VerdictNote {
  if (typeof value !== "object" || value === null) return false;
  const { form, version, shape, origins } = value as Partial<VerdictNote>;
  if (form !== FORM || !isWhole(version, 1, Number.MAX_SAFE_INTEGER)) return false;
  return typeof shape === "string" && Array.isArray(origins) && origins.every(isNotedOrigin);
}

function isSuspected(value: unknown): boolean {
  return Object.values(Object(value)).every((isolates) => Array.isArray(isolates));
}

function isNotedOrigin(value: unknown): value is NotedOrigin {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [flags, weight, factor] = value as unknown[];
  return (
    isWhole(flags, 0, ALL_FLAGS) &&
    isWeight(weight) &&
    typeof factor === "number" &&
    factor > 0 &&
    factor <= 1
  );
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}
