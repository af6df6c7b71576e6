/**
 * What happened to a pool: the newest live, older ones on demand.
 * @module
 */
import { useState } from "hono/jsx/dom";
import type { PoolEvent, PoolEventKind } from "../../../contract/events.ts";
import { call, messageOf } from "../lib/api.ts";
import { say } from "../lib/toast.ts";
import { Timeline } from "../parts/timeline.tsx";

type Group = "Health" | "Drains" | "Configuration" | "Operators";

const GROUP_OF: Record<PoolEventKind, Group> = {
  healthy: "Health",
  unhealthy: "Health",
  flapping: "Health",
  ejected: "Health",
  unejected: "Health",
  not_ejected: "Health",
  pool_down: "Health",
  pool_up: "Health",
  pool_available: "Health",
  pool_unavailable: "Health",
  pool_returning: "Health",
  pool_spilling: "Health",
  checks_late: "Health",
  checks_in_time: "Health",
  notify_failed: "Health",
  drain_started: "Drains",
  drained: "Drains",
  undrained: "Drains",
  removed: "Drains",
  config_applied: "Configuration",
  config_refused: "Configuration",
  audit: "Operators",
};
const GROUPS = ["All", ...new Set(Object.values(GROUP_OF))];

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
  const shown = group === "All" ? all : all.filter(({ kind }) => GROUP_OF[kind] === group);
  return (
    <section aria-label="Events">
      <fieldset class="choice">
        <legend class="unseen">Kind of event</legend>
        {GROUPS.map((name) => (
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
