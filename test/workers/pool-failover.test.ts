/**
 * A request on its way over pools whose origins fail, and whose objects do not answer: which pools it is brought to.
 */
import { createExecutionContext, env as realEnv } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { parseRoutes } from "../../src/config/parse.ts";
import { compileRoutes } from "../../src/config/routing.ts";
import { type Served, serveByPools } from "../../src/edge/forward/pool-failover.ts";
import { RequestContext } from "../../src/edge/forward/request-context.ts";
import { describeRequest } from "../../src/edge/model/edge-request.ts";
import { IsolateState } from "../../src/edge/sync/isolate.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";

const POOLS = ["walk-a", "walk-b", "walk-c"];
/** Nobody listens there. */
const DOCUMENT = { origins: [{ id: "o", url: "http://127.0.0.1:1" }], failover: { max_attempts: 1 } };
const { POOLS: kv } = realEnv as unknown as Env;

beforeAll(async () => {
  await kv.put("pool:walk-limited", JSON.stringify({ ...DOCUMENT, rate_limit: 1 }));
  await Promise.all(POOLS.map((id) => kv.put(`pool:${id}`, JSON.stringify(DOCUMENT))));
});

/** An isolate that has served nothing yet, and which pools' objects it asked. */
class Cold {
  readonly isolate: IsolateState;
  readonly asked: string[] = [];

  /** @param onCall happens when it asks a pool's object, which does not answer */
  constructor(onCall: (pool: string, isolate: IsolateState) => void = () => undefined) {
    const stub = (pool: string) => ({
      sync: async () => {
        this.asked.push(pool);
        onCall(pool, this.isolate);
        throw new Error("it does not answer");
      },
    });
    const objects = { getByName: stub } as never;
    const env = { ...(realEnv as unknown as Env), LB_NAME: "walk", UPSTREAM_POOL: objects };
    this.isolate = new IsolateState(new WorkerSurroundings(env));
  }

  async serve(document: object): Promise<Served> {
    const parsed = parseRoutes([document]);
    const edge = describeRequest(new Request("http://a.test/"), {}, Date.now());
    const context = new RequestContext(edge, createExecutionContext(), this.isolate);
    const route = parsed.ok ? compileRoutes(parsed.value).match("a.test", "/", context) : null;
    if (route === null) throw new Error("the route is bad");
    return await serveByPools(context, this.isolate, route);
  }
}

describe("a request that failed in its first pool", () => {
  it("is brought to each of the others, as long as there are retries", async () => {
    const cold = new Cold();
    expect((await cold.serve({ pools: POOLS })).problem).toBe("origin_failed");
    expect(cold.asked).toEqual(POOLS);
  });

  it("is brought to no further pool once others have spent the retries", async () => {
    const cold = new Cold((pool, isolate) => {
      if (pool !== "walk-b") return;
      const { retryBudget } = isolate.pool("walk-a").pool;
      while (retryBudget.withdraw(Date.now()));
    });
    expect((await cold.serve({ pools: POOLS })).problem).toBe("origin_failed");
    expect(cold.asked).toEqual(["walk-a", "walk-b"]);
  });
});

it("is told of the pool's rate limit where the fallback has no configuration", async () => {
  const cold = new Cold();
  const route = { pool: "walk-limited", fallback_pool: "walk-nowhere" };
  // Without its object an isolate lets the first one through.
  await cold.serve(route);
  const served = await cold.serve(route);
  expect(cold.asked).toContain("walk-nowhere");
  expect(served).toMatchObject({ problem: "rate_limited", retryAfterMs: expect.any(Number) });
});
