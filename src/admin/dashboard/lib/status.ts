/**
 * What state an origin or a pool is in, in words: one place says it for badges, lists, announcements and the title.
 * @module
 */
import type { PoolEvent } from "../../../contract/events.ts";
import { clock, percent, plural } from "./format.ts";
import type { LiveOrigin, LivePool } from "./live.ts";

/** How it looks. Each tone has a colour and a shape of its own. */
export type Tone = "good" | "warn" | "bad" | "busy" | "off";

export interface Status {
  tone: Tone;
  label: string;
}

/** Failing attempts are a problem from this share on, if there are enough of them to tell. */
export const MANY_ERRORS = 0.05;
export const ENOUGH_PER_SECOND = 0.5;
/** An origin that fails this share of its attempts counts as failing altogether. */
export const MOST_ATTEMPTS = 0.5;
/** Above this share nothing is green. */
export const SOME_ERRORS = 0.01;

export function originStatus(origin: LiveOrigin): Status {
  const state = originState(origin);
  if (state.tone !== "good") return state;
  if (!isFailing(origin)) return breaksOff(origin) ? { tone: "warn", label: "Breaking off" } : state;
  return { tone: origin.error_rate >= MOST_ATTEMPTS ? "bad" : "warn", label: "Failing" };
}

/** Enough attempts fail, and often enough to tell: one in a while is what retries are for, and clients do not see it. */
export function isFailing({ error_rate, requests_per_second }: LiveOrigin): boolean {
  return error_rate >= MANY_ERRORS && error_rate * requests_per_second >= ENOUGH_PER_SECOND / 5;
}

/** Enough answers end before their end: no retry hides one, so each is seen by its client. */
export function breaksOff({ answers_broken_off_per_second = 0, requests_per_second }: LiveOrigin): boolean {
  if (answers_broken_off_per_second < ENOUGH_PER_SECOND / 5) return false;
  return answers_broken_off_per_second >= SOME_ERRORS * requests_per_second;
}

/** What configuration, checks and ejections make of it, however its attempts go. */
export function originState(origin: LiveOrigin): Status {
  if (origin.removing) return { tone: "busy", label: "Removing" };
  if (!origin.enabled) return { tone: "off", label: "Disabled" };
  if (origin.no_binding) return { tone: "bad", label: "No binding" };
  if (origin.drained) return { tone: "off", label: "Drained" };
  if (origin.draining) return { tone: "busy", label: "Draining" };
  if (origin.status === "flapping") return { tone: "bad", label: "Flapping" };
  if (!origin.healthy) return { tone: "bad", label: "Unhealthy" };
  if (origin.ejected) return { tone: "warn", label: "Ejected" };
  if (origin.weight === 0) return { tone: "off", label: "Weight 0" };
  if (origin.weight_factor < 1)
    return { tone: "busy", label: `Warming up, ${percent(origin.weight_factor)}` };
  if (origin.backup && !origin.eligible) return { tone: "good", label: "Standby" };
  return { tone: "good", label: "Healthy" };
}

/** Its address, and the binding through which it is reached. */
export function placeOf({ url, binding }: LiveOrigin): string {
  return binding === null ? url : `${url} through ${binding}`;
}

/** The change of `enabled` that an audit event records, and its origin. */
const ENABLED = /^changed (?:[\w, ]+, )?enabled(?:, [\w, ]+)? of origin ([a-z0-9_-]+)/;

/** `drained by admin since 23:43:10`: who took it out, and since when. Empty: nobody did. */
export function takenOut(origin: LiveOrigin, events: readonly PoolEvent[]): string {
  const { id, drained, draining, enabled, removing, drained_by, drained_since } = origin;
  if (removing) return "";
  if (!enabled) {
    const event = events.find(
      ({ kind, detail = "" }) => kind === "audit" && ENABLED.exec(detail)?.[1] === id,
    );
    return `disabled${byAndSince(event?.who, event?.at)}`;
  }
  if (!drained && !draining) return origin.weight === 0 ? "has weight 0" : "";
  return `${drained ? "drained" : "draining"}${byAndSince(drained_by, drained_since)}`;
}

function byAndSince(who: string | null | undefined, since: number | null | undefined): string {
  return `${who == null ? "" : ` by ${who}`}${since == null ? "" : ` since ${clock(since)}`}`;
}

/** `2 drained, 1 unhealthy`: why nobody takes requests. */
export function outOfTraffic({ origins }: LivePool): string {
  const counts = new Map<string, number>();
  for (const origin of origins) {
    const label = originStatus(origin).label.toLowerCase();
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return Array.from(counts, ([label, number]) => `${number} ${label}`).join(", ");
}

/** The colour of a share of errors; empty: none in particular. */
export function errorTone(rate: number): "bad" | "warn" | "" {
  if (rate >= MANY_ERRORS) return "bad";
  return rate >= SOME_ERRORS ? "warn" : "";
}

/** `2 of 3 origins in service` */
export function inService({ eligible_count, origin_count }: LivePool): string {
  return `${eligible_count} of ${plural(origin_count, "origin")} in service`;
}
