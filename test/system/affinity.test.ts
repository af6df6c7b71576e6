/**
 * Sessions through the whole program: clients stay where they are, and move when they must, and no further.
 */
import { afterEach, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { allValues, fetchRaw, oneConnection } from "./support/client.ts";
import { CookieJar } from "./support/cookie-jar.ts";
import { eventually } from "./support/eventually.ts";
import { forEachItem } from "./support/lean-client.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

const OURS = "__lb";
const VIRTUAL_NODES = 150;

let origins: Origin[] = [];
let balancer: Balancer | undefined;

afterEach(async () => {
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

const configOf = (sticky: unknown, these: readonly Origin[]) => ({
  pools: { web: { origins: these.map((origin) => origin.config()), sticky, log: { sample: 0 } } },
});

async function start(sticky: unknown, ...names: string[]): Promise<Balancer> {
  origins = await startOrigins(...names);
  balancer = await startBalancer({ config: configOf(sticky, origins) });
  return balancer;
}

/** The Cookie headers that origins got. A process that was killed tells nothing any more. */
async function cookiesSeen(these: readonly Origin[]): Promise<string[]> {
  const hits = (await Promise.all(these.map((origin) => origin.hits()))).flat();
  return hits.flatMap(({ headers }) => headers.cookie ?? "");
}

describe("a client that keeps its cookies", () => {
  test("stays on one origin, moves once when that is killed, and stays again", async () => {
    const { url } = await start(true, "a", "b", "c");
    const agent = oneConnection();
    const jar = new CookieJar();
    jar.set("theme", "dark");
    let sessions = 0;
    const request = async (path = "/"): Promise<string> => {
      const reply = await fetchRaw(url, path, { headers: jar.headers(), agent });
      expect(reply.status).toBe(200);
      if (jar.take(reply).includes(OURS)) sessions++;
      return reply.headers["x-origin"] ?? "none";
    };
    const stay = async (): Promise<Set<string>> => {
      const names = new Set<string>();
      for (let i = 0; i < 1_000; i++) names.add(await request());
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
    agent.destroy();
  });

  test("gets the origin's own cookies, each as it was written, beside ours", async () => {
    const { url } = await start(true, "a", "b");
    const cookies = allValues(await fetchRaw(url, "/cookies"), "set-cookie");
    expect(cookies.slice(0, 3)).toEqual([
      "a=1; Path=/",
      "b=2; HttpOnly",
      "c=3; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    ]);
    expect(cookies.slice(3)).toEqual([
      expect.stringMatching(/^__lb=[\w-]{22}\.[0-9a-z]+; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });
});

test("a forged cookie is ignored: the algorithm picks, and the answer brings a good one", async () => {
  const { url } = await start(true, "a", "b", "c");
  const jar = new CookieJar();
  jar.take(await fetchRaw(url, "/"));
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
      const reply = await fetchRaw(url, "/", { headers: { cookie: `${OURS}=${forged}` } });
      expect(reply.status).toBe(200);
      picked.push(reply.headers["x-origin"] ?? "none");
      const fresh = new CookieJar();
      expect(fresh.take(reply), forged).toEqual([OURS]);
      const again = await fetchRaw(url, "/", { headers: fresh.headers() });
      expect(again.headers["x-origin"]).toBe(picked.at(-1));
      expect(fresh.take(again)).toEqual([]);
    }
    expect(picked.sort(), forged).toEqual(["a", "b", "c"]);
  }
  expect(new Set(await cookiesSeen(origins))).toEqual(new Set([""]));
});

/** Ends the test if it hangs; a busy machine serves some hundred requests a second. */
const TWENTY_THOUSAND_REQUESTS_MS = 300_000;

/** As many addresses, all different. */
const CLIENTS = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);

/** Where each client is sent. */
async function originOfEach(url: string, clients: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await forEachItem(
    url,
    Math.min(16, clients.length),
    clients,
    (client) => ({ path: "/healthz", headers: { "cf-connecting-ip": client } }),
    (client, { status, headers }) => {
      found.set(client, status === 200 ? (headers.get("x-origin") ?? "none") : String(status));
    },
  );
  return found;
}

test(
  "10,000 addresses spread within the ring's variance; an origin that goes moves its own clients alone",
  async () => {
    const names = ["a", "b", "c", "d", "e"];
    const { url } = await start({ method: "ip" }, ...names);
    const before = await originOfEach(url, CLIENTS);
    const clientsOf = (name: string) => CLIENTS.filter((client) => before.get(client) === name);

    // With V points of each of n origins an origin's share of the ring is Beta(V, (n - 1)V). To its variance comes that
    // of drawing clients from the ring. Four standard deviations; ids and addresses are fixed, so this never varies.
    const p = 1 / names.length;
    const ring = (p * (1 - p)) / (names.length * VIRTUAL_NODES + 1);
    const clients = CLIENTS.length;
    const deviation = Math.sqrt(clients * clients * ring + clients * p * (1 - p));
    const counts = names.map((name) => clientsOf(name).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(clients);
    for (const count of counts) expect(Math.abs(count - clients * p)).toBeLessThan(4 * deviation);

    balancer?.writeConfig(configOf({ method: "ip" }, origins.slice(0, 4)));
    const [moved] = clientsOf("e");
    if (moved === undefined) throw new Error("e has clients");
    await eventually("the change is in force", async () => {
      return (await originOfEach(url, [moved])).get(moved) !== "e";
    });
    const after = await originOfEach(url, CLIENTS);
    const changed = CLIENTS.filter((client) => after.get(client) !== before.get(client));
    expect(changed).toEqual(clientsOf("e"));
    const heirs = new Set(changed.map((client) => after.get(client)));
    expect(heirs, "all others take some over").toEqual(new Set(["a", "b", "c", "d"]));
  },
  TWENTY_THOUSAND_REQUESTS_MS,
);
