/**
 * The last answer that an origin gave to a request, and the connection that is open for it. It is released when a newer
 * answer takes its place, when the client gets another answer, or when it is closed; an answer that was handed over is
 * released by the code that passes it on.
 * @module
 */
import type { Answer } from "../response/tracked-response.ts";
import { discard } from "./attempt.ts";

export class HeldAnswer {
  #answer: Answer | null = null;

  /** Null: no origin answered, or the answer is not held here any longer. */
  get current(): Answer | null {
    return this.#answer;
  }

  /** A newer answer replaces an older one: at the end the client gets the last there was. */
  keep(answer: Answer): void {
    this.discard();
    this.#answer = answer;
  }

  /** The client does not get it. */
  discard(): void {
    if (this.#answer === null) return;
    discard(this.#answer.response);
    this.#answer.inFlight.release();
    this.#answer = null;
  }

  /** The code that passes the answer on releases it from now on. */
  handOver(): void {
    this.#answer = null;
  }

  /** The client has left, or we have failed. */
  close(): void {
    this.#answer?.inFlight.release();
    this.#answer?.abort.abort();
    this.#answer = null;
  }
}
