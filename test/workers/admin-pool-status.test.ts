/**
 * What the admin API says of a pool's status, and the part of its clients that an operator sends elsewhere.
 */
import { describe, expect, it } from "vitest";
import { ask, origin, TOKENS } from "./admin-support.ts";
import { eventually } from "./test-clock.ts";

let made = 0;

/** Two pools; a route shares clients out between them if that is wanted. */
async function pools(isSteered: boolean): Promise<[string, string]> {
  made++;
  const ids: [string, string] = [`near${made}`, `far${made}`];
  for (const id of ids) {
    const body = { origins: [origin("a"), origin("b")], return_delay: 0 };
    expect((await ask(`PUT /pools/${id}`, { body })).status).toBe(201);
  }
  const split = ids.map((pool) => ({ pool, weight: 1 }));
  await ask("PUT /routes", { body: [isSteered ? { split } : { pool: ids[0], fallback_pool: ids[1] }] });
  return ids;
}

async function shows(id: string, expected: object): Promise<void> {
  await eventually(async () => expect((await ask(`GET /pools/${id}`)).body.status).toMatchObject(expected));
}

describe("a pool that routes choose among others", () => {
  it("shows its status wherever the pool is shown", async () => {
    const [near] = await pools(true);
    await shows(near, { available: true, share: 1, accept: 1 });
    const { body } = await ask("GET /pools");
    const line = body.pools.find(({ id }: { id: string }) => id === near);
    expect(line.status).toMatchObject({ available: true });
    const live = await ask(`GET /live?pool=${near}`);
    expect(live.body.pools[0].status).toMatchObject({ available: true });
    const metrics = (await ask("GET /metrics")).body as string;
    for (const name of ["available", "share", "accept"]) {
      expect(metrics).toContain(`lb_pool_${name}{pool="${near}"} 1\n`);
    }
  });

  it("reports that it becomes unavailable and available, in events and as a metric", async () => {
    const [near] = await pools(true);
    await shows(near, { available: true });
    for (const id of ["a", "b"]) await ask(`POST /pools/${near}/origins/${id}/drain`);
    await shows(near, { available: false, share: 0, reason: "0 of 2 origins" });
    expect((await ask("GET /metrics")).body).toContain(`lb_pool_available{pool="${near}"} 0\n`);
    await ask(`POST /pools/${near}/origins/a/undrain`);
    await shows(near, { available: true });
    const { events } = (await ask(`GET /pools/${near}/events`)).body;
    const kinds = events.map(({ kind }: { kind: string }) => kind).reverse();
    expect(kinds.filter((kind: string) => /^pool_(un)?available$/.test(kind))).toEqual([
      "pool_unavailable",
      "pool_available",
    ]);
    expect((await ask("GET /metrics")).body).toContain(`lb_pool_unavailable_total{pool="${near}"} 1\n`);
  });

  it("without such a route shows none", async () => {
    const [near] = await pools(false);
    const { body } = await ask(`GET /pools/${near}`);
    expect(body).not.toHaveProperty("status");
    expect((await ask("GET /metrics")).body).not.toContain(`lb_pool_available{pool="${near}"}`);
  });
});

describe("the part of its clients that a pool sheds", () => {
  it("is a new version of its configuration, which keeps the rest, and is in force at once", async () => {
    const [near] = await pools(true);
    await shows(near, { accept: 1 });
    const patched = await ask(`PATCH /pools/${near}?message=incident`, { body: { shed_percent: 30 } });
    expect([patched.status, patched.body]).toMatchObject([200, { version: 2, changed: true }]);
    await shows(near, { accept: 0.7, shed: 0.3 });
    const { config } = (await ask(`GET /pools/${near}`)).body;
    expect(config).toMatchObject({ return_delay: 0, shed_percent: 30 });
    expect(config.origins).toHaveLength(2);
    expect(config).not.toHaveProperty("shed_sessions_percent");
    const { events } = (await ask(`GET /pools/${near}/events`)).body;
    expect(events[0]).toMatchObject({ kind: "audit", detail: expect.stringContaining("shed_percent to 30") });
    await ask(`PATCH /pools/${near}`, { body: { shed_percent: 0, shed_sessions_percent: 5 } });
    await shows(near, { accept: 1, shed_sessions: 0.05 });
  });

  it("may be set with the scope operate, unlike other fields of the pool", async () => {
    const [near] = await pools(true);
    const patch = (body: object, token: string) => ask(`PATCH /pools/${near}`, { body, token });
    expect((await patch({ shed_percent: 5 }, TOKENS.operate)).status).toBe(200);
    expect((await patch({ shed_percent: 5 }, TOKENS.read)).status).toBe(403);
    expect((await patch({ shed_percent: 5, slow_start: 5 }, TOKENS.operate)).status).toBe(422);
  });

  it("is refused if it is out of range, missing, for an old version, or for an unknown pool", async () => {
    const [near] = await pools(true);
    expect((await ask(`PATCH /pools/${near}`, { body: { shed_percent: 101 } })).status).toBe(422);
    expect((await ask(`PATCH /pools/${near}`, { body: {} })).status).toBe(422);
    const headers = { "if-match": '"v9"' };
    expect((await ask(`PATCH /pools/${near}`, { body: { shed_percent: 1 }, headers })).status).toBe(412);
    expect((await ask("PATCH /pools/nowhere", { body: { shed_percent: 1 } })).status).toBe(404);
  });
});
