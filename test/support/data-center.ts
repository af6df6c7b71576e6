/** Isolates of one data centre, in a crowd, with their cache and a clock that stands still until it is told to go on. */
import { parsePool } from "../../src/config/parse.ts";
import type { SyncReply } from "../../src/contract/sync.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { parseNote } from "../../src/edge/pool/verdict-notes.ts";
import { NoteExchange } from "../../src/edge/sync/note-exchange.ts";
import { WELL } from "./well.ts";

/** Of a crowd. */
const PACE_MS = 12_000;

/** What the object says. @param more of the configuration of the two origins, `a` and `b` */
export function reply(version: number, ejected: readonly string[] = [], more: object = {}): SyncReply {
  const parsed = parsePool({
    origins: ["a", "b"].map((id) => ({ id, url: `https://${id}.example` })),
    outlier_detection: { consecutive_failures: 2 },
    ...more,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const state = (id: string) => [id, { ...WELL, ejected: ejected.includes(id) }];
  const origins = Object.fromEntries(parsed.value.origins.map(({ id }) => state(id)));
  const snapshot = { version, config: parsed.value, origins };
  return { snapshot, cursor: null, active: {}, next_sync_ms: PACE_MS, configured: true };
}

/** Whatever follows at once has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

export class DataCenter {
  nowMs = 1_000_000;
  text: string | null = null;
  reads = 0;
  writes = 0;
  /** Waits that were begun. */
  waits = 0;

  #waits: { atMs: number; over: () => void }[] = [];
  #isolates = 0;

  /** @param aheadMs its clock goes by so much */
  isolate(aheadMs = 0): Isolate {
    return new Isolate(this, `isolate ${++this.#isolates}`, aheadMs);
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

  /** How many isolates the note names for each origin, in their order. */
  get suspected(): Record<string, number> {
    const { unreachable = {} } = (this.text === null ? null : parseNote(this.text)) ?? {};
    return Object.fromEntries(Object.entries(unreachable).map(([index, names]) => [index, names.length]));
  }
}

export class Isolate {
  readonly pool: EdgePool;
  readonly notes: NoteExchange;
  readonly #place: DataCenter;
  readonly #now: () => number;

  constructor(place: DataCenter, name: string, aheadMs: number) {
    this.#place = place;
    this.#now = () => place.nowMs + aheadMs;
    this.pool = new EdgePool("p", () => 0, this.#now);
    this.notes = new NoteExchange(this.pool, name, {
      now: this.#now,
      wait: (ms) => place.wait(ms),
      readNote: async () => {
        place.reads++;
        return place.text;
      },
      leaveNote: async (_pool, text) => {
        place.writes++;
        place.text = text;
      },
    });
  }

  /** The object answers a call that was made just now. */
  async answered(answer: SyncReply): Promise<this> {
    const askedMs = this.#now();
    this.#place.nowMs += 100;
    this.pool.apply(answer, askedMs);
    await this.notes.leave(askedMs);
    return this;
  }

  /** One of its requests ends. @param id where it could not be sent to, or was answered. Absent: nothing is said of that */
  request(id?: string, isReached = false): this {
    const server = id === undefined ? null : this.pool.server(id);
    if (server !== null) this.pool.ended(server, isReached ? "success" : "connect_failure", 1);
    if (this.notes.needsWatch(this.#now())) void this.notes.watch();
    return this;
  }

  /** It has had a request, and so much time passes. */
  async watches(forMs: number): Promise<void> {
    this.request();
    await this.#place.pass(forMs);
  }

  /** By the object's verdict, or by its own failures. */
  get out(): string[] {
    return [...this.pool.servers].filter(({ ejected }) => ejected).map(({ id }) => id);
  }

  /** While an equal is left. */
  get passedOver(): string[] {
    return [...this.pool.recentlyUnreachable.list()].map(({ id }) => id);
  }
}
