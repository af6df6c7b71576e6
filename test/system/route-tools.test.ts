/**
 * The further abilities of routes besides the choice of a pool: answers of their own, redirects, headers, paths, and
 * their page for a 503.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, admin } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { allValues, fetchRaw, json, type RequestOptions } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { runPools } from "./support/pools.ts";
import { routeTools } from "./support/route-tools.ts";

/** What the origin saw, newest last. */
const seen: { url: string; headers: IncomingMessage["headers"] }[] = [];
let origin: Server;
let balancer: Balancer;

/** Answers with the Location, the status and the cookies that the query asks for. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  seen.push({ url: request.url ?? "", headers: request.headers });
  const query = new URL(request.url ?? "", "http://origin.test").searchParams;
  const location = query.get("to");
  response.setHeader("x-powered-by", "Test");
  response.setHeader("set-cookie", ["a=1", "b=2"]);
  if (location !== null) response.setHeader("location", location);
  const status = Number(query.get("status") ?? (location === null ? 200 : 302));
  response.writeHead(status).end(status === 204 || status === 304 ? undefined : "body");
}

beforeAll(async () => {
  origin = createServer(serve).listen(0, "127.0.0.1");
  await new Promise((resolve) => origin.once("listening", resolve));
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  balancer = await startBalancer({ adminToken: ADMIN_TOKEN, config: routeTools(url) });
});

afterAll(async () => {
  await balancer?.stop();
  origin?.close();
});

function ask(host: string, path: string, { headers = {}, ...more }: RequestOptions = {}) {
  return fetchRaw(balancer.url, path, { ...more, headers: { host, ...headers } });
}

/** What the origin saw of a request. */
async function sent(host: string, path: string, options: RequestOptions = {}) {
  seen.length = 0;
  const reply = await ask(host, path, options);
  expect(seen).toHaveLength(1);
  return { reply, url: seen[0]?.url, headers: seen[0]?.headers ?? {} };
}

describe("an answer of the route's own", () => {
  const cf = { country: "XK" };

  test("reaches no origin, has its status, body and headers, and what is unknown in them is empty", async () => {
    seen.length = 0;
    const reply = await ask("closed.test", "/x", { cf });
    expect(seen).toEqual([]);
    expect(reply.status).toBe(451);
    expect(reply.body.toString()).toBe("Not in your country.");
    expect(reply.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "retry-after": "60",
      "x-for": "XK .",
      "strict-transport-security": "max-age=60",
    });
    expect(reply.headers["x-request-id"]).toBeTruthy();
    expect((await ask("closed.test", "/x", { cf: { country: "DE" } })).status).toBe(404);
  });

  test("has no body for HEAD, and none with a status that has none", async () => {
    const head = await ask("closed.test", "/x", { cf, method: "HEAD" });
    expect([head.status, head.body.length]).toEqual([451, 0]);
    const empty = await ask("empty.test", "/x");
    expect([empty.status, empty.body.length, empty.headers["cache-control"]]).toEqual([204, 0, "max-age=5"]);
  });

  test("may be a redirect, which keeps path and query byte for byte", async () => {
    const reply = await ask("old.test", "/a%2Fb//c?x=%20&y");
    expect(reply.status).toBe(308);
    expect(reply.headers.location).toBe("https://new.test/a%2Fb//c?x=%20&y");
    expect((await ask("slash.test", "//evil.test/x")).headers.location).toBe("/evil.test/x");
  });

  test("is counted and logged as answered here", async () => {
    await ask("closed.test", "/logged-path", { cf });
    await eventually("the log line", () =>
      balancer
        .logs()
        .split("\n")
        .some((line) => line.includes('"/logged-path"') && line.includes('"why":"answered_here"')),
    );
    await eventually("the count", async () => {
      const { unrouted } = (await admin(balancer.url, "/stats?window=300")) as {
        unrouted: { problems: Record<string, number> } | null;
      };
      return (unrouted?.problems.answered_here ?? 0) > 0;
    });
  });
});

