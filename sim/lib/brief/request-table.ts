/**
 * Requests on the short way, by number, in columns: there are millions of them, and an object for each would be read from
 * another place at each of its events.
 * @module
 */

const NONE = -1;
const FIRST_SIZE = 1_024;
/** States of a request: its isolate is to be told of it, it knows of it, or another request has taken its place. */
const NOTED = 0;
const KNOWN = 1;
const REPLACED = 2;

export class RequestTable {
  /** Number of the isolate, of the client, and of the origin that it is sent to. */
  isolates = new Int32Array(FIRST_SIZE);
  clients = new Int32Array(FIRST_SIZE);
  origins = new Int32Array(FIRST_SIZE);
  /** When it came, and when it had its answer; NaN: it has none yet. In ms. */
  cameMs = new Float64Array(FIRST_SIZE);
  answeredMs = new Float64Array(FIRST_SIZE);
  /** The next one that its isolate is to be told of; of free numbers the next one. */
  nexts = new Int32Array(FIRST_SIZE);
  #states = new Uint8Array(FIRST_SIZE);
  #firstFree = NONE;
  #used = 0;

  /** A request comes. @returns its number */
  open(isolate: number, client: number, origin: number, nowMs: number): number {
    const request = this.#newNumber();
    this.isolates[request] = isolate;
    this.clients[request] = client;
    this.origins[request] = origin;
    this.cameMs[request] = nowMs;
    this.answeredMs[request] = Number.NaN;
    this.nexts[request] = NONE;
    this.#states[request] = NOTED;
    return request;
  }

  /** Another request takes the place of this one, of which nobody wants to hear when it comes back. @returns its number */
  replace(request: number): number {
    const { isolates, clients, origins, cameMs } = this;
    const [isolate = 0, client = 0] = [isolates[request], clients[request]];
    const other = this.open(isolate, client, origins[request] ?? 0, cameMs[request] ?? 0);
    this.#states[other] = this.#states[request] ?? 0;
    this.#states[request] = REPLACED;
    return other;
  }

  isKnown(request: number): boolean {
    return this.#states[request] === KNOWN;
  }

  /** Its isolate is told of it. */
  tell(request: number): void {
    this.#states[request] = KNOWN;
  }

  /** Nobody wants to hear of it. */
  isReplaced(request: number): boolean {
    return this.#states[request] === REPLACED;
  }

  /** Nobody asks for it again. */
  close(request: number): void {
    this.nexts[request] = this.#firstFree;
    this.#firstFree = request;
  }

  hasAnswer(request: number): boolean {
    return !Number.isNaN(this.answeredMs[request] ?? Number.NaN);
  }

  #newNumber(): number {
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.nexts[free] ?? NONE;
      return free;
    }
    if (this.#used === this.nexts.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const size = Math.ceil(1.5 * this.#used);
    this.isolates = grown(this.isolates, new Int32Array(size));
    this.clients = grown(this.clients, new Int32Array(size));
    this.origins = grown(this.origins, new Int32Array(size));
    this.cameMs = grown(this.cameMs, new Float64Array(size));
    this.answeredMs = grown(this.answeredMs, new Float64Array(size));
    this.nexts = grown(this.nexts, new Int32Array(size));
    this.#states = grown(this.#states, new Uint8Array(size));
  }
}

/** @returns `larger`, with what the column has */
export function grown<A extends Int32Array | Float64Array | Uint8Array | Uint16Array>(
  column: A,
  larger: A,
): A {
  larger.set(column);
  return larger;
}
