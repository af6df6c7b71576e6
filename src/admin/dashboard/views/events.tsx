/**
 * What happened to a pool: the newest live, older ones on demand.
 * @module
 */
import { useState } from "hono/jsx/dom";
import type { PoolEvent, PoolEventKind } from "../../../contract/events.ts";
import { call, messageOf } from "../lib/api.ts";
import { say } from "../lib/toast.ts";
import { Timeline } from "../parts/timeline.tsx";

const GROUPS: Record<string, readonly PoolEventKind[] | null> = {
  All: null,
  Health: [
    "healthy",
    "unhealthy",
    "flapping",
    "ejected",
    "unejected",
    "not_ejected",
    "checks_late",
    "checks_in_time",
    "notify_failed",
  ],
  Drains: ["drain_started", "drained", "undrained", "removed"],
  Configuration: ["config_applied", "config_refused"],
  Operators: ["audit"],
};

interface EventsProps {
  pool: string;
  newest: readonly PoolEvent[];
  nowMs: number;
}

export function EventsView({ pool, newest, nowMs }: EventsProps) {
  const [group, setGroup] = useState("All");
  const [older, setOlder] = useState<readonly PoolEvent[] | null>(null);
  const load = async (): Promise<void> => {
    try {
      const path = `/pools/${encodeURIComponent(pool)}/events?limit=1000`;
      setOlder((await call<{ events: PoolEvent[] }>(path)).events);
    } catch (error) {
      say("bad", messageOf(error));
    }
  };
  // What was loaded had the newest of that time too.
  const loadedTo = older?.[0]?.at ?? Number.NEGATIVE_INFINITY;
  const all = older === null ? newest : [...newest.filter(({ at }) => at > loadedTo), ...older];
  const kinds = GROUPS[group] ?? null;
  const shown = kinds === null ? all : all.filter(({ kind }) => kinds.includes(kind));
  return (
    <section aria-label="Events">
      <fieldset class="choice">
        <legend class="unseen">Kind of event</legend>
        {Object.keys(GROUPS).map((name) => (
          <label key={name}>
            <input type="radio" name="kind" checked={name === group} onChange={() => setGroup(name)} />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <Timeline events={shown} nowMs={nowMs} />
      {older === null && newest.length >= 12 && (
        <button type="button" class="button" onClick={() => void load()}>
          Show older events
        </button>
      )}
    </section>
  );
}
