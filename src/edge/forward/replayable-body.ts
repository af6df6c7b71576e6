/**
 * A request's body. A small body is read before the first attempt, so that the client's part is over by then and the
 * body can be sent again. A large one streams through once.
 * @module
 */

import type { Clock } from "../../core/system.ts";
import { contentLength } from "../model/content-length.ts";
import type { Timer, TimerStarter } from "../model/surroundings.ts";
import { BodyPump, type BodyReader } from "./body-pump.ts";

/** Bytes that are read at once from a body of unknown length. */
const BLOCK_BYTES = 16_384;

/** How the reading of a body went; the last two are the client's doing. */
export type Reading = "read" | "body_stalled" | "body_broken";

/** The body that one attempt sends. */
export type AttemptBody =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "stream"; readonly pump: BodyPump }
  /**
   * A GET or HEAD with a body, which only the client's own request can carry.
   * @property isWhole its body is here, all of it
   */
  | { readonly kind: "request"; readonly request: Request; readonly isWhole: boolean };

/** ES2024; the runtime has it, the types do not yet. */
type Detachable = ArrayBufferLike & { transfer(bytes: number): ArrayBuffer };

const NONE: AttemptBody = { kind: "none" };

export class ReplayableBody {
  readonly #request: Request;
  readonly #now: Clock;
  /** In bytes, as the client says; null: it does not. */
  readonly #length: number | null;
  readonly #isEmpty: boolean;
  readonly #rides: boolean;
  /** The part that has been read. */
  #blocks: Uint8Array[] = [];
  #isWhole = false;
  /** Where the rest comes from; null: nothing was read yet, or there is no more. */
  #reader: BodyReader | null = null;
  /** The rest has been handed out. */
  #isSpent = false;
  #readMs: number | null = null;
  /** The next attempt's, where the request itself carries the body. */
  #carrier: Request;

  constructor(request: Request, now: Clock) {
    this.#request = request;
    this.#now = now;
    this.#carrier = request;
    const hasNone = request.body === null;
    this.#length = hasNone ? 0 : contentLength(request);
    this.#rides = !hasNone && (request.method === "GET" || request.method === "HEAD");
    // The platform forwards a GET's body only if it has a length (docs/platform.md, requests with a body).
    this.#isEmpty = this.#length === 0 || (this.#rides && this.#length === null);
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** When `read` ended; null: it was not called. */
  get readMs(): number | null {
    return this.#readMs;
  }

  /** True if one more attempt can send the whole body. */
  get isSendable(): boolean {
    return this.#isEmpty || this.#isWhole || !this.#isSpent;
  }

  /**
   * True if it is to be read before the first attempt.
   * @param mostKeptBytes bodies up to this size are kept; 0: none
   * @param mayRepeat the request may be sent twice
   */
  isReadFirst(mostKeptBytes: number, mayRepeat: boolean): boolean {
    if (this.#isEmpty || this.#isWhole || this.#reader !== null) return false;
    return this.#length === null ? mayRepeat && mostKeptBytes > 0 : this.#length <= mostKeptBytes;
  }

  /**
   * Reads it up to that size. One that turns out to be larger streams from there.
   * @param longestPauseMs between any two parts of it
   */
  async read(mostKeptBytes: number, longestPauseMs: number, timers: TimerStarter): Promise<Reading> {
    let source = this.#request.body;
    if (this.#rides) {
      this.#carrier = this.#request.clone();
      source = this.#request.body;
    }
    if (source === null) return "read";
    const reader = source.getReader({ mode: "byob" });
    const watch = new PauseWatch(longestPauseMs, timers);
    try {
      const reading =
        this.#length === null
          ? await this.#readUpTo(mostKeptBytes, reader, watch)
          : await this.#readWhole(this.#length, reader, watch);
      if (reading === "body_stalled") reader.cancel().catch(() => {});
      return reading;
    } catch {
      return "body_broken";
    } finally {
      watch.stop();
      this.#readMs = this.#now();
    }
  }

  /** In one piece: as it is sent. */
  async #readWhole(length: number, reader: BodyReader, watch: PauseWatch): Promise<Reading> {
    let bytes = new Uint8Array(length);
    let size = 0;
    while (size < length) {
      const next = await Promise.race([reader.read(bytes.subarray(size)), watch.paused]);
      if (next === "paused") return "body_stalled";
      if (next.done) return "body_broken";
      watch.moved();
      size += next.value.byteLength;
      bytes = new Uint8Array(next.value.buffer);
    }
    this.#blocks = [bytes];
    this.#isWhole = true;
    return "read";
  }

  async #readUpTo(mostBytes: number, reader: BodyReader, watch: PauseWatch): Promise<Reading> {
    let size = 0;
    for (;;) {
      const next = await Promise.race([reader.read(new Uint8Array(BLOCK_BYTES)), watch.paused]);
      if (next === "paused") return "body_stalled";
      if (next.done) break;
      watch.moved();
      size += next.value.byteLength;
      this.#blocks.push(next.value);
      if (size > mostBytes) {
        this.#reader = reader;
        return "read";
      }
    }
    this.#isWhole = true;
    return "read";
  }

  /** The body for one attempt. Call only while `isSendable`. */
  take(): AttemptBody {
    if (this.#isEmpty) return NONE;
    if (this.#rides) return this.#takeCarrier();
    const [bytes] = this.#blocks;
    if (this.#isWhole && this.#length !== null && bytes !== undefined) return { kind: "bytes", bytes };
    const reader = this.#isWhole ? null : (this.#reader ?? this.#request.body?.getReader({ mode: "byob" }));
    const pump = new BodyPump(this.#blocks, reader ?? null, this.#length, this.#now);
    if (!this.#isWhole) {
      this.#isSpent = true;
      this.#blocks = [];
    }
    return { kind: "stream", pump };
  }

  /**
   * To be called when there is no further attempt. A body that is sent as one piece is released at once instead of by
   * the collector: until then other bodies would fill cold memory, which takes a quarter of the cost of an upload of 64
   * KB. The runtime holds on to the bytes by itself while it still sends them.
   */
  release(): void {
    if (this.#length === null || !this.#isWhole) return;
    for (const { buffer } of this.#blocks) (buffer as Detachable).transfer(0);
    this.#blocks = [];
  }

  #takeCarrier(): AttemptBody {
    const request = this.#carrier;
    if (this.#isWhole) this.#carrier = request.clone();
    else this.#isSpent = true;
    return { kind: "request", request, isWhole: this.#isWhole };
  }
}

/** Tells when nothing has moved for too long. */
class PauseWatch {
  readonly paused: Promise<"paused">;
  readonly #now: Clock;
  #movedMs: number;
  #timer: Timer | null = null;

  constructor(longestPauseMs: number, timers: TimerStarter) {
    this.#now = timers.now;
    this.#movedMs = this.#now();
    this.paused = new Promise((resolve) => {
      const look = (): void => {
        const leftMs = this.#movedMs + longestPauseMs - this.#now();
        if (leftMs <= 0) resolve("paused");
        else this.#timer = timers.startTimer(leftMs, look);
      };
      look();
    });
  }

  moved(): void {
    this.#movedMs = this.#now();
  }

  stop(): void {
    this.#timer?.stop();
  }
}
