/**
 * Counts the answers that clients got: by class of status, with the time that clients waited, and the same by route and
 * by host. An origin's own counts show how attempts went. A client sees only the last of them, and also answers that
 * never came from an origin. Counts add up over isolates, pools and time.
 * @module
 */
import { LatencySketch, type SketchData } from "./latency-sketch.ts";

/** Statuses by their first digit; `other` is 600 and above. In the order in which they are sent and stored. */
export const ANSWER_CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"] as const;
export type AnswerClass = (typeof ANSWER_CLASSES)[number];
/** One count for each of `ANSWER_CLASSES`. */
export type AnswerCounts = number[];

const FAILED = ANSWER_CLASSES.indexOf("5xx");

/** Stands for all keys beyond the bound. No route's label and no host is empty. */
const OTHERS = "";
/** Longer labels and hosts are cut to this length: 253 characters are rare, and a row of storage is small. */
export const LONGEST_KEY = 120;

/** Plain data, for reports and storage. */
export interface ClientCountsData {
  answers: AnswerCounts;
  /** Requests whose clients left before they had an answer. */
  client_closed: number;
  /** Answers made by the balancer, by the problem's type. */
  problems: [type: string, count: number][];
  /** Milliseconds from the request's arrival to the answer's headers, all attempts included. */
  latency: SketchData;
  routes: [label: string, answers: AnswerCounts][];
  hosts: [host: string, answers: AnswerCounts][];
}

/** One answer, as the client gets it. */
export interface ClientAnswer {
  status: number;
  /** From the request's arrival to the answer's headers. */
  durationMs: number;
  /** Label of the route that matched; null: none did. */
  route: string | null;
  host: string;
  /** Type of the problem if the balancer made the answer; null: it is an origin's. */
  problem: string | null;
}

export class ClientCounts {
  readonly answers: AnswerCounts = noAnswers();
  readonly sketch = new LatencySketch();
  readonly problems = new Map<string, number>();
  readonly routes: KeyedAnswers;
  readonly hosts: KeyedAnswers;
  clientClosed = 0;

  /** @param mostKeys bound of the routes, and of the hosts, that have counts of their own */
  constructor(mostKeys: number) {
    this.routes = new KeyedAnswers(mostKeys);
    this.hosts = new KeyedAnswers(mostKeys);
  }

  get isEmpty(): boolean {
    return this.clientClosed === 0 && this.requests === 0;
  }

  /** Requests that were answered. */
  get requests(): number {
    return total(this.answers);
  }

  recordAnswer({ status, durationMs, route, host, problem }: ClientAnswer): void {
    const index = classIndex(status);
    increment(this.answers, index);
    this.sketch.add(durationMs);
    if (route !== null) increment(this.routes.get(route), index);
    increment(this.hosts.get(host), index);
    if (problem !== null) this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1);
  }

  /** A client left before it had an answer. */
  recordClientClosed(): void {
    this.clientClosed++;
  }

  merge(data: ClientCountsData): void {
    addTo(this.answers, data.answers);
    this.clientClosed += data.client_closed;
    this.sketch.mergeData(data.latency);
    for (const [type, count] of data.problems)
      this.problems.set(type, (this.problems.get(type) ?? 0) + count);
    for (const [label, answers] of data.routes) addTo(this.routes.get(label), answers);
    for (const [host, answers] of data.hosts) addTo(this.hosts.get(host), answers);
  }

  toData(): ClientCountsData {
    return {
      answers: [...this.answers],
      client_closed: this.clientClosed,
      problems: [...this.problems],
      latency: this.sketch.toData(),
      routes: this.routes.toData(),
      hosts: this.hosts.toData(),
    };
  }
}

/**
 * Answers by a key that clients or operators choose. The number of keys is bounded; keys beyond it are counted
 * together.
 */
export class KeyedAnswers {
  readonly #counts = new Map<string, AnswerCounts>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** The counts of `key`, to be added to. */
  get(key: string): AnswerCounts {
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const cut = key.length > LONGEST_KEY ? key.slice(0, LONGEST_KEY) : key;
    const kept = cut === OTHERS || this.#counts.has(cut) || this.#counts.size < this.#most ? cut : OTHERS;
    let counts = this.#counts.get(kept);
    if (counts === undefined) {
      counts = noAnswers();
      this.#counts.set(kept, counts);
    }
    return counts;
  }

  entries(): Iterable<[key: string, answers: AnswerCounts]> {
    return this.#counts;
  }

  toData(): [key: string, answers: AnswerCounts][] {
    return Array.from(this.#counts, ([key, answers]) => [key, [...answers]]);
  }
}

/** How many of `answers` failed the client: statuses of 500 to 599, made by an origin or the balancer. */
export function failedAnswers(answers: AnswerCounts): number {
  return answers[FAILED] ?? 0;
}

export function total(answers: AnswerCounts): number {
  let sum = 0;
  for (const count of answers) sum += count;
  return sum;
}

function classIndex(status: number): number {
  const index = Math.floor(status / 100) - 1;
  return index >= 0 && index < ANSWER_CLASSES.length - 1 ? index : ANSWER_CLASSES.length - 1;
}

function noAnswers(): AnswerCounts {
  return ANSWER_CLASSES.map(() => 0);
}

function increment(answers: AnswerCounts, index: number): void {
  answers[index] = (answers[index] ?? 0) + 1;
}

function addTo(answers: AnswerCounts, added: AnswerCounts): void {
  for (let index = 0; index < ANSWER_CLASSES.length; index++) {
    answers[index] = (answers[index] ?? 0) + (added[index] ?? 0);
  }
}
