import { describe, expect, it } from "vitest";
import { ask, origin } from "./admin-support.ts";
import { A, B, config, pool } from "./own-pool.ts";

describe("origins", () => {
  it("are added, changed and removed", async () => {
    const id = await pool({ origins: [A] });
    const added = await ask(`POST /pools/${id}/origins`, { body: { ...B, weight: 3 } });
    expect([added.status, added.body.version]).toEqual([201, 2]);
    expect(await config(id)).toEqual({ origins: [A, { ...B, weight: 3 }] });
    expect((await ask(`POST /pools/${id}/origins`, { body: B })).status).toBe(409);
    const patched = await ask(`PATCH /pools/${id}/origins/b`, { body: { weight: 5, rate_limit: 10 } });
    expect([patched.status, patched.body.version]).toEqual([200, 3]);
    expect(await config(id)).toEqual({ origins: [A, { ...B, weight: 5, rate_limit: 10 }] });
    expect((await ask(`PATCH /pools/${id}/origins/b`, { body: { rate_limit: null } })).status).toBe(200);
    const removed = await ask(`DELETE /pools/${id}/origins/b`);
    expect(removed.status).toBe(200);
    expect(await config(id)).toEqual({ origins: [A] });
    const { origins } = (await ask(`GET /pools/${id}`)).body;
    expect(origins.at(-1), "drained before it goes").toMatchObject({
      id: "b",
      draining: true,
      removing: true,
    });
  });

  it("report why a change is impossible", async () => {
    const id = await pool({ origins: [A] });
    expect((await ask(`PATCH /pools/${id}/origins/x`, { body: { weight: 1 } })).status).toBe(404);
    expect((await ask("PATCH /pools/nowhere/origins/a", { body: { weight: 1 } })).status).toBe(404);
    const unknown = await ask(`PATCH /pools/${id}/origins/a`, { body: { wieght: 1 } });
    expect([unknown.status, unknown.body.errors[0].path]).toEqual([422, "wieght"]);
    expect((await ask(`PATCH /pools/${id}/origins/a`, { body: { weight: -1 } })).status).toBe(422);
    expect((await ask(`DELETE /pools/${id}/origins/a`)).status, "the last one").toBe(422);
    const stale = { body: { weight: 2 }, headers: { "if-match": '"v7"' } };
    expect((await ask(`PATCH /pools/${id}/origins/a`, stale)).status).toBe(412);
  });

  it("are all changed by simultaneous requests", async () => {
    const ids = ["a", "b", "c", "d"];
    const id = await pool({ origins: ids.map((each) => origin(each)) });
    await Promise.all(ids.map((each) => ask(`PATCH /pools/${id}/origins/${each}`, { body: { weight: 2 } })));
    const { origins } = await config(id);
    expect(origins.map((each: { weight: number }) => each.weight)).toEqual([2, 2, 2, 2]);
  });

  it("are drained and undrained, which the events say", async () => {
    const id = await pool();
    const drained = await ask(`POST /pools/${id}/origins/a/drain`);
    expect(drained.body).toMatchObject({ id: "a", draining: true, changed: true });
    expect((await ask(`POST /pools/${id}/origins/a/drain`)).body.changed).toBe(false);
    expect((await ask(`GET /pools/${id}`)).body.origins[0]).toMatchObject({ draining: true });
    expect((await ask(`POST /pools/${id}/origins/a/undrain`)).body).toMatchObject({ draining: false });
    expect((await ask(`POST /pools/${id}/origins/x/drain`)).status).toBe(404);
    const { events } = (await ask(`GET /pools/${id}/events?kind=audit,drain_started,undrained`)).body;
    const seen = events.map((event: Record<string, string>) => [event.kind, event.origin, event.who]);
    expect(seen.reverse()).toEqual([
      ["audit", undefined, "admin"],
      ["drain_started", "a", undefined],
      ["audit", "a", "admin"],
      ["undrained", "a", undefined],
      ["audit", "a", "admin"],
    ]);
  });
});
