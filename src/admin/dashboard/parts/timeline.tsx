/**
 * Events, newest first.
 * @module
 */
import type { PoolEvent, PoolEventKind } from "../../../contract/events.ts";
import { ago, clock } from "../lib/format.ts";
import { href } from "../lib/place.ts";
import type { Tone } from "../lib/standing.ts";
import { Mark } from "./mark.tsx";

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
  audit: ["off", ""],
};

interface TimelineProps {
  events: readonly PoolEvent[];
  /** By the balancer's clock. */
  nowMs: number;
  /** Each event names its pool. */
  namesPool?: boolean;
}

export function Timeline({ events, nowMs, namesPool = false }: TimelineProps) {
  if (events.length === 0) return <p class="empty">Nothing has happened yet.</p>;
  return (
    <ol class="timeline">
      {events.map((event) => {
        const [tone, text] = KINDS[event.kind] ?? ["off", event.kind];
        return (
          <li key={`${event.pool} ${event.at} ${event.kind} ${event.origin} ${event.detail}`}>
            <Mark tone={tone} />
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

function Subject({ event: { pool, origin }, namesPool }: { event: PoolEvent; namesPool: boolean }) {
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
