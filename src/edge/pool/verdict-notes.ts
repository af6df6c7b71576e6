/**
 * Reads notes, and says what a noted verdict would change. What a note may not decide, and so leaves as the isolate knows
 * it from the object: the configuration but for weights and switches, and secrets.
 * @module
 */
import { isWeight } from "../../config/origin-schema.ts";
import type { OriginConfig } from "../../config/schema.ts";
import {
  NOTE_FLAGS,
  NOTE_FORM,
  type NotedOrigin,
  type NoteFlags,
  type Verdict,
  type VerdictNote,
} from "../../contract/verdict-note.ts";
import { takesTraffic } from "../../core/server/eligibility.ts";

const ALL_FLAGS = 2 ** NOTE_FLAGS.length - 1;

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

function flagsOf(sum: number): NoteFlags {
  return Object.fromEntries(NOTE_FLAGS.map((name, bit) => [name, (sum & (2 ** bit)) !== 0])) as NoteFlags;
}

function isNote(value: unknown): value is VerdictNote {
  if (typeof value !== "object" || value === null) return false;
  const { form, version, shape, origins } = value as Partial<VerdictNote>;
  if (form !== NOTE_FORM || !isWhole(version, 1, Number.MAX_SAFE_INTEGER)) return false;
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
