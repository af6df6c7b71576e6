/** When an isolate looks for a note, and when it leaves one. */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import type { SyncReply } from "../../../src/contract/sync.ts";
import { EdgePool } from "../../../src/edge/pool/edge-pool.ts";
import { parseNote } from "../../../src/edge/pool/verdict-notes.ts";
import { NoteExchange } from "../../../src/edge/sync/note-exchange.ts";

const PACE_MS = 12_000;

function reply(version: number, ejected: readonly string[] = []): SyncReply {
  const parsed = parsePool({
    origins: ["a", "b"].map((id) => ({ id, url: `https://${id}.example` })),
    outlier_detection: { consecutive_failures: 2 },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const state = (id: string) => ({
    healthy: true,
    ejected: ejected.includes(id),
    draining: false,
    drained: false,
    weight_factor: 1,
  });
  const snapshot = { version, config: parsed.value, origins: { a: state("a"), b: state("b") } };
  return { snapshot, cursor: null, active: {}, next_sync_ms: PACE_MS, configured: true };
}

/** Whatever follows at once has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A data centre with its cache. */
class DataCenter {
  nowMs = 1_000_000;
  text: string | null = null;
  reads = 0;
  writes = 0;
  /** Waits that were begun. */
  waits = 0;

  #waits: { atMs: number; over: () => void }[] = [];

  isolate(): Isolate {
    return new Isolate(this);
  }

  wait(ms: number): Promise<void> {
    this.waits++;
    return new Promise((over) => this.#waits.push({ atMs: this.nowMs + ms, over }));
  }

  /** So much time passes, with what was to happen then. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settled();
    for (;;) {
      const [next] = this.#waits.sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#waits.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.over();
      await settled();
    }
    this.nowMs = untilMs;
  }

  get version(): number | null {
    return this.text === null ? null : (parseNote(this.text)?.version ?? null);
  }
}

class Isolate {
  readonly pool: EdgePool;
  readonly notes: NoteExchange;
  readonly #place: DataCenter;

  constructor(place: DataCenter) {
    this.#place = place;
    const now = () => place.nowMs;
    this.pool = new EdgePool("p", () => 0, now);
    const surroundings: ConstructorParameters<typeof NoteExchange>[1] = {
      now,
      wait: (ms) => place.wait(ms),
      readNote: async () => {
        place.reads++;
        return place.text;
      },
      leaveNote: async (_pool, text) => {
        place.writes++;
        place.text = text;
      },
    };
    this.notes = new NoteExchange(this.pool, surroundings);
  }

  /** The object answers a call that was made just now. */
  async answered(answer: SyncReply): Promise<this> {
    const askedMs = this.#place.nowMs;
    this.#place.nowMs += 100;
    this.pool.apply(answer, askedMs);
    await this.notes.leave(askedMs);
    return this;
  }

  /** As after each of its requests. */
  request(): this {
    if (this.notes.needsWatch(this.#place.nowMs)) void this.notes.watch();
    return this;
  }

  /** It has had a request, and so much time passes. */
  async watches(forMs: number): Promise<void> {
    this.request();
    await this.#place.pass(forMs);
  }

  get out(): string[] {
    return [...this.pool.servers].filter(({ ejected }) => ejected).map(({ id }) => id);
  }
}

describe("an isolate", () => {
  it("takes what another one has left within a second, and reports that it did", async () => {
    const place = new DataCenter();
    const [first, second] = [
      await place.isolate().answered(reply(1)),
      await place.isolate().answered(reply(1)),
    ];
    await second.watches(5_000);
    await first.answered(reply(2, ["a"]));
    expect(second.out).toEqual([]);
    await second.watches(1_000);
    expect([second.out, second.pool.notesTaken, second.pool.activePool?.version]).toEqual([["a"], 1, 1]);
    await second.watches(5_000);
    expect(second.pool.notesTaken, "once").toBe(1);
  });

  it("looks once a second, and twenty times for one request at most", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const before = place.reads;
    await isolate.watches(10_500);
    expect(place.reads - before).toBe(10);
    await place.pass(60_000);
    expect(place.reads - before).toBe(20);
    await isolate.watches(500);
    expect(place.reads - before, "another request").toBe(21);
  });

  it("looks once a second, however many requests it has, for as long as they come", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const before = place.reads;
    for (let requests = 0; requests < 120; requests++) await isolate.watches(500);
    expect(place.reads - before).toBeGreaterThanOrEqual(58);
    expect(place.reads - before).toBeLessThanOrEqual(60);
    // Who takes over may wait beside the former for once.
    expect(place.waits, "in the background of one request at a time").toBeLessThanOrEqual(60 + 6);
  });

  it("looks twice as often while it has seen a failure that the verdict does not show", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const server = isolate.pool.server("a");
    if (server === null) throw new Error("no such origin");
    isolate.pool.ended(server, "connect_failure", 1);
    const before = place.reads;
    await isolate.watches(4_200);
    expect(place.reads - before).toBe(8);
    isolate.pool.apply(reply(2, ["a"]), place.nowMs);
    await isolate.watches(4_000);
    expect(place.reads - before).toBe(12);
  });

  it("looks again after its clock was set back", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    await isolate.watches(500);
    place.nowMs -= 3_600_000;
    const before = place.reads;
    await isolate.watches(500);
    expect(place.reads - before).toBe(1);
  });

  it("leaves a note if there is none, or an older one, and none if it would say nothing new", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(7));
    expect([place.version, place.writes]).toEqual([7, 1]);
    for (const answer of [reply(7), { ...reply(7), snapshot: null }]) await isolate.answered(answer);
    await place.isolate().answered(reply(7));
    expect(place.writes, "it looked before it wrote").toBe(1);
    await isolate.answered(reply(8));
    expect([place.version, place.writes]).toEqual([8, 2]);
    place.text = null;
    await isolate.watches(1_000);
    await isolate.answered({ ...reply(8), snapshot: null });
    expect([place.version, place.writes], "the cache has forgotten it").toEqual([8, 3]);
  });

  it("does not replace a newer note that came while it asked", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const askedMs = place.nowMs;
    await place.isolate().answered(reply(3));
    await isolate.notes.look();
    isolate.pool.apply(reply(2), askedMs);
    await isolate.notes.leave(askedMs);
    expect(place.version).toBe(3);
  });

  it.each([
    ["a note that the object contradicts", JSON.stringify({ form: 1, version: 99, shape: "0", origins: [] })],
    ["what is no note", "<html>"],
    ["a note of a form that it does not know", '{"form":2}'],
  ])("replaces %s", async (_name, text) => {
    const place = new DataCenter();
    place.text = text;
    const isolate = await place.isolate().answered(reply(5));
    await isolate.watches(1_500);
    await isolate.answered(reply(6));
    expect(place.version).toBe(6);
  });
});
