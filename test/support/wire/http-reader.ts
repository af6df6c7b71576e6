/**
 * Reads HTTP/1.1 messages from a connection and changes no byte: it keeps the case of names, values in latin1, the
 * framing and trailers, and knows whether the end came as announced. It shares no code with the balancer, the runtime
 * or Node's parser, so that an error there cannot hide here.
 * @module
 */
import { createHash, type Hash } from "node:crypto";

/** The way in which a body ends: no body, by its length, by a last chunk, by the connection's end. */
export type Framing = "none" | "length" | "chunked" | "close";

/** Names and values unchanged, in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface Head {
  startLine: string;
  headers: HeaderList;
}

export interface Message extends Head {
  framing: Framing;
  bodyBytes: number;
  /** Hash of the received part of the body. */
  sha256: string;
  /** False: the connection ended or the framing was broken before the announced end. */
  isComplete: boolean;
  trailers: HeaderList;
}

export interface ReaderEvents {
  /** The framing of this message's body; null: an interim answer (1xx), after which another head follows. */
  framingOf(head: Head): Framing | null;
  onHead?(head: Head): void;
  onBody?(bytes: Buffer): void;
  onMessage(message: Message): void;
}

const NOTHING: Buffer = Buffer.alloc(0);
const CRLF = "\r\n";
const MOST_HEAD_BYTES = 1 << 20;

type State = "head" | "counted" | "chunk_size" | "chunk" | "trailers" | "until_close" | "broken";

export class HttpReader {
  readonly #events: ReaderEvents;
  #rest: Buffer = NOTHING;
  #state: State = "head";
  /** Bytes still to come of the body or of the chunk, its line end included. */
  #remaining = 0;
  #head: Head = { startLine: "", headers: [] };
  #framing: Framing = "none";
  #hash: Hash = createHash("sha256");
  #bodyBytes = 0;

  constructor(events: ReaderEvents) {
    this.#events = events;
  }

  /** True while a message has begun and is not over. */
  get isInside(): boolean {
    return this.#state !== "head" || this.#rest.length > 0;
  }

  push(bytes: Buffer): void {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = NOTHING;
    while (data.length > 0) {
      const used = this.#step(data);
      if (used === 0) break;
      data = data.subarray(used);
    }
    this.#rest = data;
  }

  /** The other side has ended: by FIN (`isClean`), or because the connection broke off. */
  end(isClean: boolean): void {
    if (this.#state === "until_close") this.#finish(isClean, []);
    else if (this.#state !== "head" && this.#state !== "broken") this.#finish(false, []);
    this.#state = "broken";
  }

  /** Bytes that came after the head of a protocol switch, which are not HTTP. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = NOTHING;
    return rest;
  }

  #step(data: Buffer): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(data);
      case "counted":
        return this.#readCounted(data);
      case "chunk_size":
        return this.#readChunkSize(data);
      case "chunk":
        return this.#readChunk(data);
      case "trailers":
        return this.#readTrailers(data);
      case "until_close":
        this.#take(data);
        return data.length;
      case "broken":
        return 0;
    }
  }

  #readHead(data: Buffer): number {
    const end = data.indexOf("\r\n\r\n");
    if (end < 0) {
      if (data.length > MOST_HEAD_BYTES) this.#state = "broken";
      return 0;
    }
    const [startLine = "", ...lines] = data.toString("latin1", 0, end).split(CRLF);
    this.#head = { startLine, headers: lines.map(headerOf) };
    this.#hash = createHash("sha256");
    this.#bodyBytes = 0;
    const framing = this.#events.framingOf(this.#head);
    this.#events.onHead?.(this.#head);
    if (framing !== null) this.#begin(framing);
    return end + 4;
  }

  #begin(framing: Framing): void {
    this.#framing = framing;
    if (framing === "none") this.#finish(true, []);
    else if (framing === "chunked") this.#state = "chunk_size";
    else if (framing === "close") this.#state = "until_close";
    else {
      this.#remaining = Number(headerValue(this.#head.headers, "content-length"));
      this.#state = "counted";
      if (this.#remaining === 0) this.#finish(true, []);
      else if (Number.isNaN(this.#remaining)) this.#finish(false, []);
    }
  }

  #readCounted(data: Buffer): number {
    const part = data.subarray(0, this.#remaining);
    this.#take(part);
    this.#remaining -= part.length;
    if (this.#remaining === 0) this.#finish(true, []);
    return part.length;
  }

  #readChunkSize(data: Buffer): number {
    const end = data.indexOf(CRLF);
    if (end < 0) return 0;
    const line = data.toString("latin1", 0, end);
    if (!/^[0-9a-fA-F]+(?:;.*)?$/.test(line)) {
      this.#finish(false, []);
      this.#state = "broken";
      return 0;
    }
    this.#remaining = Number.parseInt(line, 16);
    this.#state = this.#remaining === 0 ? "trailers" : "chunk";
    return end + 2;
  }

  #readChunk(data: Buffer): number {
    if (this.#remaining > 0) {
      const part = data.subarray(0, this.#remaining);
      this.#take(part);
      this.#remaining -= part.length;
      return part.length;
    }
    if (data.length < 2) return 0;
    this.#state = "chunk_size";
    return 2;
  }

  #readTrailers(data: Buffer): number {
    if (data.length >= 2 && data.toString("latin1", 0, 2) === CRLF) {
      this.#finish(true, []);
      return 2;
    }
    const end = data.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    this.#finish(true, data.toString("latin1", 0, end).split(CRLF).map(headerOf));
    return end + 4;
  }

  #take(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#bodyBytes += bytes.length;
    this.#events.onBody?.(bytes);
  }

  #finish(isComplete: boolean, trailers: HeaderList): void {
    this.#state = "head";
    this.#events.onMessage({
      ...this.#head,
      framing: this.#framing,
      bodyBytes: this.#bodyBytes,
      sha256: this.#hash.digest("hex"),
      isComplete,
      trailers,
    });
  }
}

/** RFC 9112, 6.3, for requests. */
export function requestFraming({ headers }: Head): Framing {
  if (headerValue(headers, "transfer-encoding") !== undefined) return "chunked";
  return headerValue(headers, "content-length") === undefined ? "none" : "length";
}

/** RFC 9112, 6.3, for the answer to a request with this method. 101 is final: what follows is another protocol. */
export function responseFraming(method: string, { startLine, headers }: Head): Framing | null {
  const status = Number(startLine.split(" ")[1]);
  if (status >= 100 && status < 200 && status !== 101) return null;
  if (method === "HEAD" || status === 101 || status === 204 || status === 304) return "none";
  if (headerValue(headers, "transfer-encoding")?.toLowerCase().includes("chunked")) return "chunked";
  return headerValue(headers, "content-length") === undefined ? "close" : "length";
}

/** The first value of a header. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

function headerOf(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}
