/**
 * Isolates of one data centre tell one another what the pool's object has decided, by a note in the data centre's cache:
 * in a crowd the object answers each of them too seldom. Only for work in the background; no request waits for a note.
 * @module
 */
import type { VerdictNote } from "../../contract/verdict-note.ts";
import { elapsedMs } from "../model/elapsed.ts";
import type { Surroundings } from "../model/surroundings.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import { parseNote } from "../pool/verdict-notes.ts";
import { RENEWED_AFTER_MS } from "./sync-state.ts";

/** How often an isolate looks for a note, and how soon after that for telling of an origin that it could not reach. */
export const LOOK_MS = 1_000;
const NEWS_MS = 500;
/**
 * One request's work looks so often at most: each look is one of the 50 subrequests that it has on the free plan
 * (docs/platform.md, limits of a request). An isolate without requests looks for no longer than that.
 */
const MOST_LOOKS = 20;
/** Longest that the cache is waited for. */
const LONGEST_ANSWER_MS = 500;

/** What it needs of the world. */
type NoteBoard = Pick<Surroundings, "now" | "wait" | "readNote" | "leaveNote">;

export class NoteExchange {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  readonly #surroundings: NoteBoard;
  /** When the isolate last looked, in ms. */
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** When the request began to watch that does so. */
  #watchedMs = Number.NEGATIVE_INFINITY;
  /** The note that was there, or that this isolate left since. Null: none that can be read. */
  #text: string | null = null;
  #note: VerdictNote | null = null;
  /** The object's own, told to this isolate for all that are here; null: there was none. */
  #told: VerdictNote | null = null;
  /** Version of a note that the object has contradicted; 0: none. */
  #denied = 0;

  /** @param isolate its name */
  constructor(pool: EdgePool, isolate: string, surroundings: NoteBoard) {
    this.#pool = pool;
    this.#isolate = isolate;
    this.#surroundings = surroundings;
  }

  /** The newest version that a note or the object has told this isolate of, whether or not it can be used here; 0: none. */
  get version(): number {
    return Math.max(this.#note?.version ?? 0, this.#told?.version ?? 0);
  }

  /** True if no request's work looks for notes, or will soon not do so any longer, or should do so at once. */
  needsWatch(nowMs: number): boolean {
    return elapsedMs(this.#watchedMs, nowMs) >= this.#everyMs(RENEWED_AFTER_MS);
  }

  /** Looks again and again for a while, in the background of one request, unless another one takes over. */
  async watch(): Promise<void> {
    const startedMs = this.#surroundings.now();
    this.#watchedMs = startedMs;
    for (let looks = 0; looks < MOST_LOOKS && this.#watchedMs === startedMs; ) {
      const waitMs = this.#waitMs(this.#surroundings.now());
      if (waitMs > 0) await this.#surroundings.wait(waitMs);
      else {
        looks++;
        await this.look();
      }
    }
  }

  /** Milliseconds until it is time to look again; 0 or less: now. */
  #waitMs(nowMs: number): number {
    return this.#everyMs(LOOK_MS) - elapsedMs(this.#lookedMs, nowMs);
  }

  #everyMs(usualMs: number): number {
    return this.#pool.recentlyUnreachable.hasNews ? NEWS_MS : usualMs;
  }

  async look(): Promise<void> {
    this.#lookedMs = this.#surroundings.now();
    this.#pool.recentlyUnreachable.hasNews = false;
    await this.saw(await this.#surroundings.readNote(this.#pool.id, LONGEST_ANSWER_MS));
  }

  /** Takes the verdict of a note if it is newer, and puts it right if it is older than what the object has said here. */
  async saw(text: string | null): Promise<void> {
    // In a large pool reading a note that was read before would cost more than the look itself.
    if (text !== this.#text) this.#note = text === null ? null : parseNote(text);
    this.#text = text;
    if (this.#note === null) return;
    const { verdict } = this.#pool;
    const told = this.#told !== null && this.#told.version > verdict.version ? this.#told : null;
    const isOld = this.#note.version < (told ?? verdict).version || this.#note.version === this.#denied;
    await this.#amend(isOld ? (told ?? verdict.note()) : null);
  }

  /**
   * The object has told this isolate of its verdict, for all that are here.
   * @param known the newest version that was known here when it was asked; what is newer than its answer is false
   * @returns false: it can make nothing of that
   */
  async told(text: string, known: number): Promise<boolean> {
    const note = parseNote(text);
    if (note === null) return false;
    if (known > note.version) this.#deny(note, known);
    else if (note.version <= (this.#told?.version ?? 0)) return false;
    this.#told = note;
    // It takes the place of an older one, and what others have left there is kept.
    await this.look();
    if (this.#note === null) await this.#amend(note);
    return true;
  }

  /** All that was known of versions after this one was false. */
  #deny({ version }: VerdictNote, known: number): void {
    const seen = this.#note?.version ?? 0;
    if (seen > version && seen <= known) this.#denied = seen;
    this.#pool.denyNotes(version, known);
  }

  /**
   * The object has answered this isolate: leaves a note for the others, unless there is one that says as much.
   * @param askedMs when the object was asked
   */
  async leave(askedMs: number): Promise<void> {
    if (this.#lookedMs === Number.NEGATIVE_INFINITY) await this.look();
    const { verdict } = this.#pool;
    const version = this.#note?.version ?? 0;
    // A note that was there before the object was asked cannot be newer than its answer: it is false.
    const isTold = this.#lookedMs < askedMs ? version === verdict.version : version >= verdict.version;
    if (!isTold) await this.#amend(verdict.note());
  }

  /**
   * Leaves the note anew, unless there is nothing to change about it.
   * @param fresh the object's own word, which takes its place; null: it is good as it is
   */
  async #amend(fresh: VerdictNote | null): Promise<void> {
    const before = this.#note;
    let note = fresh ?? before;
    if (note === null) return;
    if (fresh !== null && fresh.shape === before?.shape) note = { ...fresh, unreachable: before.unreachable };
    const unreachable = this.#pool.takeNote(note, this.#isolate);
    if (unreachable !== null) note = { ...note, unreachable };
    else if (fresh === null) return;
    this.#note = note;
    this.#text = JSON.stringify(note);
    await this.#surroundings.leaveNote(this.#pool.id, this.#text, LONGEST_ANSWER_MS);
  }
}
