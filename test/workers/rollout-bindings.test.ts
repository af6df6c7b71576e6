/**
 * While a version with a new binding is rolled out, isolates of the version before do not have it, whatever the pool's
 * object has. Such an isolate is played by one whose Worker lacks the binding.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "./test-clock.ts";
import { gone, WrappedObject } from "./wrapped-object.ts";
import { configure, lines, ORIGINS, pool, stub, withWrappedPools } from "./wrapped-pool.ts";

withWrappedPools("rollout");

const [HERE] = ORIGINS;
const BOUND = { id: "bound", url: "http://10.9.8.7:8080", binding: "ORIGIN_OTHER" };

let isolate = new WrappedObject();

beforeEach(() => {
  isolate = new WrappedObject({ ORIGIN_OTHER: undefined });
});

/** Not to be sent a second time, so that a pick that leads nowhere shows. */
const post = () => isolate.ask(new Request(`http://${pool}.example/`, { method: "POST" }));

async function statuses(count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push((await post()).status);
  await clock.pass(isolate.settle());
  return seen;
}

const OK = (count: number) => Array.from({ length: count }, () => 200);

describe("an origin whose binding an isolate lacks, though the pool's object has it", () => {
  it.each([
    ["leased", {}],
    ["strict", { coordination: "strict" }],
    ["hashing", { algorithm: "consistent_hash", hash_key: "path" }],
    ["strict and hashing", { coordination: "strict", algorithm: "consistent_hash", hash_key: "path" }],
    ["in panic", { panic_threshold: 100 }],
  ])("gets nothing from it in a %s pool, and the others get all", async (_, more) => {
    await configure({ origins: [BOUND, HERE], outlier_detection: {}, log: { sample: 1 }, ...more });
    expect((await stub().summary()).origins.eligible, "as the object knows").toBe(2);
    expect(await statuses(6)).toEqual(OK(6));
    const logged = lines.filter(({ method }) => method === "POST");
    expect(logged.map(({ origin, attempts, why }) => [origin, attempts, why])).toEqual(
      logged.map(() => ["a", 1, "algorithm"]),
    );
    expect((await stub().stats()).origins.bound?.requests ?? 0).toBe(0);
  });

  it("takes no session, and loses the one that it has", async () => {
    await configure({ origins: [BOUND, HERE], sticky: true });
    const other = new WrappedObject();
    const cookies: string[] = [];
    for (let i = 0; i < 2; i++) {
      const answer = await other.ask(url());
      cookies.push(answer.headers.get("set-cookie") ?? "");
      await answer.text();
    }
    for (const cookie of cookies) {
      const request = new Request(url(), { method: "POST", headers: { cookie: cookie.split(";")[0] ?? "" } });
      expect((await isolate.ask(request)).status).toBe(200);
    }
    await clock.pass(Promise.all([other.settle(), isolate.settle()]));
  });

  it.each([
    ["leased", {}],
    ["strict", { coordination: "strict" }],
  ])("that is the only one of a %s pool leaves it without any, and costs no token", async (_, more) => {
    await configure({ origins: [BOUND], rate_limit: 4, ...more });
    for (let i = 0; i < 4; i++) {
      const answer = await post();
      expect([answer.status, await answer.json()]).toMatchObject([503, { type: "no_origin_available" }]);
    }
    expect(isolate.count("acquire")).toBe(0);
    const other = new WrappedObject();
    await clock.still(async () => {
      expect((await other.seen(url())).slice(0, 3), "it takes what the first has left").toBe("200");
    });
    await clock.pass(Promise.all([other.settle(), isolate.settle()]));
    expect((await stub().stats()).origins.bound?.rate_limited ?? 0).toBe(0);
  });

  it("gets nothing either where the isolate knows the pool from KV alone, not even in panic", async () => {
    isolate.wrapper = gone;
    await configure({ origins: [BOUND, HERE], panic_threshold: 100 });
    expect(await statuses(6)).toEqual(OK(6));
  });
});

const url = () => `http://${pool}.example/`;
