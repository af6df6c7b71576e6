/**
 * One configuration with its object, KV and writers on a virtual clock, and an oracle that says which document must be
 * in force: the list of all writes in the order in which they happened.
 *
 * KV's delay is simulated, because on one machine KV shows every write at once. Here it shows, at any moment, a
 * document that it has shown already or a newer one, but none that was replaced more than ten minutes ago.
 * @module
 */

/** A document under the key. */
export interface Shown {
  readonly text: string;
  readonly updatedAt: number | null;
}

/** One write. */
export interface Entry {
  readonly by: "api" | "marked" | "unmarked" | "hand" | "backup";
  /** Null: a removal. */
  readonly text: string | null;
  /** Null: the write left no timestamp. */
  readonly timestamp: number | null;
  /** A document with this text was there before. */
  readonly isRepeated: boolean;
  /** The object wrote an older document to KV later, which replaced this one. */
  isOverwritten: boolean;
}

/** Less than the ten minutes after which an object assumes that KV shows no older state. */
const MOST_LAG_MS = 590_000;

class FakeKv {
  readonly #now: () => number;
  /** Every state of the key, with its beginning. */
  readonly #states: { readonly value: Shown | null; readonly atMs: number }[];
  readonly #shown = new Set<number>();
  /** The newest state shown so far. KV shows no older state for the first time after it. */
  #shownTo = 0;
  isDown = false;
  takesNoWrites = false;

  constructor(now: () => number) {
    this.#now = now;
    this.#states = [{ value: null, atMs: now() }];
  }

  get current(): Shown | null {
    return this.#states.at(-1)?.value ?? null;
  }

  /** Documents with a timestamp that were in KV. */
  get marked(): Shown[] {
    return this.#states.flatMap(({ value }) => (value?.updatedAt == null ? [] : [value]));
  }

  /** @throws if it is out of reach, or over quota */
  set(value: Shown | null): void {
    if (this.isDown || this.takesNoWrites) throw new Error("KV PUT failed: 429 Too Many Requests");
    this.#states.push({ value, atMs: this.#now() });
  }

  /** @param lag from 0, the newest, to 1, the oldest that it may still show @throws if it is out of reach */
  get(lag: number): Shown | null {
    if (this.isDown) throw new Error("KV GET failed: 500");
    const oldestMs = this.#now() - MOST_LAG_MS;
    const may = this.#states.flatMap((_state, index) => {
      const isOver = (this.#states[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) <= oldestMs;
      return !isOver && (index >= this.#shownTo || this.#shown.has(index)) ? [index] : [];
    });
    const index = may[Math.round((1 - lag) * (may.length - 1))] ?? this.#states.length - 1;
    this.#shown.add(index);
    this.#shownTo = Math.max(this.#shownTo, index);
    return this.#states[index]?.value ?? null;
  }
}

export type Written = "applied" | "unchanged" | "refused";

/** The subject of the test: a pool's configuration or the routes, with its writer and its storage. */
export interface ConfigUnderTest {
  /** The text that came into force last, whether or not this code can use it; null: none is in force. */
  readonly inForce: string | null;
  readonly timestamp: number | null;
  /** The text that this code uses; null: none. */
  readonly serving: string | null;
  readonly error: string | null;
  /** Texts that are kept, newest first. */
  readonly kept: readonly string[];
  read(shown: Shown | null): void;
  put(text: string): Promise<Written>;
  remove(): Promise<Written>;
  rollback(text: string): Promise<Written>;
  /** The alarm fires. */
  flush(): Promise<void>;
  /** Restarts from storage. @param isOldCode the code does not know the field `new` */
  restart(isOldCode: boolean): void;
}

export type Start = (world: {
  readonly now: () => number;
  /** The object's write to KV. @throws if KV accepts no write */
  readonly write: (value: Shown | null) => void;
}) => ConfigUnderTest;

export class ConfigWorld {
  nowMs = 1_800_000_000_000;
  readonly kv = new FakeKv(() => this.nowMs);
  readonly entries: Entry[] = [];
  readonly object: ConfigUnderTest;
  isOldCode = false;
  /** The entry that is in force. */
  #at = -1;
  #isWriting = false;

