/**
 * What is stored after a clock was set back, or an object came to a host whose clock is behind: all moments would lie ahead
 * by as much, and ejections, hold-downs, drains and slow starts would last longer by it.
 * @module
 */
import type { Clock } from "../../core/system.ts";
import { ObjectClock } from "../object-clock.ts";
import type { MetadataName } from "./metadata.ts";
import type { PoolStore } from "./store.ts";

/** Clocks of hosts may differ by so much without harm, in ms. */
const TOLERATED_MS = 5_000;
/** The values that have moments. Others are compared with KV's, or are taken for no more than a time ahead. */
const WITH_MOMENTS = [
  "availability",
  "config_state",
  "notifications",
  "outliers",
  "pools",
] as const satisfies readonly MetadataName[];

/** The clock of an object that starts. To be called before anything else is read: what is stored fits it afterwards. */
export function startClock(store: PoolStore, platform?: Clock): ObjectClock {
  const clock = new ObjectClock(platform);
  correctClockStep(store, clock.now());
  return clock;
}

/**
 * Moves all stored moments back by as much as the newest event lies ahead: whatever puts one into the future is an event.
 */
function correctClockStep(store: PoolStore, nowMs: number): void {
  const aheadMs = store.events.newestMs - nowMs;
  if (aheadMs <= TOLERATED_MS) return;
  for (const name of WITH_MOMENTS) correct(store, name, aheadMs);
  for (const [id, record] of store.originRecords()) store.setOriginRecord(id, earlier(record, aheadMs));
  store.events.noneAfter(nowMs);
}

function correct(store: PoolStore, name: (typeof WITH_MOMENTS)[number], byMs: number): void {
  const value = store.get(name);
  if (value !== null) store.put(name, earlier(value, byMs) as typeof value);
}

/** In all stored forms a number whose name ends with `Ms` is a moment, and no other is to be moved. */
function earlier(value: unknown, byMs: number, isMoment = false): unknown {
  if (typeof value === "number") return isMoment ? Math.max(0, value - byMs) : value;
  if (Array.isArray(value)) return value.map((each) => earlier(each, byMs, isMoment));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [
    name,
    earlier(each, byMs, name.endsWith("Ms")),
  ]);
  return Object.fromEntries(entries);
}
