/**
 * Sessions through the whole program: clients stay where they are, and move when they must, and no further.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerValue } from "../support/wire/http-reader.ts";
import { exchangeOnce } from "../support/wire/raw-connection.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { allValues, fetchRaw } from "./support/client.ts";
import { CookieJar } from "./support/cookie-jar.ts";
import { LeanConnection } from "./support/lean-client.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { warmUp } from "./support/warm-up.ts";

const OURS = "__lb";

/** A pool for each test, each with three origins of its own: one of them is killed, and all count their requests. */
const POOLS = ["killed", "cookies", "lines", "forged"] as const;
type Pool = (typeof POOLS)[number];

const originsOf: Partial<Record<Pool, Origin[]>> = {};
let balancer: Balancer;

beforeAll(async () => {
  const pools = await Promise.all(
    POOLS.map(async (pool) => {
      const origins = await startOrigins("a", "b", "c");
      originsOf[pool] = origins;
      return [pool, { origins: origins.map((origin) => origin.config()), sticky: true, log: { sample: 0 } }];
    }),
  );
  const routes = POOLS.map((pool) => ({ host: hostOf(pool), pool }));
  balancer = await startBalancer({ config: { routes, pools: Object.fromEntries(pools) } });
  // The keys of the sessions come from the objects.
  await warmUp(balancer.url, Object.fromEntries(POOLS.map((pool) => [pool, hostOf(pool)])));
  await Promise.all(Object.values(originsOf).flatMap((origins) => origins.map((origin) => origin.forget())));
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all(Object.values(originsOf).flatMap((origins) => origins.map((origin) => origin.kill())));
});

const hostOf = (pool: Pool) => `${pool}.test`;
const to = (pool: Pool, headers: Record<string, string> = {}) => ({
  headers: { host: hostOf(pool), ...headers },
});

/** The Cookie headers that origins got. A process that was killed tells nothing any more. */
async function cookiesSeen(these: readonly Origin[]): Promise<string[]> {
  const hits = (await Promise.all(these.map((origin) => origin.hits()))).flat();
  return hits.flatMap(({ headers }) => headers.cookie ?? "");
}

describe("a client that keeps its cookies", () => {
  test("stays on one origin, moves once when that is killed, and stays again", async () => {
    const { url } = balancer;
    const origins = originsOf.killed ?? [];
    const jar = new CookieJar();
    jar.set("theme", "dark");
    let sessions = 0;
    const request = async (path = "/"): Promise<string> => {
      const reply = await fetchRaw(url, path, to("killed", jar.headers()));
      expect(reply.status).toBe(200);
      if (jar.take(reply).includes(OURS)) sessions++;
      return reply.headers["x-origin"] ?? "none";
    };
    const stay = async (): Promise<Set<string>> => {
      const names = new Set<string>();
      const lean = await LeanConnection.open(url);
      const { headers } = to("killed", jar.headers());
      for (let i = 0; i < 1_000; i++) {
        const reply = await lean.get("/", headers);
        expect([reply.status, reply.headers.get("set-cookie")]).toEqual([200, undefined]);
        names.add(reply.headers.get("x-origin") ?? "none");
      }
      lean.close();
      return names;
    };

    const first = await request("/cookies");
    const own = ["a=1", "b=2", "c=3"];
    expect(own.map((cookie) => jar.get(cookie.slice(0, 1)))).toEqual(["1", "2", "3"]);
    expect(await stay()).toEqual(new Set([first]));
    expect(sessions, "cookies given out").toBe(1);
    const seen = await cookiesSeen(origins);
    expect(new Set(seen)).toEqual(new Set(["theme=dark", `theme=dark; ${own.join("; ")}`]));

    const pinned = origins.find(({ name }) => name === first);
    await pinned?.kill();
    const second = await request();
    expect(second).not.toBe(first);
    expect(sessions, "cookies given out").toBe(2);
    expect(await stay()).toEqual(new Set([second]));
    expect(sessions, "cookies given out").toBe(2);
    const others = origins.filter((origin) => origin !== pinned);
    expect(new Set(await cookiesSeen(others))).toEqual(new Set([`theme=dark; ${own.join("; ")}`]));
  });

  test("gets the origin's own cookies, each as it was written, beside ours", async () => {
    const cookies = allValues(await fetchRaw(balancer.url, "/cookies", to("cookies")), "set-cookie");
    expect(cookies.slice(0, 3)).toEqual([
      "a=1; Path=/",
      "b=2; HttpOnly",
      "c=3; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    ]);
    expect(cookies.slice(3)).toEqual([
      expect.stringMatching(
        /^__lb=[\w-]{22}\.[0-9a-z]+\.[\w-]{6}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/,
      ),
    ]);
  });
});

test("a session is found in any of several Cookie lines, and the origin gets the other cookies in one line", async () => {
  const { url } = balancer;
  const origins = originsOf.lines ?? [];
  const jar = new CookieJar();
  const first = await fetchRaw(url, "/", to("lines"));
  jar.take(first);
  const ours = `${OURS}=${jar.get(OURS)}`;
  for (const lines of [
    [ours, "a=1", "b=x, y; c=3"],
    ["a=1", ours, "b=x, y; c=3"],
    ["a=1", `b=x, y; c=3; ${ours}`],
    [`a=1; ${ours}`, "b=x, y", "c=3"],
  ]) {
    await Promise.all(origins.map((origin) => origin.forget()));
    const cookies = lines.map((line) => ["Cookie", line] as const);
    const headers = [["Host", hostOf("lines")] as const, ...cookies];
    const reply = await exchangeOnce(url, { method: "GET", target: "/", headers });
    expect(headerValue(reply.headers, "x-origin")).toBe(first.headers["x-origin"]);
    expect(headerValue(reply.headers, "set-cookie")).toBeUndefined();
    expect(await cookiesSeen(origins)).toEqual(["a=1; b=x, y; c=3"]);
  }
});

test("a forged cookie is ignored: the algorithm picks, and the answer sets a valid one", async () => {
  const { url } = balancer;
  const jar = new CookieJar();
  jar.take(await fetchRaw(url, "/", to("forged")));
  const good = jar.get(OURS);
  const changed = (good.startsWith("A") ? "B" : "A") + good.slice(1);
  for (const forged of [
    changed,
    "a",
    "a.0",
    `${"A".repeat(22)}.zzzzzz`,
    ".",
    "~~~~~~",

    "%00",
  ]) {
    const picked: string[] = [];
    for (let i = 0; i < 3; i++) {
      const reply = await fetchRaw(url, "/", to("forged", { cookie: `${OURS}=${forged}` }));
      expect(reply.status).toBe(200);
      picked.push(reply.headers["x-origin"] ?? "none");
      const fresh = new CookieJar();
      expect(fresh.take(reply), forged).toEqual([OURS]);
      const again = await fetchRaw(url, "/", to("forged", fresh.headers()));
      expect(again.headers["x-origin"]).toBe(picked.at(-1));
      expect(fresh.take(again)).toEqual([]);
    }
    expect(picked.sort(), forged).toEqual(["a", "b", "c"]);
  }
  expect(new Set(await cookiesSeen(originsOf.forged ?? []))).toEqual(new Set([""]));
});
