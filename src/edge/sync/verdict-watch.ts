/**
 * An isolate of a crowd that the pool's object has asked to tell its data centre of the next verdict. It waits for that in
 * the background of one request, as long as such work may last, and leaves a note of it for the others.
 * @module
 */
import { LONGEST_WATCH_MS, OFFER_MS, type WatchRequest } from "../../contract/verdict-watch.ts";
import type { Surroundings } from "../model/surroundings.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import type { NoteExchange } from "./note-exchange.ts";

/** A call is on its way for that long. */
const SLACK_MS = 2_000;

/** What it needs of the world. */
type ObjectCalls = Pick<Surroundings, "now" | "callPool">;

export class VerdictWatch {
  readonly #pool: EdgePool;
  readonly #notes: NoteExchange;
  readonly #surroundings: ObjectCalls;
  /** When the object wants it to begin, in ms; null: it does not. */
  #askedMs: number | null = null;

  constructor(pool: EdgePool, notes: NoteExchange, surroundings: ObjectCalls) {
    this.#pool = pool;
    this.#notes = notes;
    this.#surroundings = surroundings;
  }

  /**
   * The object asks.
   * @param afterMs when it is to begin at the earliest; what is no number is of an object of another version, and asks for
   *   nothing
   */
  ask(afterMs: unknown): void {
    if (Number.isFinite(afterMs)) this.#askedMs = this.#surroundings.now() + Number(afterMs);
  }

  /** @returns true once for each time it was asked: the request that has just ended is to watch */
  begins(): boolean {
    if (this.#askedMs === null) return false;
    const sinceMs = this.#surroundings.now() - this.#askedMs;
    if (sinceMs >= 0) this.#askedMs = null;
    return sinceMs >= 0 && sinceMs < OFFER_MS;
  }

  /** Waits for the next verdict. If the call fails, the object asks another isolate. */
  async watch(dataCenter: string): Promise<void> {
    const { id, verdict } = this.#pool;
    // What was told may be newer than what is in force here, if it is of another configuration.
    const version = Math.max(verdict.newest, this.#notes.version);
    const request: WatchRequest = { data_center: dataCenter, version };
    const withinMs = LONGEST_WATCH_MS + SLACK_MS;
    const answer = await this.#surroundings.callPool(id, (object) => object.watch(request), withinMs);
    // An object of another version may say anything.
    if (!answer.ok || typeof answer.value !== "object" || answer.value === null) return;
    const { note, watch_after_ms } = answer.value;
    // It would be told the same at once.
    if (typeof note === "string" && !(await this.#notes.told(note, version))) return;
    this.ask(watch_after_ms);
  }
}
