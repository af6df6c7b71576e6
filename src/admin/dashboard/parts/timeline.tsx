/**
 * Events, newest first.
 * @module
 */
import type { PoolEventKind } from "../../../contract/events.ts";
import { ago, clock } from "../lib/format.ts";
import { href } from "../lib/location.ts";
import type { ShownEvent } from "../lib/route-events.ts";
import type { Tone } from "../lib/status.ts";
import { StatusIcon } from "./status-icon.tsx";

const KINDS: Record<PoolEventKind, [tone: Tone, text: string]> = {
  config_applied: ["good", "configuration in force"],
  config_refused: ["warn", "configuration refused"],
  healthy: ["good", "is healthy again"],
  unhealthy: ["bad", "is unhealthy"],
  flapping: ["bad", "is flapping and held down"],
  ejected: ["warn", "was ejected"],
  unejected: ["good", "is back from its ejection"],
  not_ejected: ["warn", "fails, but too many are ejected already"],
  drain_started: ["busy", "is being drained"],
  drained: ["off", "is drained"],
  undrained: ["good", "takes traffic again"],
  removed: ["off", "was removed"],
  pool_down: ["bad", "is down: no origin takes requests"],
  pool_up: ["good", "is up again"],
  pool_available: ["good", "is available to its routes"],
  pool_unavailable: ["bad", "is not available to its routes"],
  pool_returning: ["busy", "is returning to its routes"],
  pool_spilling: ["warn", "leaves some clients to the next pool"],
  notify_failed: ["bad", "notify_url was not told"],
  checks_late: ["warn", "checks take longer than their interval"],
  checks_in_time: ["good", "checks keep their interval again"],
  audit: ["off", ""],
};

interface TimelineProps {
  events: readonly ShownEvent[];
  /** By the balancer's clock. */
  nowMs: number;
  /** Each event names its pool. */
  namesPool?: boolean;
}

export function Timeline({ events, nowMs, namesPool = false }: TimelineProps) {
  if (events.length === 0) return <p class="empty">Nothing has happened yet.</p>;
  return (
    <ol class="timeline raised">
      {events.map((event) => {
        const [tone, text] = KINDS[event.kind] ?? ["off", event.kind];
        return (
          <li key={`${event.pool} ${event.at} ${event.kind} ${event.origin} ${event.detail}`}>
            <StatusIcon tone={tone} />
            <p>
              <Subject event={event} namesPool={namesPool} /> {text}
              {event.detail !== undefined && (
                <span class={text === "" ? "" : "muted"}>
                  {text === "" ? "" : ": "}
                  {event.detail}
                </span>
              )}
              {event.who !== undefined && <span class="muted"> by {event.who}</span>}
            </p>
            <time dateTime={new Date(event.at).toISOString()} title={ago(nowMs - event.at)}>
              {clock(event.at)}
            </time>
          </li>
        );
      })}
    </ol>
  );
}

function Subject({ event, namesPool }: { event: ShownEvent; namesPool: boolean }) {
  const { pool, origin, ofRoutes = false } = event;
  if (ofRoutes) return <a href={href({ view: "route-versions" })}>Routes</a>;
  if (origin !== undefined) {
    return (
      <>
        {namesPool && <a href={href({ pool })}>{pool}</a>}
        {namesPool && " / "}
        <a href={href({ pool, origin })}>{origin}</a>
      </>
    );
  }
  return namesPool ? <a href={href({ pool })}>{pool}</a> : <span>Pool</span>;
}
