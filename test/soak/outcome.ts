/**
 * The outcome of a client's job, and the comparison of an answer with the right one.
 * @module
 */
import { headerValue } from "../support/wire/http-reader.ts";
import type { RawReply } from "../support/wire/raw-connection.ts";
import { FAULT_HEADER, ID_HEADER, ORIGIN_HEADER } from "./contract.ts";
import type { Job } from "./work.ts";

export interface Result {
  job: Job;
  startMs: number;
  endMs: number;
  /** Null: no answer came. */
  status: number | null;
  /** The answer ended as its framing announced, and has the expected length. */
  isWhole: boolean;
  /** All bytes that came are the expected ones. Only tested for origins' own good answers. */
  isRight: boolean;
  /** The origin that answered; null: none. */
  origin: string | null;
  /** The fault that made the origin's answer. */
  fault: string | null;
  /** `type` of an answer that the balancer made. */
  problem: string | null;
  /** Why there is no answer. */
  error: string | null;
}

export type Outcome = Omit<Result, "job" | "startMs" | "endMs">;

export const NO_ANSWER: Outcome = {
  status: null,
  isWhole: false,
  isRight: true,
  origin: null,
  fault: null,
  problem: null,
  error: null,
};

/** Compares a body with the expected one as it comes. */
export class BodyCheck {
  readonly #expected: Buffer;
  bytes = 0;
  isRight = true;
  /** The beginning of the body, which is enough for the balancer's own answers. */
  text = "";

  constructor(expected: Buffer) {
    this.#expected = expected;
  }

  readonly take = (bytes: Buffer): void => {
    if (this.text.length < 1_000) this.text += bytes.toString("latin1", 0, 1_000);
    this.isRight &&= this.#expected.subarray(this.bytes, this.bytes + bytes.length).equals(bytes);
    this.bytes += bytes.length;
  };

  get isAll(): boolean {
    return this.bytes === this.#expected.length;
  }
}

export function outcomeOf(job: Job, reply: RawReply, check: BodyCheck): Outcome {
  const { status, headers, isComplete } = reply;
  const fault = headerValue(headers, FAULT_HEADER) ?? null;
  const isOurs = headerValue(headers, "content-type") === "application/problem+json";
  const isGood = fault === null && !isOurs;
  // An answer to another request is as wrong as a wrong byte.
  const isMine = !isGood || headerValue(headers, ID_HEADER) === job.id;
  return {
    status,
    isWhole: isComplete && (!isGood || check.isAll),
    // The answer is too short but looks complete, so the client cannot notice it.
    isRight: !isGood || (check.isRight && isMine && (check.isAll || !isComplete)),
    origin: headerValue(headers, ORIGIN_HEADER) ?? null,
    fault,
    problem: isOurs ? (/"type":"(\w+)"/.exec(check.text)?.[1] ?? "?") : null,
    error: null,
  };
}
