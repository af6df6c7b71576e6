import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../src/config/canonical.ts";
import { poolIdOfKey, poolKey, ROUTES_KEY } from "../../../src/config/documents.ts";

describe("a key in KV", () => {
  it("has the form of the design", () => {
    expect(ROUTES_KEY).toBe("routes");
    expect(poolKey("api")).toBe("pool:api");
    expect(poolIdOfKey("pool:api")).toBe("api");
  });

  it.each(["routes", "pool:", "pool:Bad", "pools:api", "xpool:api", ""])(
    "named %j belongs to no pool",
    (key) => {
      expect(poolIdOfKey(key)).toBeNull();
    },
  );
});

describe("canonicalJson", () => {
  it("orders keys at every depth and keeps lists in order", () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }, 2], a: "x" })).toBe('{"a":"x","b":[{"c":null,"d":1},2]}');
  });

  it("is the same for the same value in any key order, and keeps the value (seed 11)", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 11 },
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, reversed(part)]),
  );
}
