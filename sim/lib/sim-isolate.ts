/**
 * An isolate of the Worker: the real one, with the real way of a request through it, in simulated surroundings.
 * @module
 */

import { serve } from "../../src/edge/proxy.ts";
import { IsolateState } from "../../src/edge/sync/isolate.ts";
import { BriefIsolate } from "./brief/brief-isolate.ts";
import type { BriefTraffic } from "./brief/brief-traffic.ts";
import type { AnyClient, Client } from "./clients.ts";
import type { IsolateWorld, LogLine, Place } from "./isolate-world.ts";
import type { Answer } from "./recorder.ts";
import { SimSurroundings } from "./sim-surroundings.ts";

/** Work that a request leaves running continues by itself. */
const BACKGROUND = { waitUntil: () => undefined };

interface OpenRequest {
  readonly client: AnyClient;
  readonly cameMs: number;
  /** Its line in the log; null: there is none yet. */
  line: LogLine | null;
}

export class SimIsolate {
  readonly #world: IsolateWorld;
  readonly #surroundings: SimSurroundings;
  readonly #state: IsolateState;
  /** Requests under way, by id. Null: there was none on the whole way. */
  #open: Map<string, OpenRequest> | null = null;
  #requests = 0;
  /** Null until a request has come on the short way. */
  #brief: BriefIsolate | null = null;
  readonly #region: number;

  constructor(id: string, place: Place, world: IsolateWorld) {
    this.#world = world;
    this.#region = place.region;
    this.#surroundings = new SimSurroundings(id, place, world, (entry) => this.#logged(entry));
    this.#state = new IsolateState(this.#surroundings);
    this.#state.locations.dataCenter = `${place.dataCenter}`;
  }

  /**
   * Meets a pool's object before the run, having served `requests` since the last time.
   * @returns milliseconds until it is to meet it again
   */
  async warmUp(id: string, requests: number): Promise<number> {
    const { pool, sync } = this.#state.pool(id);
    const { routes } = this.#state;
    if (this.#world.brief === null && routes.peek(BACKGROUND) === null) await routes.load(BACKGROUND);
    const { now } = this.#surroundings;
    const calls = this.#surroundings.callsTo(id);
    const sentMs = now();
    const work: Promise<unknown>[] = [];
    pool.requests += requests;
    sync.start({ waitUntil: (call) => void work.push(call) });
    await Promise.all(work);
    return calls.paceMs - (now() - sentMs);
  }

  /**
   * One request of a client on the short way.
   * @param pool the only one there is
   * @param number of this isolate
   * @returns false: it must take the whole one
   */
  serveBriefly(pool: string, client: Client, traffic: BriefTraffic, number: number): boolean {
    this.#brief ??= this.#briefly(pool, traffic, number);
    return this.#brief.begin(client);
  }

  #briefly(id: string, traffic: BriefTraffic, number: number): BriefIsolate {
    const surroundings = this.#surroundings;
    const brief = new BriefIsolate(traffic, {
      ...{ number, region: this.#region, surroundings, background: BACKGROUND },
      ...{ ...this.#state.pool(id), calls: surroundings.callsTo(id) },
      serveWhole: (client, cameMs) => void this.serve(client, cameMs),
    });
    surroundings.wakes = () => brief.catchUp();
    return brief;
  }

  /** A look for a note in the data centre's cache has found this one. */
  sawNote(pool: string, text: string): void {
    if (!this.#surroundings.isAlive) return;
    this.#brief?.catchUp();
    void this.#state.pool(pool).sync.neighbours.notes.saw(text);
  }

  /** One request of a client, up to its answer. @param cameMs when it came */
  async serve(client: AnyClient, cameMs = this.#world.queue.nowMs): Promise<void> {
    const { queue, measures } = this.#world;
    this.#brief?.catchUp();
    const id = String(++this.#requests);
    const open: OpenRequest = { client, cameMs, line: null };
    this.#open ??= new Map();
    this.#open.set(id, open);
    const response = await serve(client.request(id), this.#state, BACKGROUND);
    if (this.#open?.delete(id) !== true) return;
    client.keep(response.headers.get("set-cookie"));
    const answer = response.ok ? "answered" : answerOf(open.line?.why);
    measures.ended(queue.nowMs, { ...open, answer });
  }

  /** The isolate dies, and its requests with it. */
  die(): void {
    const { queue, measures } = this.#world;
    this.#brief?.catchUp();
    this.#surroundings.isAlive = false;
    for (const open of this.#open?.values() ?? []) measures.ended(queue.nowMs, { ...open, answer: "lost" });
    this.#open = null;
  }

  #logged(entry: LogLine): void {
    const { request_id: id, why } = entry;
    const open = typeof id === "string" ? this.#open?.get(id) : undefined;
    if (open !== undefined && typeof why === "string") open.line = entry;
  }
}

function answerOf(why: unknown): Answer {
  if (why === "rate_limited") return "rate_limited";
  return why === "no_origin_available" || why === "config_unavailable" ? "no_origin" : "origin_failed";
}
