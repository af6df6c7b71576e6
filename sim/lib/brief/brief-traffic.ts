/**
 * The short way of requests, for runs of millions: to an origin and back, through the isolate's own pick and its own
 * counts, without what is the same for nearly all requests. docs/simulation.md says what it leaves out. An isolate in which
 * nothing else happens is told of its requests several at a time; brief-isolate.ts is what it does itself.
 * @module
 */
import type { Act } from "../calendar.ts";
import type { Client } from "../clients.ts";
import type { EventQueue } from "../event-queue.ts";
import type { Measures } from "../isolate-world.ts";
import type { Network } from "../network.ts";
import type { Answer } from "../recorder.ts";
import type { BriefIsolate } from "./brief-isolate.ts";
import type { BriefOrigin } from "./brief-origin.ts";
import { QuietIsolates } from "./quiet-isolates.ts";
import { ReportWatch } from "./report-watch.ts";
import { RequestTable } from "./request-table.ts";

interface Surroundings {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly measures: Measures;
  readonly clients: { at(index: number): Client };
  /** In the order of the configuration. */
  readonly origins: readonly BriefOrigin[];
}

export class BriefTraffic {
  readonly requests = new RequestTable();
  readonly quiet = new QuietIsolates(this.requests);
  readonly watch = new ReportWatch();
  readonly queue: EventQueue;
  readonly #around: Surroundings;
  /** By number. */
  readonly #isolates: BriefIsolate[] = [];
  readonly #indices: ReadonlyMap<string, number>;
  readonly #arrival = { happen: (request: number): void => this.#arrive(request) };
  readonly #answer = { happen: (request: number): void => this.#end(request, true) };
  readonly #failure = { happen: (request: number): void => this.#end(request, false) };
  readonly #look = { happen: (isolate: number): void => this.#isolates[isolate]?.look() };

  constructor(around: Surroundings) {
    this.queue = around.queue;
    this.#around = around;
    this.#indices = new Map(around.origins.map(({ id }, index) => [id, index]));
    for (const origin of around.origins) origin.cutOff = (request) => this.#cutOff(request);
  }

  /** An isolate has its first request. @param number of the isolate, from 0 on */
  add(number: number, region: number, isolate: BriefIsolate): void {
    this.#isolates[number] = isolate;
    this.quiet.add(number, region);
    this.watch.add(number);
  }

  /** A request comes to an isolate. @returns false: the isolate itself must take it */
  begin(isolate: number, client: Client): boolean {
    const { nowMs } = this.queue;
    const origin = this.quiet.next(isolate, nowMs);
    if (origin === null) return false;
    const request = this.requests.open(isolate, client.index, origin, nowMs);
    this.quiet.note(request);
    this.send(request);
    return true;
  }

  /** The request leaves for its origin. */
  send(request: number): void {
    const { network, measures } = this.#around;
    const origin = this.originOf(request);
    measures.start(this.queue.nowMs, origin.id);
    this.queue.in(network.delayMs(this.#regionOf(request), origin.region), this.#arrival, request);
  }

  originOf(request: number): BriefOrigin {
    const origin = this.#around.origins[this.requests.origins[request] ?? 0];
    if (origin === undefined) throw new RangeError(`request ${request} goes to no origin`);
    return origin;
  }

  /** The number of an origin. */
  indexOf(origin: string): number {
    const index = this.#indices.get(origin);
    if (index === undefined) throw new RangeError(`there is no origin ${origin}`);
    return index;
  }

  clientOf(request: number): Client {
    return this.#around.clients.at(this.requests.clients[request] ?? 0);
  }

  /** The client has its answer. */
  answer(request: number, answer: Answer): void {
    const cameMs = this.requests.cameMs[request] ?? 0;
    this.#around.measures.ended(this.queue.nowMs, {
      ...{ client: this.clientOf(request), cameMs, answer, line: null },
    });
  }

  /** An isolate is to look whether it must report. @param dueMs when a report is due */
  planLook(isolate: number, dueMs: number): void {
    this.queue.at(this.watch.plan(isolate, dueMs, this.queue.nowMs), this.#look, isolate);
  }

  #regionOf(request: number): number {
    return this.quiet.regions[this.requests.isolates[request] ?? 0] ?? 0;
  }

  /** Nothing else happens to it at its origin, so that its end and its way back are known now. */
  #arrive(request: number): void {
    const endMs = this.originOf(request).admit(request);
    if (endMs === null) this.#goBack(request, this.queue.nowMs, this.#failure);
    else this.#goBack(request, endMs, this.#answer);
  }

  #goBack(request: number, fromMs: number, act: Act): void {
    const delayMs = this.#around.network.delayMs(this.originOf(request).region, this.#regionOf(request));
    this.queue.at(fromMs + delayMs, act, request);
  }

  /** Its origin has failed, so that it comes back sooner. */
  #cutOff(request: number): void {
    this.#isolateOf(request)?.catchUp();
    this.#goBack(this.requests.replace(request), this.queue.nowMs, this.#failure);
  }

  #isolateOf(request: number): BriefIsolate | undefined {
    return this.#isolates[this.requests.isolates[request] ?? 0];
  }

  /** It is back. */
  #end(request: number, isAnswered: boolean): void {
    const { requests } = this;
    if (requests.isReplaced(request)) {
      requests.close(request);
      return;
    }
    if (!isAnswered) this.#isolateOf(request)?.catchUp();
    if (requests.isKnown(request)) {
      this.#isolateOf(request)?.ended(request, isAnswered);
      requests.close(request);
    } else this.#endQuietly(request);
  }

  /** The isolate is told of it later. */
  #endQuietly(request: number): void {
    const { isolates, answeredMs } = this.requests;
    const isolate = isolates[request] ?? 0;
    const { nowMs } = this.queue;
    answeredMs[request] = nowMs;
    this.answer(request, "answered");
    if (this.watch.ended(isolate, nowMs)) this.#isolates[isolate]?.planLook();
  }
}
