/**
 * Runs a soak from start to end: first a calm part, then one fault after the other at one origin after the other.
 * @module
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../support/random.ts";
import type { Balancer } from "../system/support/balancer.ts";
import { SoakClient } from "./clients.ts";
import { ATTEMPT_TIMEOUT_S, FAULTS, type FaultWindow } from "./contract.ts";
import type { SoakOptions } from "./options.ts";
import { judge, type Logged, metBy } from "./oracle.ts";
import type { SoakOrigin } from "./origins.ts";
import type { Result } from "./outcome.ts";
import { Tally } from "./tally.ts";
import { jobFor, type Random } from "./work.ts";

/** Share of the run before the first fault. */
const CALM_SHARE = 1 / 3;
/** Between two faults, so that an origin is back before the next one fails. */
const REST_MS = 1_500;
/** Long enough for probes to notice. */
const LEAST_FAULT_MS = 2_700;
/** A fault in which answers come late is only seen if it lasts longer than an attempt may. */
const LEAST_DELAY_MS = ATTEMPT_TIMEOUT_S * 1_000 + 1_000;
const MOST_FAULT_MS = 15_000;
/** Between two requests of a client. */
const [LEAST_THINK_MS, MOST_THINK_MS] = [20, 220];
const SAMPLE_MS = 500;

export class SoakDriver {
  readonly #balancer: Balancer;
  readonly #origins: readonly SoakOrigin[];
  readonly #options: SoakOptions;
  readonly windows: FaultWindow[] = [];
  readonly residentMb: number[] = [];
  readonly calm = new Tally();
  readonly faulty = new Tally();
  /** Results that are not plainly right. They are judged when the log is complete. */
  readonly #doubtful: { result: Result; tally: Tally }[] = [];
  #isOver = false;

  constructor(balancer: Balancer, origins: readonly SoakOrigin[], options: SoakOptions) {
    this.#balancer = balancer;
    this.#origins = origins;
    this.#options = options;
  }

  /** @param afterCalm runs between the two parts, while the clients continue */
  async run(afterCalm: () => Promise<void>): Promise<void> {
    const sampler = setInterval(() => this.residentMb.push(this.#balancer.runtimeMb()), SAMPLE_MS);
    const endMs = Date.now() + this.#options.seconds * 1_000;
    const clients = Array.from({ length: this.#options.clients }, (_, index) => this.#work(index));
    try {
      await sleep(this.#options.seconds * 1_000 * CALM_SHARE);
      await afterCalm();
      await this.#faults(endMs);
    } finally {
      this.#isOver = true;
      await Promise.all(clients);
      clearInterval(sampler);
    }
  }

  /** Judges the results that were put off. @param logFile the balancer's log */
  judgeAll(logFile: string): void {
    const logged = this.#doubtful.length === 0 ? new Map<string, LogLine>() : readLog(logFile);
    for (const { result, tally } of this.#doubtful) {
      const windows = tally === this.calm ? [] : this.windows;
      const log = logged.get(result.job.id);
      tally.judged(result, judge(result, windows, log), { log, met: metBy(result, windows) });
    }
  }

  async #work(index: number): Promise<void> {
    const random: Random = seededRandom(this.#options.seed * 1_000 + index);
    const client = new SoakClient(this.#balancer.url);
    for (let number = 0; !this.#isOver; number++) {
      this.#take(await client.run(jobFor(`s${index}-${number}`, random)));
      await sleep(LEAST_THINK_MS + random() * (MOST_THINK_MS - LEAST_THINK_MS));
    }
    // No later request of anybody helps the balancer to remember these.
    this.#take(await client.run(jobFor(`s${index}-last`, random, "stalls")));
    client.close();
  }

  #take(result: Result): void {
    const tally = this.windows.length === 0 ? this.calm : this.faulty;
    tally.count(result);
    const verdict = judge(result, [], undefined);
    if (verdict.ok) tally.judged(result, verdict);
    else this.#doubtful.push({ result, tally });
  }

  /** Causes each fault at least once, and repeats them while there is time. */
  async #faults(endMs: number): Promise<void> {
    const each = (endMs - Date.now()) / FAULTS.length - REST_MS;
    const lengthMs = Math.min(MOST_FAULT_MS, Math.max(LEAST_FAULT_MS, each));
    for (let number = 0; number < FAULTS.length || Date.now() + lengthMs < endMs; number++) {
      const fault = FAULTS[number % FAULTS.length];
      // A different origin each time; in the next round each fault gets a different origin.
      const origin = this.#origins[(number + Math.floor(number / FAULTS.length)) % this.#origins.length];
      if (fault === undefined || origin === undefined) return;
      const window = { origin: origin.name, fault, fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY };
      this.windows.push(window);
      await origin.begin(fault);
      await sleep(fault === "hang" || fault === "slow" ? Math.max(lengthMs, LEAST_DELAY_MS) : lengthMs);
      await origin.end(fault);
      window.toMs = Date.now();
      await sleep(REST_MS);
    }
  }
}

/** The rest is for whoever reads the report. */
interface LogLine extends Logged {
  /** The answer's; 499: the client had left. */
  status: number;
  duration_ms: number;
}

function readLog(file: string): Map<string, LogLine> {
  const logged = new Map<string, LogLine>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line.includes('"request_id"')) continue;
    try {
      const { request_id, origin, attempts, status, duration_ms } = JSON.parse(line);
      if (typeof attempts === "number") logged.set(request_id, { origin, attempts, status, duration_ms });
    } catch {
      // The last line of the log may be incomplete, because the log is being written.
    }
  }
  return logged;
}
