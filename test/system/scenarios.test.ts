/**
 * Expectations of other balancers' tests about bytes on the wire, tested here. Ids are those of this project's
 * collection.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { loggedEvents } from "./support/events.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

let origins: Origin[];
let balancer: Balancer;

/** `main` has a fallback of its own, `f`, for what it answers 503. */
const FAILOVER = { max_attempts: 2, retry_on: [503], retry_non_idempotent: true };

/** Down from the beginning: nobody answers this path well. */
const UNWELL = { path: "/unwell", interval: 3_600, initial: "unhealthy" };

beforeAll(async () => {
  origins = await startOrigins("a", "b", "c");
  const [a, b, c] = origins.map((origin) => origin.config());
  balancer = await startBalancer({
    config: {
      routes: [
        { path: "/off/*", pool: "off" },
        { path: "/pools/*", pool: "first", fallback_pool: "last" },
        { path: "/no-last-resort/*", pool: "first" },
        ...["next", "headers", "small", "any-size"].map((pool) => ({ path: `/${pool}/*`, pool })),
      ],
      pools: {
        off: {
          origins: [
            { ...a, enabled: false },
            { ...b, enabled: false, backup: true },
          ],
        },
        first: { origins: [a], health_check: UNWELL },
        // As an import writes Cloudflare's fallback pool: docs/importing.md.
        last: { origins: [b], health_check: UNWELL, panic_threshold: 0.01 },
        next: {
          origins: [a, b],
          failover: { retry_on: [404, 500] },
          outlier_detection: { consecutive_failures: 1 },
        },
        headers: { origins: [a, b, c], failover: { max_attempts: 3, retry_on: [502] } },
        small: { origins: [a, { ...b, backup: true }], failover: { ...FAILOVER, max_body_bytes: 5 } },
        "any-size": {
          origins: [a, { ...b, backup: true }],
          failover: { ...FAILOVER, max_body_bytes: 10_485_760 },
        },
      },
    },
  });
  const failed = (name: string) => ({
    path: "/headers",
    status: 502,
    headers: { [`x-foo-test-${name}`]: "set" },
  });
  await origins[0]?.behave(
    { path: "/next/missing", status: 404 },
    { path: "/unwell", status: 500 },
    failed("a"),
    { path: "/small", status: 503 },
    { path: "/any-size", status: 503 },
  );
  await origins[1]?.behave(failed("b"), { path: "/unwell", status: 500 });
  await origins[2]?.behave({ path: "/headers", status: 204, headers: { "x-foo-test-c": "set" } });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

const post = (path: string, body: string) => fetchRaw(balancer.url, path, { method: "POST", body });
const bodies = async (index: number, path: string) =>
  ((await origins[index]?.hits()) ?? []).filter(({ url }) => url === path).map(({ bodyBytes }) => bodyBytes);

test("a 404 sends on to another origin but is no failure: it stays in rotation (NGX-NU-01)", async () => {
  for (let i = 0; i < 6; i++) {
    const reply = await fetchRaw(balancer.url, "/next/missing");
    expect([reply.status, reply.headers["x-origin"]]).toEqual([200, "b"]);
  }
  const names = new Set<unknown>();
  for (let i = 0; i < 6; i++) names.add((await fetchRaw(balancer.url, "/next/ok")).headers["x-origin"]);
  expect([...names].sort()).toEqual(["a", "b"]);
  expect(loggedEvents(balancer, "ejected")).toEqual([]);
});

test("of several attempts only the last one's headers reach the client (TRF-RETRY-17)", async () => {
  for (let i = 0; i < 3; i++) {
    const { status, headers } = await fetchRaw(balancer.url, "/headers/");
    expect(status).toBe(204);
    expect(Object.keys(headers).filter((name) => name.startsWith("x-foo-test"))).toEqual(["x-foo-test-c"]);
    expect(headers["x-origin"]).toBe("c");
  }
  expect((await bodies(0, "/headers/")).length, "and there were failed ones").toBeGreaterThan(0);
});

// Traefik answers 413 to a body above its cap. Here it goes out once, unbuffered, and the origin's answer comes back.
test("a body too large to be kept is sent once, not refused (TRF-FO-11)", async () => {
  const reply = await post("/small/too-large", "22 bytes are more than");
  expect([reply.status, reply.headers["x-origin"]]).toEqual([503, "a"]);
  expect([await bodies(0, "/small/too-large"), await bodies(1, "/small/too-large")]).toEqual([[22], []]);
});

test("a body of exactly the size that is kept is replayed (TRF-RETRY-11)", async () => {
  const reply = await post("/small/fits", "5 by.");
  expect([reply.status, reply.headers["x-origin"]]).toEqual([200, "b"]);
  expect([await bodies(0, "/small/fits"), await bodies(1, "/small/fits")]).toEqual([[5], [5]]);
});

test("a body that is small enough goes whole to the fallback (TRF-FO-13)", async () => {
  const reply = await post("/any-size/", "24 bytes that all arrive");
  expect([reply.status, reply.headers["x-origin"]]).toEqual([200, "b"]);
  expect(await bodies(1, "/any-size/")).toEqual([24]);
});

test("when every pool is down, the fallback pool gets the traffic whatever its health (CF-HC-02)", async () => {
  // That they are down from the beginning says the object, of which an isolate hears soon.
  await eventually("the first pool to be known as down", async () => {
    return (await fetchRaw(balancer.url, "/no-last-resort/")).status === 503;
  });
  const last = await fetchRaw(balancer.url, "/pools/");
  expect([last.status, last.headers["x-origin"]]).toEqual([200, "b"]);
});

test("with the main and the fallback origin off the answer is 503 (TRF-FO-15)", async () => {
  expect((await fetchRaw(balancer.url, "/off/")).status).toBe(503);
});
