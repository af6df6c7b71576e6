/**
 * Runs a client's job in the manner that the job names, and returns the outcome.
 * @module
 */
import { type HeaderList, headerValue } from "../support/wire/http-reader.ts";
import { RawClient, RawConnection } from "../support/wire/raw-connection.ts";
import { converse, LIMIT_MS, leave, malformed, slowly, write } from "./manners.ts";
import { BodyCheck, NO_ANSWER, type Outcome, outcomeOf, type Result } from "./outcome.ts";
import type { Job } from "./work.ts";

export class SoakClient {
  readonly #base: string;
  readonly #host: string;
  readonly #kept: RawClient;
  /** The `Cookie` header that a browser would send back. */
  #session: HeaderList = [];

  constructor(base: string) {
    this.#base = base;
    this.#host = new URL(base).host;
    this.#kept = new RawClient(base);
  }

  close(): void {
    this.#kept.close();
  }

  async run(job: Job): Promise<Result> {
    const startMs = Date.now();
    const outcome = await this.#do(job).catch((error: unknown) => ({ ...NO_ANSWER, error: String(error) }));
    return { job, startMs, endMs: Date.now(), ...outcome };
  }

  #do(job: Job): Promise<Outcome> {
    switch (job.manner) {
      case "plain":
      case "odd":
      case "events":
        return this.#plainly(job);
      case "slow_reader":
        return this.#alone((connection) => slowly(connection, job, this.#host));
      case "slow_writer":
      case "stalls":
      case "leaves_upload":
        return this.#alone((connection) => write(connection, job, this.#host));
      case "fin":
      case "leaves_early":
      case "leaves_body":
        return this.#alone((connection) => leave(connection, job, this.#host));
      case "malformed":
        return this.#alone((connection) => malformed(connection, job, this.#host));
      case "socket":
        return this.#alone((connection) => converse(connection, job));
    }
  }

  async #plainly(job: Job): Promise<Outcome> {
    const check = new BodyCheck(job.expected);
    const keepsSession = job.pool === "sticky" && job.manner === "plain";
    const headers = [...(job.request.headers ?? []), ...(keepsSession ? this.#session : [])];
    const options = { limitMs: LIMIT_MS, onBody: check.take };
    const reply = await this.#kept.exchange({ ...job.request, headers }, options);
    const cookie = headerValue(reply.headers, "set-cookie");
    if (keepsSession && cookie !== undefined) this.#session = [["Cookie", cookie.split(";", 1).join("")]];
    return outcomeOf(job, reply, check);
  }

  async #alone(work: (connection: RawConnection) => Promise<Outcome>): Promise<Outcome> {
    const connection = await RawConnection.open(this.#base);
    const limit = setTimeout(() => connection.close(), LIMIT_MS);
    try {
      return await work(connection);
    } finally {
      clearTimeout(limit);
      connection.close();
    }
  }
}
