/**
 * How old what one sees is.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import { currentUser } from "../lib/current-user.ts";
import { feed, refresh } from "../lib/feed.ts";
import { clock, duration, sentence } from "../lib/format.ts";
import { useStore } from "../lib/store.ts";
import { StatusIcon } from "./status-icon.tsx";

/** Two polls may be late before it is worth a word. */
const FRESH_MS = 5_000;

export function Freshness() {
  const { receivedMs, error } = useStore(feed);
  const ageMs = Date.now() - receivedMs;
  const isLive = error === null && receivedMs > 0 && ageMs < FRESH_MS;
  return (
    <span class={`freshness ${isLive ? "is-live" : ""}`}>
      <span class="pulse" aria-hidden="true" />
      {receivedMs === 0 ? "Connecting" : isLive ? "Live" : "Not live"}
    </span>
  );
}

/** Says loudly that what one sees may be wrong by now. */
export function StaleNotice() {
  const { receivedMs, error, signedOut } = useStore(feed);
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  if (error === null || signedOut) return <div role="alert" />;
  return (
    <div role="alert">
      <p class="notice notice-bad stale">
        <StatusIcon tone="bad" />
        <span>
          <b>{sentence(error)}</b>{" "}
          {receivedMs === 0 ? "Trying again." : `You see the state of ${clock(receivedMs)}. Trying again.`}{" "}
          {receivedMs > 0 && <span aria-hidden="true">({duration(Date.now() - receivedMs)} old)</span>}
        </span>
        {currentUser.via === "access" ? (
          // Access answers who is not signed in any more with a page of its own, which looks like no answer here.
          <button type="button" class="button button-small" onClick={() => location.reload()}>
            Reload
          </button>
        ) : (
          <button type="button" class="button button-small" onClick={refresh}>
            Try now
          </button>
        )}
      </p>
    </div>
  );
}
