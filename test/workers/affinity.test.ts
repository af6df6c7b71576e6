import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";

const origins = inject("origins");
const POOLS = {
  cookie: { sticky: { method: "cookie", ttl: 400 } },
  other: { sticky: true },
  ip: { sticky: { method: "ip" } },
  ipcookie: { sticky: { method: "ip_cookie" } },
  loose: {},
  named: { sticky: { cookie_name: "other_name" } },
  hash: { algorithm: "consistent_hash", hash_key: "query:user" },
} as const;

beforeAll(async () => {
  const list = origins.map((url, i) => ({ id: `o${i}`, url }));
  for (const [id, fields] of Object.entries(POOLS)) {
    await env.POOLS.put(`pool:${id}`, JSON.stringify({ origins: list, log: { sample: 0 }, ...fields }));
  }
  const gone = { id: "gone", url: "http://127.0.0.1:1" };
  const failover = { retry_on: ["connect_failure", 404, 503] };
  const standing = { algorithm: "first", sticky: true, origins: [...list.slice(0, 1), gone], failover };
  await env.POOLS.put("pool:standing", JSON.stringify(standing));
  const routes = [...Object.keys(POOLS), "standing"].map((pool) => ({ host: `${pool}.example`, pool }));
  await env.POOLS.put("routes", JSON.stringify(routes));
});

interface Answer {
  status: number;
  name: string;
  /** As the origin got them. */
  headers: Record<string, string>;
  response: Response;
  /** Our Set-Cookie, or null. */
  set: string | null;
}

let address = 0;

async function ask(url: string, cookie?: string, ip?: string): Promise<Answer> {
  const headers = new Headers({ "cf-connecting-ip": ip ?? `198.51.100.${address++ % 250}` });
  if (cookie !== undefined) headers.set("cookie", cookie);
  const response = await exports.default.fetch(url, { headers });
  const seen = await response.json<{ name: string; headers: Record<string, string> }>();
  const set = response.headers.getSetCookie().find((line) => line.startsWith("__lb=")) ?? null;
  return { status: response.status, name: seen.name, headers: seen.headers, response, set };
}

const pair = (set: string | null): string => (set ?? "").split(";")[0] ?? "";

/** A client with a session in pool `cookie`: its cookie and its origin. */
async function session(): Promise<{ cookie: string; name: string }> {
  const { set, name } = await ask("http://cookie.example/");
  return { cookie: pair(set), name };
}

