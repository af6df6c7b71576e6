/** When an isolate looks for a note, and when it leaves one. */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import type { SyncReply } from "../../../src/contract/sync.ts";
import { EdgePool } from "../../../src/edge/pool/edge-pool.ts";
import { parseNote } from "../../../src/edge/pool/verdict-notes.ts";
import { NoteExchange, NoteWatch } from "../../../src/edge/sync/note-exchange.ts";

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

/** A data centre with its cache. */
class DataCenter {
  nowMs = 1_000_000;
  text: string | null = null;
  reads = 0;
  writes = 0;

  isolate(): Isolate {
    return new Isolate(this);
  }

  get version(): number | null {
    return this.text === null ? null : (parseNote(this.text)?.version ?? null);
  }
}

class Isolate {
  readonly pool: EdgePool;
  readonly notes: NoteExchange;
  readonly watch: NoteWatch;
  readonly #place: DataCenter;

  constructor(place: DataCenter) {
    this.#place = place;
    const now = () => place.nowMs;
    this.pool = new EdgePool("p", () => 0, now);
    const surroundings: ConstructorParameters<typeof NoteExchange>[1] = {
      now,
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
    this.watch = new NoteWatch(this.notes);
  }

  /** The object answers a call that was made just now. */
  async answered(answer: SyncReply): Promise<this> {
    const askedMs = this.#place.nowMs;
    this.#place.nowMs += 100;
    this.pool.apply(answer, askedMs);
    await this.notes.leave(askedMs);
    return this;
  }

  /** Looks at its times for so long. */
  async watches(forMs: number): Promise<void> {
    for (const untilMs = this.#place.nowMs + forMs; this.#place.nowMs < untilMs; ) {
      const waitMs = this.watch.next(this.#place.nowMs);
      await this.watch.looking;
      this.#place.nowMs = Math.min(untilMs, this.#place.nowMs + waitMs);
    }
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
    await isolate.watches(60_000);
    expect(place.reads - before).toBe(20);
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
    place.nowMs -= 3_600_000;
    expect(isolate.notes.waitMs(place.nowMs)).toBe(0);
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
    await isolate.watches(1_000);
    await isolate.answered(reply(6));
    expect(place.version).toBe(6);
  });
});
