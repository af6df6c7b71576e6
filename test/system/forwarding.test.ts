import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { allValues, fetchRaw, type RequestOptions } from "./support/client.ts";
import type { Hit } from "./support/origin-contract.ts";
import { type Origin, startOrigin } from "./support/origins.ts";

let origin: Origin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await startOrigin("a");
  balancer = await startBalancer({ config: { pools: { web: { origins: [origin.config()] } } } });
});

afterEach(() => origin.forget());

afterAll(async () => {
  await balancer?.stop();
  await origin?.kill();
});

const get = (path: string, options?: RequestOptions) => fetchRaw(balancer.url, path, options);

/** What the origin got for a request. */
async function arrived(path: string, options?: RequestOptions): Promise<Hit> {
  await get(path, options);
  const [hit] = await origin.hits();
  if (hit === undefined) throw new Error("nothing arrived at the origin");
  return hit;
}

describe("the request line", () => {
  test.each([
    "/",
    "/a/b?x=1&x=2&y=",
    "/?",
    "/a%2Fb%20c%C3%A9?q=%2B+%26",
    "//double//slashes//",
    "/;p=1,2/a:b@c!$'()*~",
    "/%7Euser/%zz",
    "/?a=http://other.test/b?c",
    "/trailing.",
    "/x?%00&[]={}|\\^`",
  ])("%s arrives untouched", async (path) => {
    expect((await arrived(path)).url).toBe(path);
  });

  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s arrives as it is", async (method) => {
    const body = method === "GET" || method === "OPTIONS" ? undefined : "the body";
    const hit = await arrived("/x", { method, ...(body === undefined ? {} : { body }) });
    expect(hit).toMatchObject({ method, bodyBytes: body?.length ?? 0, bodyComplete: true });
  });
});

