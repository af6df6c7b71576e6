/** Who sees the secrets of a pool's document and of the routes, at every place that shows one. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it, vi } from "vitest";
import { ENDPOINTS } from "../../src/admin/endpoints/all.ts";
import { ask, origin, TOKENS } from "./admin-support.ts";
import { clock } from "./test-clock.ts";

const [url] = inject("origins");
const SECRET = "s3cr3t";
const OTHER = "0ther-one";

const documentWith = (secret: string) => ({
  // A real one: it is probed.
  origins: [origin("a", { url })],
  health_check: {
    path: `/healthz?key=${secret}`,
    interval: 3_600,
    headers: { authorization: `Bearer ${secret}` },
  },
  notify_url: `https://hooks.example.com/${secret}`,
});

/** For clients that prove that they may; the origin sees a key. */
const routesWith = (secret: string) => [
  {
    path: "/hidden",
    where: {
      headers: { "x-canary": [secret] },
      cookies: { canary: [secret, "*"] },
      query: { force: [secret] },
    },
    request_headers: { set: { "x-key": secret } },
    response_headers: { add: { "set-cookie": `canary=${secret}` } },
    pool: "masked",
  },
  { pool: "masked" },
];
const HIDDEN_ROUTE = {
  path: "/hidden",
  where: { headers: { "x-canary": ["***"] }, cookies: { canary: ["***", "*"] }, query: { force: ["***"] } },
  request_headers: { set: { "x-key": "***" } },
  response_headers: { add: { "set-cookie": "***" } },
  pool: "masked",
};
/** A request that the first route takes. */
const CANARY = {
  url: `https://any.example/hidden?force=${SECRET}`,
  headers: { "x-canary": SECRET, cookie: `canary=${SECRET}` },
};

beforeAll(async () => {
  await ask("PUT /pools/masked", { body: documentWith(OTHER) });
  await ask("PUT /pools/masked", { body: documentWith(SECRET) });
  await ask("PUT /routes", { body: routesWith(OTHER) });
  await ask("PUT /routes", { body: routesWith(SECRET) });
});

describe.each(["read", "operate"] as const)("a token of scope %s", (scope) => {
  const token = TOKENS[scope];

  it("sees a document with its secrets masked, and its versions and their changes too", async () => {
    const { body } = await ask("GET /pools/masked", { token });
    expect(body.config).toMatchObject({
      origins: [origin("a", { url })],
      health_check: { path: "/healthz?***", headers: { authorization: "***" } },
      notify_url: "https://hooks.example.com/***",
    });
    const version = (await ask("GET /pools/masked/versions/2?against=1", { token })).body;
    expect(version.config).toEqual(body.config);
    expect(version.changes).toContainEqual({
      path: "health_check.headers.authorization",
      before: "***",
      after: "***",
    });
  });

  it("sees no secret in any answer to a GET, nor in what a question is answered", async () => {
    const gets = ENDPOINTS.filter(({ method }) => method === "get").map(({ path }) =>
      path.replace(":pool", "masked").replace(":version", "2"),
    );
    expect(gets).toContain("/pools/masked/versions/2");
    for (const path of gets) {
      const { status, body } = await ask(`GET ${path}`, { token });
      expect([path, status]).toEqual([path, 200]);
      expect(JSON.stringify(body), path).not.toMatch(/s3cr3t|0ther-one/);
    }
    const { body } = await ask("POST /explain", { token, body: CANARY });
    expect(body.route).toMatchObject({ index: 0, route: HIDDEN_ROUTE, matched_where: HIDDEN_ROUTE.where });
    expect(JSON.stringify(body)).not.toContain(SECRET);
  });

  it("sees the routes with their secrets masked, and their versions and changes too", async () => {
    const shown = [HIDDEN_ROUTE, { pool: "masked" }];
    expect((await ask("GET /routes", { token })).body.routes).toEqual(shown);
    const version = (await ask("GET /routes/versions/2?against=1", { token })).body;
    expect([version.config, version.changes]).toEqual([shown, [{ path: "", before: shown, after: shown }]]);
  });

  it("cannot find out what a secret is by trying one", async () => {
    const changes = async (secret: string) =>
      (await ask("POST /pools/masked/preview", { token, body: documentWith(secret) })).body.changes;
    expect(await changes(SECRET)).toEqual(await changes("a-guess"));
    expect(await changes(SECRET)).toEqual([]);
    const ofRoutes = async (secret: string) =>
      (await ask("POST /routes/preview", { token, body: routesWith(secret) })).body.changes;
    expect([await ofRoutes(SECRET), await ofRoutes("a-guess")]).toEqual([[], []]);
  });
});

