/**
 * The live facts, by polling: docs/dashboard.md says why. Nothing is asked while the page is hidden, so an object
 * that nobody watches is not asked at all.
 * @module
 */

import type { ClientFigures } from "../../../contract/stats.ts";
import { ApiError, call, messageOf } from "./api.ts";
import type { LiveAnswer, WatchedPool } from "./live.ts";
import { currentLocation } from "./location.ts";
import { Store } from "./store.ts";

export interface FeedState {
  /** In order of their names. Null: nothing has come yet. */
  pools: readonly WatchedPool[] | null;
  /** What clients got, of all pools and of none. Null: not known. */
  clients: ClientFigures | null;
  /** The same of requests that no pool handled. */
  unrouted: ClientFigures | null;
  /** When the newest facts came, by this machine's clock, in ms. */
  receivedMs: number;
  /** How far the balancer's clock is ahead of this one, in ms. */
  skewMs: number;
  /** Why the last request failed; null: it did not. */
  error: string | null;
  /** The session has ended. */
  signedOut: boolean;
}

/** With an isolate's own second (docs/architecture.md) that makes two. */
const POLL_MS = 1_000;
/** Many pools are asked less often, so that one who watches asks at most 50 objects a second. */
const POLL_MS_PER_POOL = 20;
/** While one pool is shown, the others are polled only every this many times. */
const OTHERS_EVERY = 5;
const LONGEST_PAUSE_MS = 15_000;

/** Of each pool among the others. */
const FEW = { origins: 48, events: 12 };
/** Of the pool that is looked at. */
const MANY = { origins: 100, events: 60 };

export const feed = new Store<FeedState>({
  pools: null,
  clients: null,
  unrouted: null,
  receivedMs: 0,
  skewMs: 0,
  error: null,
  signedOut: false,
});

/** Most origins of the pool that is looked at; the page can ask for more. */
export const shownOrigins = new Store(MANY.origins);

let timer: ReturnType<typeof setTimeout> | undefined;
let turn = 0;
let failures = 0;
let running: AbortController | null = null;

export function startFeed(): void {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) pause();
    else refresh();
  });
  currentLocation.watch((now, before) => {
    if (now.pool !== before.pool) shownOrigins.set(MANY.origins);
    if (now.pool !== before.pool || now.origin !== before.origin) refresh();
  });
  shownOrigins.watch(refresh);
  refresh();
}

/** Asks now, and everything. */
export function refresh(): void {
  pause();
  turn = 0;
  failures = 0;
  if (!document.hidden) void poll();
}

function pause(): void {
  clearTimeout(timer);
  running?.abort();
  running = null;
}

export function signedInAgain(): void {
  feed.set({ ...feed.value, signedOut: false, error: null });
  refresh();
}

async function poll(): Promise<void> {
  const controller = new AbortController();
  running = controller;
  try {
    const pools = await ask(controller.signal);
    if (controller.signal.aborted) return;
    failures = 0;
    turn++;
    feed.set({ ...feed.value, ...pools, receivedMs: Date.now(), error: null });
  } catch (error) {
    if (controller.signal.aborted) return;
    failures++;
    const signedOut = error instanceof ApiError && error.status === 401;
    feed.set({ ...feed.value, error: messageOf(error), signedOut });
    if (signedOut) return;
  }
  timer = setTimeout(() => void poll(), nextMs());
}

function nextMs(): number {
  if (failures > 0) return Math.min(POLL_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  const asked = currentLocation.value.pool === null ? (feed.value.pools?.length ?? 0) : 1;
  return Math.max(POLL_MS, asked * POLL_MS_PER_POOL);
}

type Facts = Pick<FeedState, "pools" | "clients" | "unrouted" | "skewMs">;

async function ask(signal: AbortSignal): Promise<Facts> {
  const { pool, origin } = currentLocation.value;
  const isTurn = pool === null || turn % OTHERS_EVERY === 0;
  const [all, one] = await Promise.all([
    isTurn ? live(`origins=${FEW.origins}&events=${FEW.events}`, signal) : null,
    pool === null ? null : watched(pool, origin, signal),
  ]);
  const others = all?.pools ?? feed.value.pools ?? [];
  // A pool that KV does not list yet, because it was made a moment ago, is there all the same.
  const isListed = one === null || others.some((each) => each.pool === one.pool);
  const pools = others.map((each) => (one !== null && each.pool === one.pool ? one : each));
  if (!isListed && one !== null && !("error" in one)) pools.push(one);
  const at = all?.at ?? (one !== null && "at" in one ? one.at : null);
  const { clients, unrouted } = all === null ? feed.value : { clients: null, unrouted: null, ...all };
  return { pools, clients, unrouted, skewMs: at === null ? feed.value.skewMs : at - Date.now() };
}

/** A pool that is gone, or does not answer, must not look like a balancer that does not. */
async function watched(pool: string, origin: string | null, signal: AbortSignal): Promise<WatchedPool> {
  const query = new URLSearchParams({
    pool,
    origins: String(shownOrigins.value),
    events: String(MANY.events),
    ...(origin === null ? {} : { origin }),
  });
  try {
    const { pools } = await live(query, signal);
    return pools[0] ?? { pool, error: "The pool is gone" };
  } catch (error) {
    const isAnswer = error instanceof ApiError && error.status !== 0 && error.status !== 401;
    if (isAnswer) return { pool, error: error.message };
    throw error;
  }
}

async function live(query: string | URLSearchParams, signal: AbortSignal): Promise<LiveAnswer> {
  return await call(`/live?${query}`, { signal });
}
