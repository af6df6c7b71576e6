/**
 * A request's body, kept for another attempt where it is small. A large one streams through once.
 * @module
 */

export class ReplayableBody {
  /** Not yet read: the next attempt's. Null once a body that is not kept has been handed out. */
  #unread: Request | null;
  readonly #isEmpty: boolean;
  readonly #kept: boolean;

  /** @param mostKeptBytes bodies up to this size are kept; 0 keeps none. The size must be known beforehand. */
  constructor(request: Request, mostKeptBytes: number) {
    this.#unread = request;
    this.#isEmpty = request.body === null;
    this.#kept = !this.#isEmpty && knownLength(request) <= mostKeptBytes;
  }

  /** True if one more attempt can send the whole body. */
  get isSendable(): boolean {
    return this.#unread !== null;
  }

  /** The body for one attempt. Call only while `isSendable`. */
  take(): ReadableStream | null {
    const current = this.#unread;
    if (current === null || this.#isEmpty) return null;
    this.#unread = this.#kept ? current.clone() : null;
    return current.body;
  }
}

function knownLength(request: Request): number {
  const length = request.headers.get("content-length");
  return length === null ? Number.POSITIVE_INFINITY : Number(length);
}
