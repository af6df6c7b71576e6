/**
 * Decides which document is in force, for pools and for the routes alike. A reducer over plain data; storage, KV and
 * parsing are elsewhere.
 *
 * Documents are ordered. A document written through the API gets a timestamp newer than any before it; `npm run pools`
 * sets the time of writing. `wrangler kv key put` sets none, so for such a document only the history of readings shows
 * whether it is new. KV may show the past. Two assumptions are made: KV shows no document for the first time after it
 * has shown a younger one, and after `KV_PAST_MS` the past is over.
 * @module
 */
import { KV_PAST_MS } from "../../config/documents.ts";
import type { ConfigState, PendingWrite, Reading } from "../storage/stored-forms.ts";

/** So many documents of the past are recognised. */
const MOST_PAST = 100;

export type Verdict =
  /** KV shows the document in force. */
  | "same"
  /** KV shows something newer, which comes into force if it is good. */
  | "newer"
  /** KV shows something older. */
  | "past"
  /** Time will tell. */
  | "unclear"
  /** KV has not had it for long: it is out of force. */
  | "gone";

export const NOTHING: ConfigState = {
  version: 0,
  hash: null,
  timestamp: null,
  newestTimestamp: 0,
  highestTimestamp: 0,
  isInferred: false,
  sinceMs: 0,
  isSeen: false,
  pending: null,
  shown: null,
  past: [],
  since: [],
};

/** There was never anything, and KV has nothing: as if nobody had looked. */
export function isBlank({ version, highestTimestamp, newestTimestamp, shown }: ConfigState): boolean {
  return version + highestTimestamp + newestTimestamp === 0 && (shown?.hash ?? null) === null;
}

/** KV was read. The verdict says which of `adopted` and `gone` is to be called, if any. */
export function read(
  state: ConfigState,
  reading: Reading,
  nowMs: number,
): { state: ConfigState; verdict: Verdict } {
  const next = noted(state, reading, nowMs);
  return { state: next, verdict: verdictOf(next, reading, nowMs) };
}

/**
 * The object did not read KV for a while: if KV had no document before and has none now, it may have had one between.
 */
export function resumed(state: ConfigState, nowMs: number): ConfigState {
  const { shown } = state;
  return shown?.hash === null ? { ...state, shown: { ...shown, sinceMs: nowMs } } : state;
}

/** The document that KV showed comes into force. */
export function adopted(state: ConfigState, { hash, timestamp }: Reading, nowMs: number): ConfigState {
  return {
    ...state,
    version: state.version + 1,
    hash,
    timestamp,
    // A document without a timestamp came after everything that was shown before it.
    newestTimestamp: Math.max(state.newestTimestamp, timestamp ?? state.highestTimestamp),
    isInferred: false,
    sinceMs: nowMs,
    isSeen: true,
    pending: null,
    ...ofThePast(state),
  };
}

/** KV has not had the document in force for long. The timestamp stays, since nobody removed the document explicitly. */
export function gone(state: ConfigState, nowMs: number): ConfigState {
  const past = ofThePast(state);
  return { ...state, hash: null, timestamp: null, isInferred: true, sinceMs: nowMs, isSeen: true, ...past };
}

/** An operator wrote a document, or (null) removed it: it is in force at once, and KV is to have it. */
export function written(state: ConfigState, hash: string | null, nowMs: number, dueMs: number): ConfigState {
  const timestamp = Math.max(nowMs, state.newestTimestamp + 1, state.highestTimestamp + 1);
  return {
    ...state,
    version: hash === null ? state.version : state.version + 1,
    hash,
    timestamp: hash === null ? null : timestamp,
    newestTimestamp: timestamp,
    isInferred: false,
    sinceMs: nowMs,
    isSeen: false,
    pending: { dueMs, failures: 0 },
    ...ofThePast(state),
  };
}

/** KV accepted the document `wrote`. If another one is in force by now, that one is still to be written. */
export function stored(state: ConfigState, wrote: ConfigState, nowMs: number, dueMs: number): ConfigState {
  const isCurrent = wrote.hash === state.hash && wrote.newestTimestamp === state.newestTimestamp;
  if (!isCurrent) return { ...state, pending: { dueMs, failures: 0 } };
  return { ...state, pending: null, sinceMs: nowMs };
}

/** KV did not take it. */
export function postponed(state: ConfigState, pending: PendingWrite): ConfigState {
  return { ...state, pending };
}

/** True if KV has shown another document for so long that the operator should know. */
function isApart({ shown, hash, pending, sinceMs }: ConfigState, nowMs: number): boolean {
  if (shown === null || shown.hash === hash || pending !== null) return false;
  return nowMs - Math.max(shown.sinceMs, sinceMs) >= KV_PAST_MS;
}

