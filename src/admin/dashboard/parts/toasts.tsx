/**
 * Messages about actions that have just ended and changes that came by themselves, for the eye and for the ear.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import { feed } from "../lib/feed.ts";
import type { WatchedPool } from "../lib/live.ts";
import { poolStatus } from "../lib/problems.ts";
import { originStatus } from "../lib/status.ts";
import { useStore } from "../lib/store.ts";
import { dismiss, toasts } from "../lib/toast.ts";
import { StatusIcon } from "./status-icon.tsx";

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, tone, text }) => (
        <p key={id} class={`toast tone-${tone}`}>
          <StatusIcon tone={tone} />
          <span>{text}</span>
          <button type="button" class="button button-quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  );
}

/** Tells who listens to the page what changed its state. */
export function Announcer() {
  const [text, setText] = useState("");
  useEffect(
    () =>
      feed.watch((now, before) => {
        if (now.pools === null || before.pools === null || now.pools === before.pools) return;
        const changes = changesBetween(before.pools, now.pools);
        if (changes.length > 0) setText(changes.join(". "));
      }),
    [],
  );
  return (
    <p class="unseen" aria-live="polite" id="announcements">
      {text}
    </p>
  );
}

function changesBetween(before: readonly WatchedPool[], now: readonly WatchedPool[]): string[] {
  const then = new Map(before.flatMap(labels));
  return now.flatMap(labels).flatMap(([name, label]) => {
    const old = then.get(name);
    return old === undefined || old === label ? [] : [`${name}: ${label}`];
  });
}

/** Without numbers, which change all the time. */
function labels(pool: WatchedPool): [name: string, label: string][] {
  const own: [string, string] = [`Pool ${pool.pool}`, poolStatus(pool).label];
  if ("error" in pool) return [own];
  return [
    own,
    ...pool.origins.map((origin): [string, string] => {
      const label = originStatus(origin).label.replace(/,.*/, "");
      return [`Origin ${origin.id} of ${pool.pool}`, label];
    }),
  ];
}