describe("the client's properties that an origin gets:", () => {
  test("address, scheme, host and a request id", async () => {
    const hit = await arrived("/", {
      headers: { host: "shop.test:8080", "cf-connecting-ip": "203.0.113.7" },
    });
    expect(hit.headers).toMatchObject({
      "x-forwarded-for": "203.0.113.7",
      "x-real-ip": "203.0.113.7",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "shop.test:8080",
      "x-request-id": expect.stringMatching(/^[\w.:-]{8,128}$/),
      host: `127.0.0.1:${origin.port}`,
    });
  });

  test("a client's own claims about its address, host and scheme are dropped", async () => {
    const hit = await arrived("/", {
      headers: {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.test",
        forwarded: "for=6.6.6.6",
      },
    });
    expect(hit.headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(hit.headers["x-forwarded-proto"]).toBe("http");
    expect(hit.headers["x-forwarded-host"]).toBe(`127.0.0.1:${balancer.port}`);
    expect(hit.headers.forwarded).toBeUndefined();
  });

  test("a client's claims under another name, or in another spelling, are dropped too", async () => {
    const claims = ["true-client-ip", "x-client-ip", "x_forwarded_for", "X-Forwarded_For", "x_real-ip"];
    const more = ["x.real.ip", "x_request_id", "x_lb_via", "proxy_authorization", "x-forwarded-prefix"];
    const headers = Object.fromEntries([...claims, ...more].map((name) => [name, "6.6.6.6"]));
    const hit = await arrived("/", { headers: { ...headers, "x-real-ip": "6.6.6.6", x_own: "6.6.6.6" } });
    const lies = Object.entries(hit.headers).filter(([, value]) => value === "6.6.6.6");
    expect(lies).toEqual([["x_own", "6.6.6.6"]]);
    expect(hit.headers["x-real-ip"]).toBe("127.0.0.1");
  });

  test("two requests have two ids", async () => {
    await get("/");
    await get("/");
    const ids = (await origin.hits()).map((hit) => hit.headers["x-request-id"]);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("headers of the request", () => {
  test("end-to-end headers arrive, several cookies included", async () => {
    const headers = {
      cookie: "a=1; b=2",
      authorization: "Bearer t",
      "accept-encoding": "gzip",
      "x-own": "v",
    };
    expect((await arrived("/", { headers })).headers).toMatchObject(headers);
  });

  test("hop-by-hop headers stay, and those that Connection names", async () => {
    const hit = await arrived("/", {
      headers: {
        connection: "close, X-Custom",
        "x-custom": "for the next hop only",
        "keep-alive": "timeout=5",
        te: "trailers",
        "proxy-authorization": "Basic x",
        "x-other": "kept",
      },
    });
    expect(hit.headers["x-other"]).toBe("kept");
    for (const name of ["x-custom", "keep-alive", "te", "proxy-authorization"]) {
      expect(hit.headers[name]).toBeUndefined();
    }
  });
});

describe("the response", () => {
  test.each(["gzip", "br"])("a %s body is byte-identical, with its encoding and length", async (encoding) => {
    const headers = { "accept-encoding": encoding };
    const direct = await fetchRaw(origin.url, `/${encoding}`, { headers });
    const reply = await get(`/${encoding}`, { headers });
    expect(reply.body.equals(direct.body)).toBe(true);
    expect(reply.headers).toMatchObject({
      "content-encoding": encoding,
      "content-length": String(direct.body.length),
      vary: "accept-encoding",
    });
  });

  test("an encoding that the client did not ask for is not undone", async () => {
    const direct = await fetchRaw(origin.url, "/gzip");
    const reply = await get("/gzip");
    expect(reply.headers["content-encoding"]).toBe("gzip");
    expect(reply.body.equals(direct.body)).toBe(true);
  });

  test("three Set-Cookie stay three", async () => {
    const reply = await get("/cookies");
    expect(allValues(reply, "set-cookie")).toEqual([
      "a=1; Path=/",
      "b=2; HttpOnly",
      "c=3; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    ]);
  });

  test("HEAD has the headers of GET, the length included, and no body", async () => {
    const reply = await get("/range", { method: "HEAD" });
    expect(reply).toMatchObject({
      status: 200,
      headers: { "content-length": "1000", "accept-ranges": "bytes" },
    });
    expect(reply.body).toHaveLength(0);
    expect((await origin.hits())[0]?.method).toBe("HEAD");
  });

  test.each([200, 201, 204, 205, 301, 400, 401, 404, 410, 418, 429, 451, 500, 501, 599])(
    "status %i is passed on",
    async (status) => {
      expect((await get(`/status/${status}`)).status).toBe(status);
      expect(await origin.hits()).toHaveLength(1);
    },
  );

  test("a 304 answers a conditional request", async () => {
    const reply = await get("/etag", { headers: { "if-none-match": '"v1"' } });
    expect(reply).toMatchObject({ status: 304, headers: { etag: '"v1"' } });
    expect(reply.body).toHaveLength(0);
  });

  test("a range request gets the range", async () => {
    const direct = await fetchRaw(origin.url, "/range");
    const reply = await get("/range", { headers: { range: "bytes=100-199" } });
    expect(reply).toMatchObject({
      status: 206,
      headers: { "content-range": "bytes 100-199/1000", "content-length": "100" },
    });
    expect(reply.body.equals(direct.body.subarray(100, 200))).toBe(true);
  });

  test("a redirect is passed on, not followed", async () => {
    const reply = await get("/redirect");
    expect(reply).toMatchObject({ status: 302, headers: { location: "/elsewhere?x=1" } });
    expect(await origin.hits()).toHaveLength(1);
  });

  test("hop-by-hop headers stay, and those that Connection names", async () => {
    const reply = await get("/hop-by-hop");
    expect(reply.headers["x-private"]).toBeUndefined();
    expect(reply.headers["x-public"]).toBe("for the client");
  });

  test("no header of the balancer itself is in it", async () => {
    const reply = await get("/");
    const direct = await fetchRaw(origin.url, "/");
    const added = Object.keys(reply.headers).filter((name) => !(name in direct.headers));
    expect(added).toEqual([]);
  });
});
