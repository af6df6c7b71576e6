/** Conditions that are joined and compared, for conditions and requests drawn at random. */
import { describe, expect, it } from "vitest";
import type { Rule } from "../../../scripts/lib/import/model.ts";
import { bothWheres, validWhere, whereCovers } from "../../../scripts/lib/import/where.ts";
import { compileWhere, unmetCondition } from "../../../src/config/where.ts";
import { whereSchema } from "../../../src/config/where-schema.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { type Asking, asking } from "../../support/where-request.ts";

type Where = NonNullable<Rule["where"]>;

const ROUNDS = 3_000;
const random = seededRandom();
const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

const RANGES = ["10.0.0.0/8", "10.1.0.0/16", "10.1.0.7/32", "192.0.2.0/24", "2001:db8::/32"];
const FIELDS: readonly (() => Where)[] = [
  () => ({ countries: oneOf([["DE"], ["DE", "FR"], ["FR", "US"]]) }),
  () => ({ eu: oneOf([true, false]) }),
  () => ({ asns: oneOf([[1], [1, 2], [2, 3]]) }),
  () => ({ methods: oneOf([["GET"], ["GET", "POST"], ["POST", "PUT"]]) }),
  () => ({ addresses: [oneOf(RANGES), oneOf(RANGES)] }),
  () => ({ headers: { [oneOf(["x", "constructor"])]: oneOf(["*", "1", "1*", "12*", ["2", "12"]]) } }),
  () => ({ cookies: { c: oneOf(["*", "1", "1*"]) } }),
  () => ({ query: { q: oneOf(["*", ["1", "2"], "1*"]), r: oneOf(["*", "1"]) } }),
];

function drawWhere(): Where {
  return { ...oneOf(FIELDS)(), ...oneOf(FIELDS)() };
}

/** Each header, cookie and parameter has one value, as where the conditions come from. */
function drawRequest(): Asking {
  const value = () => oneOf(["1", "12", "123", "2", "3"]);
  return {
    method: oneOf(["GET", "POST", "PUT"]),
    clientIp: oneOf(["10.1.0.7", "10.1.9.9", "10.9.9.9", "192.0.2.9", "198.51.100.1", "2001:db8::1"]),
    query: oneOf(["", `q=${value()}`, `q=${value()}&r=${value()}`]),
    headers: {
      ...(random() < 0.7 ? { x: value() } : {}),
      ...(random() < 0.3 ? { constructor: value() } : {}),
      ...(random() < 0.5 ? { cookie: `c=${value()}` } : {}),
    },
    cf: { country: oneOf(["DE", "FR", "US"]), asn: oneOf([1, 2, 3]) },
  };
}

function isMet(where: Rule["where"], asked: Asking): boolean {
  const compiled = compileWhere(where === null ? null : whereSchema.parse(where));
  return compiled === null || unmetCondition(compiled, asking(asked).where) === null;
}

describe(`with the seed ${SEED}`, () => {
  const drawn = Array.from({ length: ROUNDS }, () => ({
    one: drawWhere(),
    other: drawWhere(),
    requests: Array.from({ length: 8 }, drawRequest),
  }));

  it("two conditions joined are met by the requests that meet both", () => {
    let joined = 0;
    for (const { one, other, requests } of drawn) {
      const both = bothWheres(one, other);
      if (both !== undefined && both !== null) expect(validWhere(both), JSON.stringify(both)).toBe(both);
      for (const asked of requests) {
        const expected = isMet(one, asked) && isMet(other, asked);
        if (expected) joined++;
        expect(both !== undefined && isMet(both, asked), JSON.stringify({ one, other, asked })).toBe(
          expected,
        );
      }
    }
    expect(joined).toBeGreaterThan(ROUNDS / 10);
  });

  it("a condition that covers another is met by all of its requests", () => {
    let covering = 0;
    for (const { one, other, requests } of drawn) {
      if (!whereCovers(one, other)) continue;
      covering++;
      for (const asked of requests) {
        if (isMet(other, asked)) expect(isMet(one, asked), JSON.stringify({ one, other, asked })).toBe(true);
      }
    }
    expect(covering).toBeGreaterThan(ROUNDS / 100);
  });

  it("a condition covers itself and what it is joined to", () => {
    for (const { one, other } of drawn) {
      expect(whereCovers(one, structuredClone(one))).toBe(true);
      const both = bothWheres(one, other);
      if (both !== undefined) expect(whereCovers(one, both), JSON.stringify({ one, other })).toBe(true);
    }
  });
});
