/**
 * Where objects are made: what every caller tells the platform.
 */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import type { Env } from "../../src/platform/env.ts";
import { callPool, callRoutes } from "../../src/platform/object-client.ts";
import { LOCATION_HINTS, placement } from "../../src/platform/placement.ts";

afterEach(() => void vi.restoreAllMocks());

/** The real bindings, and what each stub was asked for with. */
function watched(vars: Partial<Env>) {
  const asked: unknown[] = [];
  const namespace = (real: { getByName: (...given: never[]) => unknown }) => ({
    getByName: (name: string, options?: unknown) => {
      asked.push(options);
      return real.getByName(...([name, options] as never[]));
    },
  });
  const bindings = {
    ...env,
    ...vars,
    UPSTREAM_POOL: namespace(env.UPSTREAM_POOL),
    ROUTE_TABLE: namespace(env.ROUTE_TABLE),
  };
  return { asked, env: bindings as unknown as Env };
}

async function callAll(bindings: Env): Promise<void> {
  expect((await callPool(bindings, "placed", (stub) => stub.summary())).ok).toBe(true);
  expect((await callRoutes(bindings, (stub) => stub.current())).ok).toBe(true);
}

describe("a call to an object", () => {
  it("names the place that is configured, whoever makes it, and the runtime takes it", async () => {
    const { asked, env: bindings } = watched({ LOCATION_HINT: "weur" });
    await callAll(bindings);
    await env.POOLS.put("pool:placed", JSON.stringify({ origins: [{ id: "a", url: "http://127.0.0.1:1" }] }));
    await worker.scheduled?.({} as ScheduledController, bindings);
    expect(asked.length).toBeGreaterThan(3);
    expect(new Set(asked.map((options) => JSON.stringify(options)))).toEqual(
      new Set(['{"locationHint":"weur"}']),
    );
  });

  it.each([undefined, ""])("names none if none is configured: %j", async (hint) => {
    const { asked, env: bindings } = watched(hint === undefined ? {} : { LOCATION_HINT: hint });
    await callAll(bindings);
    expect(asked).toEqual([undefined, undefined]);
  });

  it("names none for a place that is misspelt, and says so once", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    for (const hint of ["europe", "constructor"]) {
      for (let call = 0; call < 3; call++)
        expect(placement({ ...env, LOCATION_HINT: hint } as unknown as Env)).toBeUndefined();
    }
    expect(lines.filter((line) => line.includes("location_hint_unknown")).length).toBe(2);
  });

  it.each(Object.keys(LOCATION_HINTS))("may name %s", async (place) => {
    const { env: bindings } = watched({ LOCATION_HINT: place });
    expect((await callPool(bindings, `placed-${place}`, (stub) => stub.summary())).ok).toBe(true);
  });
});
