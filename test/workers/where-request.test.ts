import { env as realEnv } from "cloudflare:test";
import { expect, it } from "vitest";
import { parseRoutes } from "../../src/config/parse.ts";
import { compileRoutes } from "../../src/config/routing.ts";
import { Locations } from "../../src/edge/location/locations.ts";
import { EdgeWhereRequest } from "../../src/edge/location/where-request.ts";
import { describeRequest, type EdgeRequest } from "../../src/edge/model/edge-request.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";

/** Routes that the request does not meet, three of each kind, and one that takes it. */
const CONDITIONS = [
  { addresses: ["192.0.2.0/24"] },
  { cookies: { canary: "1" } },
  { headers: { "x-beta": "1" } },
  { headers: { cookie: "a=1" } },
];
const ROUTES = [...CONDITIONS, ...CONDITIONS, ...CONDITIONS].map((where) => ({ where, pool: "never" }));

it("the Host header is the host of the request, in lower case as everywhere", () => {
  const parsed = parseRoutes([{ where: { headers: { host: "m.*" } }, pool: "mobile" }]);
  if (!parsed.ok) throw new Error("the routes are bad");
  const env = realEnv as unknown as Env;
  const request = new Request("http://M.Shop.test/", { headers: { host: "M.Shop.test" } });
  const where = new EdgeWhereRequest(
    // The runtime leaves the host of a client's request as it is.
    describeRequest(request, env, 0, "http://M.Shop.test/"),
    new Locations(new WorkerSurroundings(env)),
  );
  expect(compileRoutes(parsed.value).match("m.shop.test", "/", { where })?.pool).toBe("mobile");
});

it("no header and no address of a request is parsed twice, however many routes have conditions", () => {
  const parsed = parseRoutes([...ROUTES, { pool: "rest" }]);
  if (!parsed.ok) throw new Error("the routes are bad");
  const env = realEnv as unknown as Env;
  const request = new Request("http://a.test/", { headers: { cookie: "b=2", "x-beta": "2" } });
  const read: string[] = [];
  const get = (name: string): string | null => {
    read.push(name);
    return request.headers.get(name);
  };
  const edge: EdgeRequest = {
    ...describeRequest(request, env, 0),
    request: Object.create(request, { headers: { value: { get } } }),
    get clientIp() {
      read.push("address");
      return "198.51.100.7";
    },
  };
  const where = new EdgeWhereRequest(edge, new Locations(new WorkerSurroundings(env)));
  expect(compileRoutes(parsed.value).match("a.test", "/", { where })?.pool).toBe("rest");
  // The Cookie header was seen when the request was taken apart.
  expect(read.sort()).toEqual(["address", "x-beta"]);
});
