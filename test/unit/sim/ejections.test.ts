/**
 * Who may be ejected: the pool's object and an isolate that knows the same must say the same, and what a plain count
 * over the origins says.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EjectionWorld, type Origin, OWN_MS } from "./ejection-world.ts";

const SEED = 20_261_130;

/** The rule in plain words, over the origins as they were configured. */
function mayEject(origins: Record<string, Origin>, id: string, percent: number): boolean {
  const all = Object.entries(origins).map(([key, o]) => ({
    key,
    part: o.enabled !== false && o.weight !== 0 && !o.draining,
    well: o.healthy !== false && !o.ejected,
    out: o.ejected === true,
  }));
  const part = all.filter((each) => each.part);
  const out = part.filter((each) => each.out).length;
  const left = part.filter((each) => each.well && each.key !== id).length;
  return origins[id]?.ejected !== true && left > 0 && (out + 1) * 100 <= percent * part.length;
}

describe("the last origin that takes traffic is not ejected, by the object or by an isolate", () => {
  it.each<[string, Origin]>([
    ["disabled", { enabled: false }],
    ["of weight 0", { weight: 0 }],
    ["unhealthy", { healthy: false }],
    ["draining", { draining: true }],
    ["ejected", { ejected: true }],
  ])("if the others are %s", (_state, other) => {
    const origins = { a: {}, b: other, c: other, d: other };
    const world = new EjectionWorld(origins, 100);
    expect([world.isolateEjects("a"), world.objectEjects("a")]).toEqual([false, false]);
  });

  it("but one of two is", () => {
    const world = new EjectionWorld({ a: {}, b: {} });
    expect([world.isolateEjects("a"), world.objectEjects("a")]).toEqual([true, true]);
  });
});

it("the object's ejections count in an isolate's limit, and switched-off origins do not", () => {
  const half = { a: {}, b: {}, c: { ejected: true }, d: { ejected: true } };
  const world = new EjectionWorld(half);
  expect([world.isolateEjects("a"), world.objectEjects("a")]).toEqual([false, false]);
  const off = { a: {}, b: {}, c: {}, d: { enabled: false } };
  expect(new EjectionWorld(off, 33).isolateEjects("a"), "one of three is more than 33%").toBe(false);
  expect(new EjectionWorld(off, 34).isolateEjects("a")).toBe(true);
});

it("object and isolate agree with a plain count, whatever the origins are", () => {
  const origin = fc.record<Origin>({
    enabled: fc.boolean(),
    weight: fc.constantFrom(0, 1, 3),
    healthy: fc.boolean(),
    ejected: fc.boolean(),
    draining: fc.boolean(),
  });
  const mostlyWell = fc.oneof(
    { weight: 2, arbitrary: fc.constant<Origin>({}) },
    { weight: 1, arbitrary: origin },
  );
  fc.assert(
    fc.property(
      fc.array(mostlyWell, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
      (list, percent, order) => {
        const ids = list.map((_, i) => `o${i}`);
        // Somebody must be left for the fixture to eject the others.
        const origins = Object.fromEntries(
          list.map((each, i) => [ids[i] ?? "", i === 0 ? { ...each, ejected: false } : each]),
        );
        const world = new EjectionWorld(origins, percent);
        for (const turn of order) {
          const id = ids[turn % ids.length] ?? "";
          const expected = mayEject(origins, id, percent);
          const said = [world.isolateEjects(id), world.objectEjects(id)];
          expect(said, JSON.stringify({ origins, id, percent })).toEqual([expected, expected]);
          if (expected) origins[id] = { ...origins[id], ejected: true };
        }
      },
    ),
    { seed: SEED, numRuns: 300, verbose: true },
  );
});

describe("an isolate's own ejection", () => {
  it("ends by time at its next pick, even without a snapshot from the object", () => {
    const world = new EjectionWorld({ a: {}, b: {} });
    world.isolateEjects("a");
    world.nowMs += OWN_MS - 1;
    expect(world.isOut("a")).toBe(true);
    world.nowMs += 1;
    expect(world.isOut("a")).toBe(false);
  });

  it("does not end with a snapshot about something else", () => {
    const world = new EjectionWorld({ a: {}, b: {}, c: {}, d: {} });
    world.isolateEjects("a");
    world.nowMs += 500;
    world.sync({ b: { weight_factor: 0.5 } });
    expect(world.isOut("a")).toBe(true);
  });

  it("is replaced by the object's verdict, out or back", () => {
    const world = new EjectionWorld({ a: {}, b: {} });
    world.isolateEjects("a");
    world.sync({ a: { ejected: true } });
    world.nowMs += OWN_MS;
    expect(world.isOut("a"), "the object's own time is longer").toBe(true);
    world.sync({ a: { ejected: false } });
    expect(world.isOut("a")).toBe(false);
    expect(world.isolateEjects("a"), "and it begins with a clean record").toBe(true);
  });

  it("ends when the clock is set back, instead of lasting longer", () => {
    const world = new EjectionWorld({ a: {}, b: {} });
    world.isolateEjects("a");
    world.nowMs -= 60_000;
    expect(world.isOut("a")).toBe(false);
  });

  it("does not apply to a new origin of the same name", () => {
    const origins = { a: {}, b: {}, c: {} };
    const world = new EjectionWorld(origins, 34);
    world.isolateEjects("a");
    world.reply({ b: {}, c: {} });
    world.reply(origins);
    expect(world.isOut("a")).toBe(false);
    expect(world.isolateEjects("b"), "nor does it take up the share of others").toBe(true);
  });
});