/** A text about that for the operator; null: KV shows the document in force, or has not shown another one for long. */
export function apartText(state: ConfigState, nowMs: number): string | null {
  const { shown } = state;
  if (shown === null || !isApart(state, nowMs)) return null;
  if (shown.hash === null) return "KV does not have what is in force: write it again, or remove it here";
  const written = shown.timestamp === null ? "" : ` of ${new Date(shown.timestamp).toISOString()}`;
  return `KV holds another document${written}, which is older than what is in force: write the one you want again`;
}

function noted(state: ConfigState, reading: Reading, nowMs: number): ConfigState {
  const { hash, timestamp } = reading;
  const { shown } = state;
  const isSame = hash === state.hash;
  const isSeen = state.isSeen || (isSame && shows(state, reading));
  const isChange = shown === null || shown.hash !== hash || shown.timestamp !== timestamp;
  const isNewer = isSame && hash !== null && timestamp !== null && timestamp > (state.timestamp ?? 0);
  if (!isChange && isSeen === state.isSeen && !isNewer) return state;
  // That there was nothing is of the past too, once there is something.
  const isOther = shown !== null && (shown.hash !== state.hash || shown.hash === null);
  const before = isChange && isOther ? shown : null;
  const since = withPast(state.since, before);
  return {
    ...state,
    ...(isNewer ? { timestamp, newestTimestamp: Math.max(timestamp, state.newestTimestamp) } : {}),
    ...(isSeen && !state.isSeen ? { past: withPast(state.past, ...since), since: [] } : { since }),
    isSeen,
    highestTimestamp: Math.max(state.highestTimestamp, timestamp ?? 0),
    shown: isChange ? { hash, timestamp, sinceMs: nowMs } : shown,
  };
}

/** An older document may have the same text, and KV may have had none before it was removed. */
function shows(state: ConfigState, reading: Reading): boolean {
  if (reading.hash === null) return !isPast(state, reading);
  return reading.timestamp !== null && state.timestamp !== null && reading.timestamp >= state.timestamp;
}

function verdictOf(state: ConfigState, reading: Reading, nowMs: number): Verdict {
  const { hash, timestamp } = reading;
  const { newestTimestamp, pending, isSeen } = state;
  if (hash === state.hash) return "same";
  if (hash === null) return isGone(state, nowMs) ? "gone" : "unclear";
  const isFirst = state.version === 0 && newestTimestamp === 0;
  if (isFirst || state.isInferred) return "newer";
  const isKnown = isPast(state, reading);
  if (timestamp !== null) {
    // Two writers in one millisecond: the second one wins, once.
    const isTie = timestamp === newestTimestamp && state.hash !== null && pending === null && !isKnown;
    return timestamp > newestTimestamp || isTie ? "newer" : "past";
  }
  if (pending !== null) return "past";
  const isOver = nowMs - state.sinceMs >= KV_PAST_MS;
  // KV may have no document because of an earlier removal, so only time shows that it has accepted this one.
  const isSurelySeen = isSeen && state.hash !== null;
  if (!isKnown) return isSurelySeen || isOver ? "newer" : "unclear";
  // KV had the document in force and shows this earlier one again: for a while that is KV's past, after that an
  // operator's wish.
  if (isSeen) return isOver ? "newer" : "unclear";
  return "past";
}

function isGone({ isSeen, pending, shown, sinceMs }: ConfigState, nowMs: number): boolean {
  if (!isSeen || pending !== null || shown === null) return false;
  return nowMs - Math.max(shown.sinceMs, sinceMs) >= KV_PAST_MS;
}

/** True if the reading is a document of the past. Without a timestamp two writings of one text cannot be told apart. */
function isPast({ past }: ConfigState, { hash, timestamp }: Reading): boolean {
  return past.some((each) => each.hash === hash && (timestamp === null || each.timestamp === timestamp));
}

/** Something newer comes into force than all that was in force or shown. */
function ofThePast({
  hash,
  timestamp,
  past,
  since,
  shown,
}: ConfigState): Pick<ConfigState, "past" | "since"> {
  const inForce = hash === null ? null : { hash, timestamp };
  return { past: withPast(past, inForce, ...since, shown), since: [] };
}

function withPast(past: readonly Reading[], ...added: readonly (Reading | null)[]): readonly Reading[] {
  let kept = past;
  for (const reading of added) {
    if (reading === null) continue;
    const { hash, timestamp } = reading;
    kept = [
      ...kept.filter((each) => each.hash !== hash || each.timestamp !== timestamp),
      { hash, timestamp },
    ];
  }
  return kept.slice(-MOST_PAST);
}
