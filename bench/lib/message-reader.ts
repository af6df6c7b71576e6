/**
 * Finds the ends of HTTP/1.1 messages in a stream of bytes. It does only what the bench's own origin and load generator
 * need, so that both cost little beside the measured process.
 * @module
 */

const HEAD_END = "\r\n\r\n";
const NO_BYTES: Buffer = Buffer.alloc(0);

export class MessageReader {
  readonly #onMessage: (head: string) => void;
  #rest: Buffer = NO_BYTES;
  /** Head of the message whose body is being read; null between messages. */
  #head: string | null = null;
  /** Bytes still to come of the body, or of the chunk and its line end. */
  #remaining = 0;
  #chunked = false;
  #lastChunk = false;

  constructor(onMessage: (head: string) => void) {
    this.#onMessage = onMessage;
  }

  push(bytes: Buffer): void {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = NO_BYTES;
    for (;;) {
      const used = this.#head === null ? this.#readHead(data) : this.#readBody(data);
      if (used === 0) break;
      data = data.subarray(used);
    }
    this.#rest = data;
  }

  /** Each step returns the number of bytes that it used; 0: it needs more bytes. */
  #readHead(data: Buffer): number {
    const end = data.indexOf(HEAD_END);
    if (end < 0) return 0;
    const head = data.toString("latin1", 0, end);
    this.#head = head;
    this.#chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    this.#lastChunk = false;
    this.#remaining = this.#chunked ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (!this.#chunked && this.#remaining === 0) this.#end();
    return end + HEAD_END.length;
  }

  #readBody(data: Buffer): number {
    if (this.#chunked && this.#remaining === 0) return this.#readChunkSize(data);
    const used = Math.min(data.length, this.#remaining);
    this.#remaining -= used;
    if (this.#remaining === 0 && (!this.#chunked || this.#lastChunk)) this.#end();
    return used;
  }

  #readChunkSize(data: Buffer): number {
    const end = data.indexOf("\r\n");
    if (end < 0) return 0;
    const size = Number.parseInt(data.toString("latin1", 0, end), 16);
    this.#lastChunk = size === 0;
    this.#remaining = size + 2;
    return end + 2;
  }

  #end(): void {
    const head = this.#head ?? "";
    this.#head = null;
    this.#onMessage(head);
  }
}
