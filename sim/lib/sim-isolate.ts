/**
 * An isolate of the Worker: the real one, with the real way of a request through it, in simulated surroundings.
 * @module
 */

import { parseNote } from "../../src/edge/pool/verdict-notes.ts";
import { serve } from "../../src/edge/proxy.ts";
import { IsolateState } from "../../src/edge/sync/isolate.ts";
import { type BriefIsolate, BriefRequests } from "./brief-requests.ts";
import type { Client } from "./clients.ts";
import type { Answer } from "./recorder.ts";
import { type IsolateWorld, type Place, SimSurroundings } from "./sim-surroundings.ts";

/** Work that a request leaves running continues by itself. */
const BACKGROUND = { waitUntil: () => undefined };

interface OpenRequest {
  /** The reason of the answer, taken from the log. */
  why: string;
  readonly cameMs: number;
}

export class SimIsolate {
  readonly #world: IsolateWorld;
  readonly #surroundings: SimSurroundings;
  readonly #state: IsolateState;
  /** Requests under way, by id. Null: there was none on the whole way. */
  #open: Map<string, OpenRequest> | null = null;
  #requests = 0;
  /** Null until a request has come on the short way. */
  #brief: BriefRequests | null = null;
  readonly #region: number;

  constructor(id: string, place: Place, world: IsolateWorld) {
    this.#world = world;
    this.#region = place.region;
    this.#surroundings = new SimSurroundings(id, place, world, (entry) => this.#logged(entry));
    this.#state = new IsolateState(this.#surroundings);
  }

  /**
   * Meets the object before the run, having served `requests` since the last time.
   * @returns milliseconds until it is to meet it again
   */
  async warmUp(requests: number): Promise<number> {
    const { pool, sync } = this.#state.pool(this.#world.pool);
    const { routes } = this.#state;
    if (!this.#world.isBrief && routes.peek(BACKGROUND) === null) await routes.load(BACKGROUND);
    const { now, calls } = this.#surroundings;
    const sentMs = now();
    const work: Promise<unknown>[] = [];
    pool.requests += requests;
    sync.start({ waitUntil: (call) => void work.push(call) });
    await Promise.all(work);
    return calls.paceMs - (now() - sentMs);
  }

  /** One request of a client on the short way. @returns false: it must take the whole one */
  serveBriefly(client: Client): boolean {
    this.#brief ??= new BriefRequests(this.#world, this.#briefly(), BACKGROUND);
    return this.#brief.begin(client);
  }

  #briefly(): BriefIsolate {
    const { pool, sync } = this.#state.pool(this.#world.pool);
    return {
      ...{ pool, sync, region: this.#region, surroundings: this.#surroundings },
      serveWhole: (client, cameMs) => void this.serve(client, cameMs),
    };
  }

  /** A look for a note in the data centre's cache has found this one. */
  sawNote(text: string): void {
    const note = parseNote(text);
    if (note !== null && this.#surroundings.isAlive) this.#state.pool(this.#world.pool).pool.takeNote(note);
  }

  /** One request of a client, up to its answer. @param cameMs when it came */
  async serve(client: Client, cameMs = this.#world.queue.nowMs): Promise<void> {
    const { queue, recorder } = this.#world;
    const id = String(++this.#requests);
    const open: OpenRequest = { why: "", cameMs };
    this.#open ??= new Map();
    this.#open.set(id, open);
    const response = await serve(client.request(id), this.#state, BACKGROUND);
    if (this.#open?.delete(id) !== true) return;
    client.keep(response.headers.get("set-cookie"));
    recorder.answer(queue.nowMs, response.ok ? "answered" : answerOf(open.why), open.cameMs);
  }

  /** The isolate dies, and its requests with it. */
  die(): void {
    const { queue, recorder } = this.#world;
    this.#surroundings.isAlive = false;
    for (const { cameMs } of this.#open?.values() ?? []) recorder.answer(queue.nowMs, "lost", cameMs);
    this.#open = null;
  }

  #logged({ request_id: id, why }: Record<string, unknown>): void {
    const open = typeof id === "string" ? this.#open?.get(id) : undefined;
    if (open !== undefined && typeof why === "string") open.why = why;
  }
}

function answerOf(why: string): Answer {
  if (why === "rate_limited") return "rate_limited";
  return why === "no_origin_available" || why === "config_unavailable" ? "no_origin" : "origin_failed";
}
