/**
 * Rate limits through the whole program, judged by the requests that arrived at the origins.
 */
import { afterEach, expect, test } from "vitest";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { eventually } from "../system/support/eventually.ts";
import { forEachItem, type LeanReply, paced } from "../system/support/lean-client.ts";
import type { Hit } from "../system/support/origin-contract.ts";
import { type Origin, startOrigins } from "../system/support/origins.ts";

const LIMIT = 50;
const NAMES = ["a", "b", "c"];
const OFFERED_PER_SECOND = 400;
const SECONDS = 10;
/** More than ever wait for an answer at once, so that what is offered does not depend on what is answered. */
const CONNECTIONS = 128;

let origins: Origin[] = [];
let balancer: Balancer;

afterEach(async () => {
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

/** When the client sent a request that arrived. */
const sentMs = ({ headers }: Hit): number => Number(headers["x-sent"]);

/**
 * The shortest time, in ms, in which the origin got one request more than the limit.
 *
 * The balancer starts a request after the client sent it and before it arrives, so the start of the last of a run of
 * arrivals is no later than its arrival, and the start of the first no earlier than the earliest sending in the run.
 * That allows for the network's jitter once, at the beginning of the run, by as much as there was of it and no more.
 * All read the same clock, in whole milliseconds.
 */
function shortestRunMs(hits: readonly Hit[], length: number): number {
  const arrived = [...hits].sort((one, other) => one.atMs - other.atMs);
  const runs = arrived.slice(0, 1 - length).map((_, first) => arrived.slice(first, first + length));
  return Math.min(...runs.map((run) => (run.at(-1)?.atMs ?? 0) - Math.min(...run.map(sentMs))));
}

/** How many of the requests sent then one exact limiter for each origin would have let through. */
function mostServed(sentAtMs: readonly number[]): number {
  const starts: number[][] = NAMES.map(() => []);
  let served = 0;
  for (const atMs of [...sentAtMs].sort((one, other) => one - other)) {
    const open = starts.find((each) => each.length < LIMIT || atMs - (each.at(-LIMIT) ?? 0) >= 1_000);
    if (open === undefined) continue;
    open.push(atMs);
    served++;
  }
  return served;
}

interface Offer {
  replies: LeanReply[];
  sentAtMs: number[];
  /** Of each origin. */
  arrived: Hit[][];
}

/** Sends requests at the rate and for the time, whatever becomes of them. */
async function offer(): Promise<Offer> {
  await Promise.all(origins.map((origin) => origin.forget()));
  const replies: LeanReply[] = [];
  const sentAtMs: number[] = [];
  await forEachItem(
    balancer.url,
    CONNECTIONS,
    paced(OFFERED_PER_SECOND, OFFERED_PER_SECOND * SECONDS),
    () => {
      const atMs = Date.now();
      sentAtMs.push(atMs);
      return { path: "/", headers: { "x-sent": String(atMs) } };
    },
    (_, reply) => replies.push(reply),
  );
  return { replies, sentAtMs, arrived: await Promise.all(origins.map((origin) => origin.hits())) };
}

/** What holds on any machine. */
function expectLimited({ replies, arrived }: Offer): void {
  for (const [index, hits] of arrived.entries()) {
    expect(hits.length, `arrivals at ${NAMES[index]}`).toBeGreaterThan(LIMIT);
    expect(shortestRunMs(hits, LIMIT + 1), `ms for ${LIMIT + 1} at ${NAMES[index]}`).toBeGreaterThanOrEqual(
      1_000,
    );
  }
  const served = replies.filter(({ status }) => status === 200);
  const refused = replies.filter(({ status }) => status === 503);
  expect(served.length, "each that was served arrived once").toBe(arrived.flat().length);
  expect(served.length + refused.length, "none lost").toBe(OFFERED_PER_SECOND * SECONDS);
  for (const { headers, body } of refused) {
    expect(JSON.parse(body)).toMatchObject({ type: "rate_limited", status: 503 });
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  }
}

test("400 requests a second to three origins of 50: at most 50 in any second each, and nearly as many", async () => {
  origins = await startOrigins(...NAMES);
  balancer = await startBalancer({
    config: {
      pools: {
        web: { origins: origins.map((origin) => origin.config()), rate_limit: LIMIT, log: { sample: 0 } },
      },
    },
  });
  // A machine that stands still for a second serves nothing meanwhile, and sends unevenly.
  await eventually("nearly as many as one process could have served of the same requests", async () => {
    const offered = await offer();
    expectLimited(offered);
    const most = mostServed(offered.sentAtMs);
    const served = offered.arrived.flat().length;
    return most >= LIMIT * NAMES.length * (SECONDS - 1) && served >= 0.9 * most;
  });
});