describe("sessions by cookie", () => {
  it("sets an opaque cookie with the attributes of the design, Secure on https alone", async () => {
    const http = await ask("http://cookie.example/");
    const https = await ask("https://cookie.example/");
    expect(http.set).toMatch(
      /^__lb=[\w-]{22}\.[0-9a-z]{6}\.[\w-]{6}; Max-Age=400; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(https.set).toMatch(/; SameSite=Lax; Secure$/);
  });

  it("lets new sessions follow the algorithm, and keeps each where it began", async () => {
    const begun = [];
    for (let i = 0; i < 10; i++) begun.push(await session());
    expect(new Set(begun.map(({ name }) => name)).size).toBe(origins.length);
    for (const { cookie, name } of begun) {
      for (let i = 0; i < 5; i++) {
        const again = await ask("http://cookie.example/", `a=1; ${cookie}`);
        expect([again.name, again.set]).toEqual([name, null]);
      }
    }
  });

  it("passes all cookies except ours to the origin byte for byte, and keeps the origin's own", async () => {
    const { cookie } = await session();
    const answer = await ask("http://cookie.example/", `a="1 2"; ${cookie}; b=%20;c`);
    expect(answer.headers.cookie).toBe('a="1 2"; b=%20;c');
    expect((await ask("http://cookie.example/", cookie)).headers).not.toHaveProperty("cookie");
    const first = await ask("http://cookie.example/");
    expect(first.response.headers.getSetCookie().map((line) => line.split("=")[0])).toEqual([
      "one",
      "two",
      "__lb",
    ]);
  });

  it("begins with an answer that stands because no later origin gave one, if it is no failure", async () => {
    const missing = await ask("http://standing.example/?status=404");
    expect([missing.status, missing.name]).toEqual([404, "o0"]);
    const cookie = pair(missing.set);
    expect(cookie).toMatch(/^__lb=./);
    for (const target of ["?status=404", ""]) {
      const again = await ask(`http://standing.example/${target}`, cookie);
      expect([again.name, again.set], target).toEqual(["o0", null]);
    }
    const failed = await ask("http://standing.example/?status=503");
    expect([failed.status, failed.name, failed.set]).toEqual([503, "o0", null]);
  });

  it("ignores a forged cookie, and sets a valid one", async () => {
    for (const forged of ["o1", "x".repeat(5_000), `${"A".repeat(22)}.zzzzzz`, ""]) {
      const answer = await ask("http://cookie.example/", `__lb=${forged}`);
      expect(answer.status).toBe(200);
      expect(pair(answer.set)).toMatch(/^__lb=[\w-]{22}\.[0-9a-z]{6}/);
    }
  });

  it("keeps a response with the cookie out of shared caches, and does not change one without it", async () => {
    const { cookie } = await session();
    const cc = "public, max-age=60";
    const first = await ask(`http://cookie.example/?cc=${cc}`);
    const again = await ask(`http://cookie.example/?cc=${cc}`, cookie);
    expect(first.response.headers.get("cache-control")).toBe("max-age=60, private");
    expect(again.response.headers.get("cache-control")).toBe(cc);
  });

  it("moves the session once when its origin dies, in the same response", async () => {
    const { cookie, name } = await session();
    const dead = origins[Number(name.slice(1))] ?? "";
    await (await fetch(`${dead}/down`)).text();
    try {
      const moved = await ask("http://cookie.example/", cookie);
      expect([moved.status, moved.name === name]).toEqual([200, false]);
      const again = await ask("http://cookie.example/", pair(moved.set));
      expect([again.name, again.set]).toEqual([moved.name, null]);
    } finally {
      await (await fetch(`${dead}/up`)).text();
    }
  });

  it("binds no client to an origin that failed", async () => {
    const answer = await ask("http://cookie.example/?status=503");
    expect([answer.status, answer.set]).toEqual([503, null]);
  });

  it("begins a session with a WebSocket, too", async () => {
    const headers = {
      upgrade: "websocket",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
      "cf-connecting-ip": "192.0.2.1",
    };
    const first = await exports.default.fetch("http://cookie.example/", { headers });
    const set = first.headers.getSetCookie().find((line) => line.startsWith("__lb="));
    first.webSocket?.accept();
    first.webSocket?.close();
    const second = await exports.default.fetch("http://cookie.example/", {
      headers: { ...headers, cookie: `a=1; ${pair(set ?? null)}` },
    });
    const { name, cookie } = await nextMessage(second.webSocket);
    expect([first.status, second.status, cookie]).toEqual([101, 101, "a=1"]);
    expect((await ask("http://cookie.example/", pair(set ?? null))).name).toBe(name);
  });

  it("shares the cookie with the other pools of a host", async () => {
    const mine = await session();
    const other = await ask("http://other.example/", mine.cookie);
    const both = pair(other.set);
    expect(both.split("~")).toHaveLength(2);
    expect((await ask("http://cookie.example/", both)).name).toBe(mine.name);
    expect((await ask("http://other.example/", both)).name).toBe(other.name);
  });

  it("is not shown to a pool of that host that keeps no sessions, unlike a cookie of that name that is none", async () => {
    const { cookie } = await session();
    const seen = async (sent: string) => (await ask("http://loose.example/", sent)).headers.cookie;
    expect(await seen(cookie)).toBeUndefined();
    expect(await seen(`a=1; ${cookie}, b=2`)).toBe("a=1; b=2");
    expect(await seen("a=1; __lb=the-origin-s.own")).toBe("a=1; __lb=the-origin-s.own");
    await ask("http://named.example/");
    expect(await seen(cookie.replace("__lb", "other_name"))).toBeUndefined();
    expect(await seen(cookie.replace("__lb", "never_named"))).toBe(cookie.replace("__lb", "never_named"));
  });
});

async function nextMessage(socket: WebSocket | null): Promise<{ name: string; cookie: string | null }> {
  if (socket === null) throw new Error("no WebSocket");
  socket.accept();
  const message = new Promise<string>((got) => {
    socket.addEventListener("message", (event) => got(String(event.data)), { once: true });
  });
  socket.send("who?");
  const text = await message;
  socket.close();
  return JSON.parse(text);
}

describe("sessions by address", () => {
  it("ip: one address, or one IPv6 /64, one origin; no cookie", async () => {
    const names = new Set<string>();
    for (let client = 0; client < 30; client++) {
      const first = await ask("http://ip.example/", undefined, `2001:db8:0:${client}::1`);
      const again = await ask("http://ip.example/", undefined, `2001:db8:0:${client}:ffff::2`);
      expect([again.name, first.set, again.set]).toEqual([first.name, null, null]);
      names.add(first.name);
    }
    expect(names.size).toBe(origins.length);
  });

  it("ip_cookie: the address picks, the cookie keeps whatever the address does", async () => {
    const first = await ask("http://ipcookie.example/", undefined, "192.0.2.77");
    const sameAddress = await ask("http://ipcookie.example/", undefined, "192.0.2.77");
    expect(sameAddress.name).toBe(first.name);
    for (let i = 0; i < 10; i++) {
      expect((await ask("http://ipcookie.example/", pair(first.set), `203.0.113.${i}`)).name).toBe(
        first.name,
      );
    }
  });
});

describe("consistent_hash", () => {
  it("one key, one origin, whoever asks; no key, round robin", async () => {
    const names = new Set<string>();
    for (let user = 0; user < 30; user++) {
      const first = await ask(`http://hash.example/?user=${user}`);
      expect((await ask(`http://hash.example/other?a=1&user=${user}`)).name).toBe(first.name);
      names.add(first.name);
    }
    expect(names.size).toBe(origins.length);
    const keyless = [];
    for (let i = 0; i < origins.length; i++) keyless.push((await ask("http://hash.example/?user=")).name);
    expect(new Set(keyless).size).toBe(origins.length);
  });
});
