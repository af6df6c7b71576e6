/**
 * The part of a demo origin that has visitors. Its answers are slow, some fail, and it breaks down now and then, so
 * that the dashboard has something to show.
 * @module
 */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** One of this many answers is an error. */
const FAILS_ONE_IN = 120;
const BREAK_MS = 30_000;

export class Shop {
  readonly #name: string;
  readonly #typicalMs: number;
  #brokenUntilMs = 0;

  /** @param typicalMs half of the answers take at most this time */
  constructor(name: string, typicalMs: number) {
    this.#name = name;
    this.#typicalMs = typicalMs;
  }

  /** Fails every request and every check for 30 s. */
  break(): void {
    this.#brokenUntilMs = Date.now() + BREAK_MS;
  }

  /** @param path below `/shop/` */
  async answer(path: string, response: ServerResponse): Promise<void> {
    if (path === "break") {
      this.break();
      return end(response, 200, `The shop of ${this.#name} is broken for ${BREAK_MS / 1_000} s\n`);
    }
    const isBroken = Date.now() < this.#brokenUntilMs;
    if (path === "healthz") return end(response, isBroken ? 503 : 200, isBroken ? "broken\n" : "ok\n");
    await sleep(isBroken ? 5 : this.#pause());
    const fails = isBroken || Math.random() * FAILS_ONE_IN < 1;
    end(response, fails ? 503 : 200, fails ? "Sorry\n" : `Something from the shop of ${this.#name}\n`);
  }

  /** Log-normal like real answers: most times are near the typical one, a few are many times as long. */
  #pause(): number {
    const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    return Math.min(2_000, this.#typicalMs * Math.exp(0.55 * normal));
  }
}

function end(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(body);
}