it("scope admin sees and compares the document as it was written", async () => {
  expect((await ask("GET /pools/masked")).body.config).toEqual(documentWith(SECRET));
  const { body } = await ask("GET /pools/masked/versions/2");
  expect(JSON.stringify(body.changes)).toContain(OTHER);
  const preview = await ask("POST /pools/masked/preview", { body: documentWith("new") });
  expect(preview.body.changes).toContainEqual({
    path: "notify_url",
    before: `https://hooks.example.com/${SECRET}`,
    after: "https://hooks.example.com/new",
  });
});

it("scope admin sees, compares and explains the routes as they were written", async () => {
  expect((await ask("GET /routes")).body.routes).toEqual(routesWith(SECRET));
  expect((await ask("GET /routes/versions/1")).body.config).toEqual(routesWith(OTHER));
  const preview = await ask("POST /routes/preview", { body: routesWith("new") });
  expect(preview.body.changes).toEqual([{ path: "", before: routesWith(SECRET), after: routesWith("new") }]);
  const { route } = (await ask("POST /explain", { body: CANARY })).body;
  expect(route.matched_where.query).toEqual({ force: [SECRET] });
});

it("masked routes cannot be written back over the secrets", async () => {
  const { body } = await ask("GET /routes", { token: TOKENS.read });
  const written = await ask("PUT /routes", { body: body.routes });
  expect(written.status).toBe(422);
  expect(written.body.errors.map(({ path }: { path: string }) => path)).toEqual([
    "routes[0].where.headers.x-canary[0]",
    "routes[0].where.cookies.canary[0]",
    "routes[0].where.query.force[0]",
    "routes[0].request_headers.set.x-key",
    "routes[0].response_headers.add.set-cookie",
  ]);
  expect((await ask("GET /routes")).body.routes).toEqual(routesWith(SECRET));
});

it("routes that are refused are quoted without their secrets: in the answer, the event and the log", async () => {
  const log = vi.spyOn(console, "log");
  const bad = [
    {
      where: { headers: { "x-canary": `${SECRET}\n` }, query: `force=${SECRET}` },
      request_headers: { "x-key": SECRET, [`authorization: ${SECRET}`]: "" },
      pool: "masked",
    },
  ];
  const answer = await ask("PUT /routes", { body: bad });
  expect([answer.status, answer.body.errors.length]).toEqual([422, 4]);
  expect(JSON.stringify(answer.body)).not.toContain(SECRET);
  await env.POOLS.put("routes", JSON.stringify(bad), { metadata: { updated_at: Date.now() + 5_000 } });
  // It looks every five seconds at most.
  clock.skip(5_050);
  await env.ROUTE_TABLE.getByName("routes").wake();
  const described = (await ask("GET /routes", { token: TOKENS.read })).body;
  expect(described.config_error).toContain("where.headers.x-canary: must be a text");
  expect(JSON.stringify(described)).not.toContain(SECRET);
  const events = await ask("GET /routes/events", { token: TOKENS.read });
  expect(JSON.stringify(events.body)).not.toContain(SECRET);
  expect(JSON.stringify(log.mock.calls)).not.toContain(SECRET);
});

it("a masked document cannot be written back over the secrets", async () => {
  const { body } = await ask("GET /pools/masked", { token: TOKENS.read });
  const written = await ask("PUT /pools/masked", { body: body.config });
  expect(written.status).toBe(422);
  expect(written.body.errors.map(({ path }: { path: string }) => path)).toEqual([
    "pools.masked.health_check.path",
    "pools.masked.health_check.headers.authorization",
    "pools.masked.notify_url",
  ]);
  expect((await ask("GET /pools/masked")).body.config).toEqual(documentWith(SECRET));
});

it("a document that is refused is quoted without its secrets: in the answer, the event and the log", async () => {
  const log = vi.spyOn(console, "log");
  const bad = {
    origins: [origin("a", { url: `http://u:${SECRET}@a.example/?k=${SECRET}` })],
    health_check: { headers: `authorization: Bearer ${SECRET}`, path: `x?${SECRET}` },
    notify_url: `htps://hooks.example.com/${SECRET}`,
  };
  const answer = await ask("PUT /pools/masked", { body: bad });
  expect([answer.status, answer.body.errors.length]).toEqual([422, 4]);
  expect(JSON.stringify(answer.body)).not.toContain(SECRET);
  await env.POOLS.put("pool:masked", JSON.stringify(bad), { metadata: { updated_at: Date.now() + 1_000 } });
  await env.UPSTREAM_POOL.getByName("masked").wake();
  const described = (await ask("GET /pools/masked", { token: TOKENS.read })).body;
  expect(described.config_error).toContain("notify_url: must be a http or https URL, found a text");
  expect(JSON.stringify(described)).not.toContain(SECRET);
  const events = await ask("GET /pools/masked/events", { token: TOKENS.read });
  expect(JSON.stringify(events.body)).not.toContain(SECRET);
  expect(JSON.stringify(log.mock.calls)).not.toContain(SECRET);
});
