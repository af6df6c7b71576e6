/**
 * What an isolate goes by: the object's answers and the notes of others. Whatever they say and in whichever order they
 * come, it never goes back, never believes a note more than the object, and never loses its last origin to a note.
 */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import type { PoolConfig } from "../../../src/config/schema.ts";
import type { OriginState, PoolSnapshot } from "../../../src/contract/sync.ts";
import type { Verdict, VerdictNote } from "../../../src/contract/verdict-note.ts";
import { KnownVerdict } from "../../../src/edge/pool/known-verdict.ts";
import { parseNote } from "../../../src/edge/pool/verdict-notes.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { WELL } from "../../support/well.ts";

const IDS = ["a", "b", "c"];

function configOf(changes: Record<string, object> = {}, more: object = {}): PoolConfig {
  const origins = IDS.map((id) => ({ id, url: `https://${id}.secret.example`, ...changes[id] }));
  const parsed = parsePool({ origins, ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

function snapshot(
  version: number,
  states: Record<string, Partial<OriginState>> = {},
  config = configOf(),
): PoolSnapshot {
  const origins = Object.fromEntries(IDS.map((id) => [id, { ...WELL, ...states[id] }]));
  return { version, config, origins };
}

/** An isolate with that snapshot. */
function having(known: PoolSnapshot, pool = "p"): KnownVerdict {
  const verdict = new KnownVerdict(pool);
  verdict.answered(known, 0);
  return verdict;
}

/** The note of an isolate with that snapshot, as the cache returns it. */
function noteOf(known: PoolSnapshot, pool = "p"): VerdictNote {
  const note = parseNote(JSON.stringify(having(known, pool).note()));
  if (note === null) throw new Error("it has left none that can be read");
  return note;
}

const ejected = (verdict: Verdict | null) =>
  verdict === null ? null : IDS.filter((id) => verdict.states.get(id)?.ejected);
const A_EJECTED = { a: { ejected: true } };

describe("a note", () => {
  it("that is newer is in force, and the isolate still has only the version it got from the object", () => {
    const isolate = having(snapshot(3));
    const verdict = isolate.take(noteOf(snapshot(5, A_EJECTED)), 100);
    expect(ejected(verdict)).toEqual(["a"]);
    expect([verdict?.version, isolate.version, isolate.note()?.version]).toEqual([3, 3, 3]);
  });

  it("says health, drains, slow start, bindings, weights and switches", () => {
    const changes = { a: { enabled: false }, b: { weight: 7.25 } };
    const states: Record<string, OriginState> = {
      a: { ...WELL, healthy: false, no_binding: true },
      b: { ...WELL, weight_factor: 0.3 },
      c: { ...WELL, draining: true, drained: true },
    };
    const newer = snapshot(2, states, configOf(changes));
    const verdict = having(snapshot(1)).take(noteOf(newer), 0);
    expect(verdict?.config).toEqual(newer.config);
    expect(Object.fromEntries(verdict?.states ?? [])).toEqual(newer.origins);
  });

  it("of the same version or an older one changes nothing", () => {
    const isolate = having(snapshot(5, A_EJECTED));
    for (const version of [5, 4, 1]) expect(isolate.take(noteOf(snapshot(version)), 0)).toBeNull();
    isolate.take(noteOf(snapshot(8)), 0);
    for (const version of [8, 7]) expect(isolate.take(noteOf(snapshot(version)), 0)).toBeNull();
  });

  it.each([
    ["another address", configOf({ a: { url: "https://a.other.example" } })],
    ["another algorithm", configOf({}, { algorithm: "random" })],
    ["another order of origins", { ...configOf(), origins: [...configOf().origins].reverse() }],
    ["another number of origins", { ...configOf(), origins: configOf().origins.slice(0, 2) }],
  ])("of a configuration with %s changes nothing", (_name, config) => {
    expect(having(snapshot(1)).take(noteOf(snapshot(2, A_EJECTED, config)), 0)).toBeNull();
  });

  it("of another pool changes nothing", () => {
    expect(having(snapshot(1)).take(noteOf(snapshot(2, A_EJECTED), "q"), 0)).toBeNull();
  });

  it("that leaves no origin is not believed; the object is", () => {
    const allOut = Object.fromEntries(IDS.map((id) => [id, { ejected: true }]));
    const isolate = having(snapshot(1));
    expect(isolate.take(noteOf(snapshot(2, allOut)), 0)).toBeNull();
    const disabled = configOf({ a: { enabled: false }, b: { weight: 0 } });
    expect(isolate.take(noteOf(snapshot(2, { c: { draining: true } }, disabled)), 0)).toBeNull();
    const unbound = Object.fromEntries(IDS.map((id) => [id, { no_binding: true as const }]));
    expect(isolate.take(noteOf(snapshot(2, unbound)), 0)).toBeNull();
    expect(ejected(isolate.answered(snapshot(2, allOut), 50))).toEqual(IDS);
  });

  it("means nothing to an isolate that has nothing from the object", () => {
    expect(new KnownVerdict("p").take(noteOf(snapshot(2)), 0)).toBeNull();
    const isolate = having(snapshot(1));
    isolate.clear();
    expect([isolate.take(noteOf(snapshot(2)), 0), isolate.note(), isolate.version]).toEqual([null, null, 0]);
  });

  it("of fewer origins than its hash says, or of more, changes nothing", () => {
    const note = noteOf(snapshot(2));
    for (const origins of [note.origins.slice(1), [...note.origins, ...note.origins]])
      expect(having(snapshot(1)).take({ ...note, origins }, 0)).toBeNull();
  });

  it("names neither an origin nor its address", () => {
    const text = JSON.stringify(noteOf(snapshot(2, A_EJECTED)));
    expect(text).not.toContain("secret");
    expect(text).not.toContain('"a"');
  });
});

describe("the object's answer", () => {
  it("takes the place of a note that was read before the object was asked, whichever is newer", () => {
    const isolate = having(snapshot(3));
    isolate.take(noteOf(snapshot(5, A_EJECTED)), 100);
    expect(ejected(isolate.answered(snapshot(4, { b: { ejected: true } }), 101))).toEqual(["b"]);
    expect(isolate.take(noteOf(snapshot(5, A_EJECTED)), 200), "it was contradicted").toBeNull();
    expect(ejected(isolate.take(noteOf(snapshot(6, A_EJECTED)), 300))).toEqual(["a"]);
  });

  it("contradicts a note for good, whatever true ones come after it", () => {
    const isolate = having(snapshot(3));
    const isFalse = noteOf(snapshot(99, A_EJECTED));
    isolate.take(isFalse, 100);
    isolate.answered(null, 101);
    isolate.take(noteOf(snapshot(5)), 200);
    isolate.answered(snapshot(6), 300);
    expect(isolate.take(isFalse, 400)).toBeNull();
  });

  it("leaves a note in force that was read in the same millisecond as it was asked for", () => {
    const isolate = having(snapshot(3));
    isolate.take(noteOf(snapshot(5, A_EJECTED)), 100);
    expect(ejected(isolate.answered(null, 100))).toEqual(["a"]);
  });

  it('"nothing new" puts what the object gave before back in force', () => {
    const isolate = having(snapshot(3, { c: { ejected: true } }));
    isolate.take(noteOf(snapshot(5, A_EJECTED)), 100);
    expect(ejected(isolate.answered(null, 101))).toEqual(["c"]);
    expect(isolate.answered(null, 200), "and then changes nothing").toBeNull();
  });

  it("that was under way when the note was read leaves it in force, if it is older", () => {
    const isolate = having(snapshot(3));
    isolate.take(noteOf(snapshot(5, A_EJECTED)), 100);
    expect(ejected(isolate.answered(null, 90))).toEqual(["a"]);
    expect(ejected(isolate.answered(snapshot(4), 95))).toEqual(["a"]);
    expect([isolate.version, isolate.note()?.version]).toEqual([4, 4]);
    expect(ejected(isolate.answered(snapshot(6), 98))).toEqual([]);
  });

  it("with another configuration takes the note out of force that was for the former one", () => {
    const isolate = having(snapshot(3));
    const former = noteOf(snapshot(5, A_EJECTED));
    isolate.take(former, 100);
    const changed = configOf({}, { algorithm: "random" });
    const verdict = isolate.answered(snapshot(4, {}, changed), 90);
    expect([verdict?.config.algorithm, ejected(verdict)]).toEqual(["random", []]);
    expect(isolate.note()?.version).toBe(4);
    expect(isolate.take({ ...former, version: 6 }, 200), "nor is another of that kind taken").toBeNull();
  });
});

/** Isolates that hear the object late, and each other. Each has a clock of its own. */
describe("isolates that exchange notes", () => {
  const SEED = 20_261_130;
  const ISOLATES = 5;
  const STEPS = 4_000;

  it("never go back, and go by exactly one of the object's versions", () => {
    const random = seededRandom(SEED);
    const below = (n: number): number => Math.floor(random() * n);
    const history = [snapshot(0), snapshot(1)];
    const cache = new Map<number, VerdictNote>();
    const isolates = Array.from({ length: ISOLATES }, (_, index) => ({
      known: new KnownVerdict("p"),
      inForce: 0,
      reported: 0,
      skewMs: below(2) * 3_600_000 * (index - 2),
    }));
    let taken = 0;
    for (let step = 0; step < STEPS; step++) {
      if (random() < 0.1) {
        const id = IDS[below(IDS.length)] ?? "a";
        history.push(snapshot(history.length, { [id]: { ejected: true } }));
      }
      const isolate = isolates[below(ISOLATES)];
      if (isolate === undefined) throw new Error("none");
      const nowMs = step + isolate.skewMs;
      const current = history.at(-1) ?? snapshot(0);
      const note = cache.get(below(2));
      let verdict: Verdict | null = null;
      if (random() < 0.3) {
        const isCurrent = isolate.known.version === current.version;
        verdict = isolate.known.answered(isCurrent ? null : current, nowMs);
        isolate.inForce = current.version;
        const left = isolate.known.note();
        expect(left?.version).toBe(current.version);
        if (left !== null && random() < 0.5) cache.set(below(2), left);
      } else if (note !== undefined) {
        verdict = isolate.known.take(note, nowMs);
        const isNewer = isolate.known.version > 0 && note.version > isolate.inForce;
        expect(verdict !== null, `step ${step}, seed ${SEED}`).toBe(isNewer);
        if (isNewer) taken++;
        isolate.inForce = Math.max(isolate.inForce, isNewer ? note.version : 0);
      }
      const of = history[isolate.inForce];
      if (verdict !== null) expect(Object.fromEntries(verdict.states)).toEqual(of?.origins);
    }
    expect(taken, "it has been tried").toBeGreaterThan(100);
  });
});
