import { describe, expect, it } from "vitest";
import { parsePool, understoodPool } from "../../../src/config/parse.ts";
import type { PoolConfig } from "../../../src/config/schema.ts";

const ORIGINS = [{ id: "a", url: "https://a.example.com" }];

function pool(fields: Record<string, unknown> = {}): PoolConfig {
  const parsed = parsePool({ origins: ORIGINS, ...fields });
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  return parsed.value;
}

/** A pool as another version gives it out. */
const foreign = (fields: Record<string, unknown>) => ({ ...pool(), ...fields }) as unknown as PoolConfig;

describe("a pool of another version", () => {
  it("is taken as it is where this version knows all of it", () => {
    const own = pool({ sticky: true });
    expect(understoodPool(own, null)).toEqual({ config: own, strange: [] });
    expect(understoodPool(own, null).config).toBe(own);
  });

  it("keeps fields that this version does not know", () => {
    const config = foreign({ gravity: 9.81, failover: { ...pool().failover, moons: 2 } });
    expect(understoodPool(config, null)).toEqual({ config, strange: [] });
  });

  it("gets defaults for fields that the other version did not know", () => {
    const { slow_start: _, ...older } = pool();
    expect(understoodPool(older as PoolConfig, null).config).toEqual(pool());
  });

  it.each([
    ["of the pool", ({ failover: _, ...rest }: PoolConfig) => ({ ...rest, gravity: 9.81 })],
    [
      "of a part",
      ({ failover: { max_attempts: _, ...failover }, ...rest }: PoolConfig) => ({
        ...rest,
        failover: { ...failover, moons: 2 },
      }),
    ],
    [
      "of each origin",
      ({ origins, ...rest }: PoolConfig) => ({
        ...rest,
        origins: origins.map(({ weight: _, ...origin }) => ({ ...origin, colour: "red" })),
      }),
    ],
  ])("gets defaults beside fields %s that this version does not know", (_where, other) => {
    const own = pool({ origins: [...ORIGINS, { id: "b", url: "https://b.example.com" }] });
    const { config, strange } = understoodPool(other(own) as unknown as PoolConfig, null);
    expect(config).toMatchObject(own);
    expect(strange).toEqual([]);
  });

  it("gets defaults for values that this version does not know, and no more than these", () => {
    const failover = { ...pool().failover, attempt_timeout: 60, retry_on: ["moonrise", 503, "sunset"] };
    const { config, strange } = understoodPool(
      foreign({ algorithm: "gravity", failover, slow_start: 5 }),
      null,
    );
    expect(config).toEqual(
      pool({
        slow_start: 5,
        failover: { attempt_timeout: 60, retry_on: [503] },
      }),
    );
    expect(strange).toEqual(["algorithm", "failover.retry_on[0]", "failover.retry_on[2]"]);
  });

  it("keeps what this version went by, for values that it does not know", () => {
    const known = pool({ algorithm: "p2c", sticky: { method: "ip", ttl: 60 }, slow_start: 9 });
    const sticky = { method: "token", ttl: 90, cookie_name: "c" };
    const { config } = understoodPool(foreign({ algorithm: "gravity", sticky }), known);
    expect(config).toEqual(pool({ algorithm: "p2c", sticky: { ...sticky, method: "ip" } }));
  });

  it("has no sessions where neither this version nor its defaults have a method for them", () => {
    const { config } = understoodPool(foreign({ sticky: { method: "token", ttl: 90 } }), pool());
    expect(config).toEqual(pool());
  });

  it("keeps its origins, whatever is strange about one of them", () => {
    const origins = [{ ...pool().origins[0], weight: 5_000 }, { id: "b" }];
    const { config, strange } = understoodPool(foreign({ origins, algorithm: "gravity" }), null);
    expect([config.algorithm, config.origins, strange]).toEqual(["round_robin", origins, ["algorithm"]]);
  });
});
