/**
 * A client that leaves while its request waits for the pool's object holds nothing, there or in the isolate. The runtime
 * ends such a request as it does for a client over a socket: no code of it runs any more but what is kept going.
 */
import { env, exports } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { UpstreamPool } from "../../src/pool/upstream-pool.ts";
import { configure, ORIGINS } from "./strict-pool.ts";
import { clock, eventually } from "./test-clock.ts";

/** More than an isolate gets as its share, which it uses up first. */
const LIMIT = 20;
/** A request that waits for another's call looks after so many ms whether it is over, or after what calls use to take. */
const LOOK_MS = 5;

let url = "";

/** Answers to picks and to calls for tokens wait until it is open. */
let isOpen = true;
let waiting = 0;

async function atGate<T>(reply: Promise<T>): Promise<T> {
  const answer = await reply;
  waiting++;
  while (!isOpen) await scheduler.wait(0);
  waiting--;
  return answer;
}

const { pick, acquire } = UpstreamPool.prototype;
UpstreamPool.prototype.pick = function (this: UpstreamPool, ...parameters) {
  return atGate(pick.apply(this, parameters));
};
UpstreamPool.prototype.acquire = function (this: UpstreamPool, ...parameters) {
  return atGate(acquire.apply(this, parameters));
};

const edgePools = new Set<EdgePool>();
const { apply } = EdgePool.prototype;
EdgePool.prototype.apply = function (this: EdgePool, ...parameters) {
  edgePools.add(this);
  return apply.apply(this, parameters);
};

/** Requests that wait for a token. */
const seekers = () => [...edgePools].reduce((sum, { rates }) => sum + rates.waits.seekers.size, 0);

/** An isolate may start a request now. */
const hasToken = () =>
  [...edgePools].some(({ servers }) => servers.get("a")?.leased?.allows(clock.nowMs) === true);

afterEach(() => {
  isOpen = true;
});

async function status(init?: RequestInit): Promise<number> {
  const response = await exports.default.fetch(url, init);
  await response.text();
  return response.status;
}

/** A pool with one origin, which has served a request: that one's report leaves later ones nothing to keep going. */
async function serving(more: Record<string, unknown>): Promise<void> {
  const pool = await configure({ origins: ORIGINS.slice(0, 1), ...more });
  url = `http://${pool}.example/`;
  await env.POOLS.put("routes", JSON.stringify([{ host: `${pool}.example`, pool }]));
  clock.skip(10_000);
  await clock.until(async () => expect(await status()).toBe(200));
}

/** The first client whose request comes to the gate. */
async function client(): Promise<{ leave: () => Promise<unknown> }> {
  isOpen = false;
  for (;;) {
    const abort = new AbortController();
    let isServed = false;
    const asking = status({ signal: abort.signal }).then(
      () => {
        isServed = true;
      },
      () => undefined,
    );
    await eventually(() => expect(isServed || waiting === 1).toBe(true));
    if (isServed) continue;
    const leave = () => {
      abort.abort();
      return asking;
    };
    return { leave };
  }
}

it("a pick is free at once", async () => {
  await serving({
    coordination: "strict",
    origins: ORIGINS.slice(0, 1).map((origin) => ({ ...origin, max_connections: 1 })),
  });
  await clock.still(async () => {
    await (await client()).leave();
    isOpen = true;
    await eventually(async () => expect(await status()).toBe(200));
  });
});

it("a token goes to another that waits", async () => {
  await serving({ coordination: "leased", rate_limit: LIMIT });
  await clock.still(async () => {
    const first = await client();
    let answered: number | null = null;
    const other = status().then((seen) => {
      answered = seen;
    });
    await eventually(() => expect(seekers()).toBe(2));
    await first.leave();
    await eventually(() => expect(seekers()).toBe(1));
    isOpen = true;
    await eventually(() => expect(hasToken()).toBe(true));
    // Until the other looks. Its token is good for longer.
    const look = () => {
      clock.skip(LOOK_MS);
      return answered;
    };
    await eventually(() => expect(look()).toBe(200));
    await other;
    expect(seekers()).toBe(0);
  });
});