  constructor(start: Start) {
    this.object = start({ now: () => this.nowMs, write: (value) => this.#write(value) });
  }

  /** An operator writes through the object, which reads KV first. @param text null: removes the document */
  async write(
    text: string | null,
    lag: number,
    act: (object: ConfigUnderTest) => Promise<Written>,
  ): Promise<void> {
    this.read(lag);
    if (text === null && this.object.serving === null) return;
    this.#isWriting = true;
    const written = await act(this.object);
    this.#isWriting = false;
    const isUsable = text === null || !this.isOldCode || isOld(text);
    if (isUsable !== (written !== "refused")) throw new Error(`${text} is ${written}`);
    if (written !== "applied") return;
    if (this.object.inForce !== text)
      throw new Error(`${text} is acknowledged, ${this.object.inForce} in force`);
    this.wrote("api", text, this.object.timestamp);
  }

  /** Somebody's write is acknowledged. */
  wrote(by: Entry["by"], text: string | null, timestamp: number | null): void {
    const isRepeated = this.entries.some((each) => each.text === text);
    this.entries.push({ by, text, timestamp, isRepeated, isOverwritten: false });
    if (by === "api") this.#at = this.entries.length - 1;
  }

  read(lag: number): void {
    let shown: Shown | null;
    try {
      shown = this.kv.get(lag);
    } catch {
      return;
    }
    this.object.read(shown);
  }

  /** Checks the conditions that always hold. @returns what is wrong, or null */
  wrongNow(): string | null {
    const { inForce, timestamp, serving, kept } = this.object;
    // An absent first document is not a removal.
    if (inForce === null && this.#at < 0) return serving === null ? null : `works with ${serving}`;
    const at = this.entries.findIndex(
      (entry, index) => index >= this.#at && isSame(entry, inForce, timestamp),
    );
    if (at < 0) {
      return `${inForce ?? "nothing"} came back, entry ${this.#at} was in force`;
    }
    this.#at = at;
    const usable = inForce === null ? null : (kept.find((text) => !this.isOldCode || isOld(text)) ?? null);
    return serving === usable ? null : `works with ${serving}, not with ${usable}`;
  }

  /** What must hold once KV is at rest and shows what it has. @returns what is wrong, or null */
  wrongAtRest(): string | null {
    const { inForce, error } = this.object;
    const isShown = (this.kv.current?.text ?? null) === inForce;
    if (!isShown && error === null) return "KV holds something else, and nothing says so";
    const wanted: (string | null)[] = [];
    let isOpen = false;
    for (const { text, by, isRepeated, isOverwritten } of [...this.entries].reverse()) {
      wanted.push(text);
      if (text === inForce) return null;
      // Nobody can tell whether that is KV's past, which the error says; and before it KV held what it went over.
      const isUnclear = by === "hand" || by === "backup" || (by === "unmarked" && isRepeated);
      isOpen ||= isUnclear;
      if (isOverwritten || (isOpen && by !== "api")) continue;
      return `in force is ${inForce}, not ${wanted.join(" or ")}`;
    }
    return inForce === null ? null : `in force is ${inForce}, which nobody wrote`;
  }

  #write(value: Shown | null): void {
    this.kv.set(value);
    // What was there before the write that is just being done is older.
    if (this.#isWriting) return;
    const later = this.entries.slice(this.#at + 1);
    if (later.length === 0) return;
    for (const entry of later) entry.isOverwritten = true;
    // In KV it is the younger one now: either may be in force, and what came before both may not.
    const { inForce: text, timestamp } = this.object;
    this.entries.push({ by: "api", text, timestamp, isRepeated: false, isOverwritten: true });
  }
}

/** A document that older code can use. */
function isOld(text: string): boolean {
  return !text.includes("new");
}

function isSame(entry: Entry, text: string | null, timestamp: number | null): boolean {
  return (
    entry.text === text &&
    (text === null || entry.timestamp === null || timestamp === null || entry.timestamp === timestamp)
  );
}