describe("the path that an origin sees", () => {
  test.each([
    ["strip.test", "/v1", "/"],
    ["strip.test", "/v1/x?a=/v1/%2F&b", "/x?a=/v1/%2F&b"],
    ["strip.test", "/v1?a", "/?a"],
    ["strip.test", "/v10", "/v10"],
    ["strip.test", "/v1/a%2Fb", "/a%2Fb"],
    ["strip.test", "/v1/%61//b", "/%61//b"],
    ["strip.test", "/v1//x", "/x"],
    ["strip.test", "//v1/x", "//v1/x"],
    ["strip.test", "/%76%31/x", "/%76%31/x"],
    ["strip.test", "/x/../v1/y", "/y"],
    ["strip.test", "/v1/../x", "/x"],
    ["both.test", "/v2", "/api"],
    ["both.test", "/v2/x?y", "/api/x?y"],
    ["replace.test", "/any/thing?a=b", "/index.html?a=b"],
    ["base.test", "/v1/x", "/base/x"],
    ["base.test", "/v1", "/base/"],
    ["plain.test", "/v1/x", "/v1/x"],
  ])("%s%s is %s", async (host, path, url) => {
    expect((await sent(host, path)).url).toBe(url);
  });

  test("is undone in the Location of a redirect, for the same host", async () => {
    const to = async (location: string) =>
      (await sent("both.test", `/v2/x?to=${encodeURIComponent(location)}`)).reply.headers.location;
    const { port } = origin.address() as AddressInfo;
    expect(await to("/api/login?a=b")).toBe("/v2/login?a=b");
    expect(await to(`http://127.0.0.1:${port}/api/login`)).toBe("/v2/login");
    expect(await to("https://elsewhere.test/api/login")).toBe("https://elsewhere.test/api/login");
    expect(await to("next")).toBe("next");
    expect((await sent("strip.test", "/v1/x?to=/login")).reply.headers.location).toBe("/login");
  });
});

describe("rules for headers", () => {
  const cf = { country: "DE" };

  test("change what an origin sees, after this balancer's own headers", async () => {
    const { headers } = await sent("headers.test", "/x?y", {
      cf,
      headers: {
        "cf-connecting-ip": "192.0.2.7",
        cookie: "a=b",
        "x-debug": "1",
        "x-country": "forged",
        accept: "a/b",
      },
    });
    expect(headers).toMatchObject({
      "x-country": "DE",
      "x-what": "headers.test|/x|sticky|a|weu",
      "x-real-ip": "192.0.2.7",
      "x-forwarded-proto": "https",
      accept: "a/b, text/plain",
      "x-empty": "DE",
    });
    expect(headers.cookie).toBeUndefined();
    expect(headers["x-debug"]).toBeUndefined();
  });

  test("remove what is set to nothing, so that a client cannot forge what is unknown", async () => {
    const { headers } = await sent("headers.test", "/", { headers: { "x-country": "forged" } });
    expect(headers["x-country"]).toBeUndefined();
    expect(headers["x-empty"]).toBeUndefined();
  });

  test("change what the client sees, but not the session cookie of the pool", async () => {
    const { reply } = await sent("headers.test", "/", { cf });
    expect(reply.headers["x-served"]).toBe("sticky/a to DE");
    expect(reply.headers.vary).toContain("x-country");
    expect(reply.headers["x-powered-by"]).toBeUndefined();
    const cookies = allValues(reply, "set-cookie");
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(/^__lb=/);
    expect(reply.body.toString()).toBe("body");
  });

  test.each([204, 304, 404, 500])("leave an answer with status %d whole", async (status) => {
    const { reply } = await sent("headers.test", `/?status=${status}`, { method: "POST", body: "x" });
    expect(reply.status).toBe(status);
    expect(reply.headers["x-served"]).toMatch(/^sticky\/a/);
  });

  test("leave routes without them as they were", async () => {
    const { reply, headers } = await sent("plain.test", "/", { cf, headers: { "x-debug": "1" } });
    expect(headers["x-debug"]).toBe("1");
    expect(reply.headers["x-powered-by"]).toBe("Test");
    expect(allValues(reply, "set-cookie")).toEqual(["a=1", "b=2"]);
  });
});

describe("a page for when nothing is available", () => {
  test("stands in place of the balancer's own 503, with a Retry-After", async () => {
    const reply = await ask("down.test", "/");
    expect(reply.status).toBe(503);
    expect(reply.body.toString()).toBe("<h1>Back soon</h1>");
    expect(reply.headers).toMatchObject({ "content-type": "text/html", "retry-after": "5", "x-edge": "1" });
  });

  test("is not for clients that ask for JSON", async () => {
    const reply = await ask("down.test", "/", { headers: { accept: "application/json" } });
    expect(json(reply)).toMatchObject({ type: "no_origin_available" });
    expect(reply.headers["x-edge"]).toBe("1");
  });
});

describe("explain", () => {
  const explain = (url: string, body: object = {}) =>
    admin(balancer.url, "/explain", { method: "POST", body: { url, ...body } });

  test("says that a route answers by itself, and which path origins see", async () => {
    expect(await explain("http://old.test/x")).toMatchObject({
      pool: null,
      pick: null,
      route: { index: 2, sent_path: null },
      answer: { status: 308, type: "answered_here" },
    });
    expect(await explain("http://both.test/v2/x?y")).toMatchObject({
      pool: "web",
      route: { sent_path: "/api/x" },
    });
    const { stdout, code } = await runPools(["explain", "http://old.test/x"], {
      LB_URL: balancer.url,
      LB_ADMIN_TOKEN: ADMIN_TOKEN,
    });
    expect(stdout).toContain("Its route answers by itself: 308");
    expect(code).toBe(0);
  });
});
