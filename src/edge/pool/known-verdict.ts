/**
 * What this isolate knows of the object's verdict: its own last snapshot, or a newer one's verdict by another isolate's
 * note. The object itself always has the last word.
 * @module
 */
import { understoodPool } from "../../config/parse.ts";
import type { PoolSnapshot } from "../../contract/sync.ts";
import { noteOf, shapeOf, type Verdict, type VerdictNote } from "../../contract/verdict-note.ts";
import { notedVerdict } from "./verdict-notes.ts";

interface Noted {
  readonly note: VerdictNote;
  /** When it was read, in ms. */
  readonly readMs: number;
}

export class KnownVerdict {
  readonly #pool: string;
  /** By the last snapshot that this isolate got from the object; null: none, or the pool was removed. */
  #own: Verdict | null = null;
  /** Of its configuration; null: not needed yet. */
  #shape: string | null = null;
  /** In force instead of the isolate's own. */
  #noted: Noted | null = null;
  /** Version of a note that the object has contradicted; 0: none. */
  #refuted = 0;
  /** Fields of the last snapshot's configuration that this version does not understand, as an error names them. */
  strange = "";

  constructor(pool: string) {
    this.#pool = pool;
  }

  /** The pool was removed. */
  clear(): void {
    this.#own = null;
    this.#noted = null;
  }

  /**
   * The object has answered. A note that was read before it was asked cannot be newer than its answer. So the isolate
   * goes by the answer then, and by what it had from the object if that is said to be the current version still.
   * @param snapshot null: what the isolate had from the object is the current one
   * @param sentMs when it was asked
   * @returns what is in force now; null: what was
   */
  answered(snapshot: PoolSnapshot | null, sentMs: number): Verdict | null {
    const noted = this.#noted;
    if (snapshot !== null) {
      const states = new Map(Object.entries(snapshot.origins));
      const { config, strange } = understoodPool(snapshot.config, this.#own?.config ?? null);
      this.strange = strange.join(", ");
      this.#own = { version: snapshot.version, config, states };
      this.#shape = null;
    }
    this.#noted = null;
    if (this.#own === null || (noted === null && snapshot === null)) return null;
    if (noted !== null && noted.readMs < sentMs) this.#refute(noted.note);
    else if (noted !== null) return this.take(noted.note, noted.readMs) ?? this.#own;
    return this.#own;
  }

  /**
   * @param readMs when it was read
   * @returns what is in force now; null: what was, for the note is not newer, or not of this pool as it is configured
   */
  take(note: VerdictNote, readMs: number): Verdict | null {
    const own = this.#own;
    if (own === null || note.version <= (this.#noted?.note.version ?? own.version)) return null;
    if (note.version === this.#refuted || !this.fits(note)) return null;
    const verdict = notedVerdict(own, note);
    if (verdict !== null) this.#noted = { note, readMs };
    return verdict;
  }

  /**
   * The object says that there is no version after this one, up to the one that was `known`.
   * @returns what is in force now; null: what was
   */
  deny(version: number, known: number): Verdict | null {
    const noted = this.#noted?.note;
    if (noted === undefined || noted.version <= version || noted.version > known) return null;
    this.#refute(noted);
    this.#noted = null;
    return this.#own;
  }

  /** It is of this pool as it is configured. */
  fits(note: VerdictNote): boolean {
    return this.#own !== null && note.shape === this.#shapeOf(this.#own);
  }

  /** Version of the isolate's own snapshot; 0: it has none. */
  get version(): number {
    return this.#own?.version ?? 0;
  }

  /** Version of what is in force: of the isolate's own snapshot, or of a note; 0: nothing is. */
  get newest(): number {
    return this.#noted?.note.version ?? this.version;
  }

  /** For others: what the isolate has from the object itself. Null: it has nothing. */
  note(): VerdictNote | null {
    return this.#own === null ? null : noteOf(this.#own, this.#shapeOf(this.#own));
  }

  #refute({ version }: VerdictNote): void {
    if (version > this.version) this.#refuted = version;
  }

  #shapeOf({ config }: Verdict): string {
    this.#shape ??= shapeOf(this.#pool, config);
    return this.#shape;
  }
}
