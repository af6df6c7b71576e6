/** The admin API of the started program, as an operator meets it: over HTTP, with a token. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchAlone } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

const TOKEN = "operators-own-token";

let balancer: Balancer;
let closed: Balancer;
let origins: Origin[];

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  const pools = { web: { origins: [origins[0]?.config()] } };
  balancer = await startBalancer({ config: { pools }, adminToken: TOKEN });
  closed = await startBalancer({ config: { pools }, adminToken: null });
});

afterAll(async () => {
  await balancer?.kill();
  await closed?.kill();
  for (const origin of origins ?? []) await origin.kill();
});

async function ask(line: string, body?: unknown, headers: Record<string, string> = {}) {
  const [method = "GET", path = ""] = line.split(" ");
  const response = await fetchAlone(`${balancer.url}/_lb${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

async function served(): Promise<string | null> {
  const response = await fetchAlone(balancer.url);
  await response.body?.cancel();
  return response.headers.get("x-origin");
}

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const document = JSON.parse((await ask("GET /openapi.json")).text);
    const validator = new Validator();
    expect(await validator.validate(document)).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    const broken = structuredClone(document);
    broken.paths["/_lb/pools"].get.responses = [];
    expect((await new Validator().validate(broken)).valid, "the validator finds errors").toBe(false);
  });
});

describe("the admin API", () => {
  test("does not exist without a configured token", async () => {
    for (const path of ["/_lb", "/_lb/", "/_lb/pools", "/_lb/metrics", "/_lb/openapi.json"]) {
      const response = await fetchAlone(closed.url + path, { headers: { authorization: "Bearer x" } });
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.json()).toMatchObject({ type: "no_route" });
    }
  });

  test("opens to the token of the command line alone", async () => {
    expect((await ask("GET /pools")).status).toBe(200);
    expect((await ask("GET /pools", undefined, { authorization: "Bearer other" })).status).toBe(401);
  });
});

describe("a write", () => {
  test("is in force at the object at once, at the edge soon, and undone by a rollback", async () => {
    expect(await served()).toBe("a");
    const [, b] = origins;
    const config = { origins: [b?.config()] };
    const put = await ask("PUT /pools/web", config, { "if-match": '"v1"' });
    expect([put.status, JSON.parse(put.text)]).toEqual([200, expect.objectContaining({ version: 2 })]);
    const shown = JSON.parse((await ask("GET /pools/web")).text);
    expect(shown.config).toEqual(config);
    await eventually("b to serve", async () => (await served()) === "b");
    const diff = JSON.parse((await ask("GET /pools/web/versions/2")).text).changes;
    expect(diff.map(({ path }: { path: string }) => path)).toEqual(["origins[a]", "origins[b]"]);
    expect((await ask("POST /pools/web/rollback", { version: 1 })).status).toBe(200);
    await eventually("a to serve", async () => (await served()) === "a");
    expect((await ask("PUT /pools/web", config, { "if-match": '"v1"' })).status).toBe(412);
  });
});
