/**
 * The active checks of a pool's object: probes of real origins in workerd.
 */
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { healthCheckSchema } from "../../src/config/health-schema.ts";
import { CHECK, configure, newPool, origin, other, stub, until, url } from "./pool-object.ts";
import { clock, eventually } from "./test-clock.ts";

beforeEach(newPool);

describe("probes", () => {
  it.each([
    ["the expected status", { path: "/?status=204", expected_codes: "2xx" }, "healthy", "passed"],
    ["another status", { path: "/?status=404" }, "unhealthy", "status 404, expected 2xx"],
    ["a status that is expected", { path: "/?status=404", expected_codes: "404" }, "healthy", "passed"],
    ["the expected text", { path: "/?x=y", expected_body: '"name":"o0"' }, "healthy", "passed"],
    ["another text", { expected_body: "all is well" }, "unhealthy", "the expected text is not in the body"],
    ["text that begins before 64 KB", { path: "/?pad=65400", expected_body: '{"name"' }, "healthy", "passed"],
    [
      "text behind 64 KB",
      { path: "/?pad=65536", expected_body: '{"name"' },
      "unhealthy",
      "the expected text is not in the body",
    ],
    ["the method", { method: "OPTIONS", expected_body: '"method":"OPTIONS"' }, "healthy", "passed"],
    [
      "a redirect, not what it leads to",
      { path: "/?status=302&location=/" },
      "unhealthy",
      "status 302, expected 2xx",
    ],
    [
      "a redirect that is expected",
      { path: "/?status=302&location=/", expected_codes: "300-399" },
      "healthy",
      "passed",
    ],
    [
      "what a redirect leads to, if told to",
      { path: "/?status=302&location=/?x=there", follow_redirects: true, expected_body: "/?x=there" },
      "healthy",
      "passed",
    ],
    [
      "a redirect without end",
      {
        path: "/?status=302&location=%2F%3Fstatus%3D302%26location%3D%252F%253Fstatus%253D302%2526location%253D%25252F%25253Fstatus%25253D302%252526location%25253D%2525252F%2525253Fstatus%2525253D302%25252526location%2525253D%2F",
        follow_redirects: true,
      },
      "unhealthy",
      "too many redirects",
    ],
    ["no answer in time", { path: "/?wait=5000", timeout: 0.3 }, "unhealthy", "no answer within 0.3 s"],
    ["an open port", { type: "tcp" }, "healthy", "passed"],
    ["a closed port", { type: "tcp", port: 1 }, "unhealthy", "could not connect"],
    ["a closed port over HTTP", { port: 1 }, "unhealthy", "could not connect"],
  ])("judge %s", async (_what, check, status, detail) => {
    await configure({ origins: [{ id: "a", url }], health_check: { ...CHECK, ...check } });
    await until(
      async () => (await origin()).last_probe?.detail === detail && (await origin()).status === status,
    );
  });

  it("send the headers they are told to, and the path joined to the origin's", async () => {
    const check = {
      ...CHECK,
      headers: { "x-probe": "yes" },
      path: "/deep",
      expected_body: '"x-probe":"yes"',
    };
    await configure({ origins: [{ id: "a", url: `${url}/base` }], health_check: check });
    await until(async () => (await origin()).last_probe?.passed === true);
    await configure({
      origins: [{ id: "a", url: `${url}/base` }],
      health_check: { ...check, expected_body: '"url":"/base/deep"' },
    });
    await until(async () => (await origin()).last_probe?.passed === true);
  });

  it.each<[where: string, target: string, seen: boolean]>([
    ["the origin itself", url, true],
    ["another one", other, false],
  ])("take their headers along a redirect to %s or not, and go on with GET", async (_where, target, seen) => {
    await configure({ origins: [{ id: "a", url }] });
    const says = async (expected_body: string) => {
      const check = healthCheckSchema.parse({
        timeout: CHECK.timeout,
        method: "POST",
        headers: { authorization: "Bearer secret", "x-key": "secret" },
        path: `/?status=302&location=${encodeURIComponent(`${target}/there`)}`,
        follow_redirects: true,
        expected_body,
      });
      return (await stub().check(check, "test")).probes[0]?.passed;
    };
    expect(await says('"url":"/there","method":"GET"')).toBe(true);
    expect(await says('"user-agent":"edge-balancer health check"')).toBe(true);
    expect(await says("secret")).toBe(seen);
  });

  it("begin at once for a new origin, which counts as configured until then", async () => {
    await configure({
      origins: [{ id: "a", url }],
      health_check: { ...CHECK, interval: 3_600, initial: "unhealthy" },
    });
    expect((await origin()).status).toBe("unhealthy");
    await until(async () => (await origin()).status === "healthy");
  });

  it("of 200 origins, of which 150 hang, are all in after one round", async () => {
    const origins = Array.from({ length: 200 }, (_, i) => ({
      id: `o${i}`,
      url: i % 4 === 0 ? url : `${other}/hang`,
    }));
    await configure({ origins, health_check: { interval: 60, timeout: 0.3, unhealthy_threshold: 1 } });
    await runDurableObjectAlarm(stub());
    const described = (await stub().describe()).origins;
    expect(described.filter((each) => each.last_probe !== null).length).toBe(200);
    const hanging = described.filter((each) => each.url.startsWith(other));
    expect(hanging.filter((each) => each.status === "unhealthy").length).toBe(150);
    // On a busy machine some prompt ones may be late themselves, now the one and now the other. On time to the
    // millisecond: unit/pool/probe-schedule.test.ts.
    const passed = new Set<string>();
    await eventually(async () => {
      for (const { id, last_probe } of (await stub().describe()).origins)
        if (last_probe?.passed) passed.add(id);
      clock.skip(60_000);
      if (passed.size < 50) await runDurableObjectAlarm(stub());
      expect(passed.size).toBe(50);
    });
  });
});
