/** Checks that an operator runs at once. */
import { describe, expect, it } from "vitest";
import { ask } from "./admin-support.ts";
import { live } from "./explain-support.ts";

describe("checking now", () => {
  it("shows what each probe saw, and counts the results", async () => {
    const origins = [live("good", 0), { id: "bad", url: "http://127.0.0.1:1" }];
    const health_check = { path: "/x", interval: 3_600, timeout: 60, unhealthy_threshold: 5 };
    await ask("PUT /pools/checked", { body: { origins, health_check } });
    const { status, body } = await ask("POST /pools/checked/check");
    expect([status, body.preview]).toEqual([200, false]);
    expect(body.probes).toEqual([
      { origin: "good", passed: true, detail: "passed", duration_ms: expect.any(Number) },
      { origin: "bad", passed: false, detail: "could not connect", duration_ms: expect.any(Number) },
    ]);
    const described = (await ask("GET /pools/checked")).body.origins;
    expect(described[1].last_probe).toMatchObject({ passed: false, detail: "could not connect" });
  });

  it("tries another check without saving or counting it", async () => {
    await ask("PUT /pools/tried", { body: { origins: [live("a", 0)] } });
    expect((await ask("POST /pools/tried/check")).status, "it has none").toBe(409);
    const health_check = { path: "/?status=500", timeout: 60 };
    const { body } = await ask("POST /pools/tried/check", { body: { health_check } });
    expect(body).toMatchObject({ preview: true, probes: [{ origin: "a", passed: false }] });
    expect((await ask("GET /pools/tried")).body).toMatchObject({
      version: 1,
      config: { origins: [{ id: "a" }] },
      origins: [{ healthy: true, last_probe: null }],
    });
    const wrong = await ask("POST /pools/tried/check", { body: { health_check: { pth: "/" } } });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, "health_check.pth"]);
  });
});
