/**
 * Clients that are somewhere, each with a session of its own.
 * @module
 */
import type { Reply } from "./client.ts";
import { CookieJar } from "./cookie-jar.ts";
import { eventually } from "./eventually.ts";

/** The pool that answered. */
export function poolOf(reply: Reply): string {
  return (reply.headers["x-origin"] ?? `status ${reply.status}`).split("-")[0] ?? "";
}

/** A client of its own. */
export function from(client: number): Record<string, string> {
  return { "cf-connecting-ip": `10.1.${client >> 8}.${client & 255}` };
}

export interface Client {
  readonly headers: Record<string, string>;
  readonly jar: CookieJar;
  readonly cf: unknown;
}

/** With no session yet. */
export function clientIn(index: number, latitude: number, longitude: number): Client {
  return {
    headers: from(index),
    jar: new CookieJar(),
    cf: { latitude: `${latitude}`, longitude: `${longitude}` },
  };
}

/** Sends requests without a pause, one after the other for each client, until it is stopped. */
export class Load {
  readonly replies = new Map<Client, string[]>();
  readonly failed: string[] = [];
  readonly #loops: Promise<void>[];
  #isOver = false;

  constructor(clients: readonly Client[], visit: (client: Client) => Promise<Reply>) {
    this.#loops = clients.map(async (client) => {
      const seen: string[] = [];
      this.replies.set(client, seen);
      while (!this.#isOver) {
        const reply = await visit(client).catch((error: unknown) => String(error));
        if (typeof reply === "string") this.failed.push(reply);
        else if (reply.status === 200) seen.push(poolOf(reply));
        else this.failed.push(`${reply.status} ${reply.body}`);
      }
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  /** Waits until each client has had so many further answers. */
  async goesOn(answers: number): Promise<void> {
    const before = new Map([...this.replies].map(([client, seen]) => [client, seen.length]));
    await eventually(`${answers} further answers to each client`, () =>
      [...this.replies].every(([client, seen]) => seen.length >= (before.get(client) ?? 0) + answers),
    );
  }

  /** Each client's pools in turn, without repetitions. */
  ways(clients: readonly Client[]): string[] {
    return clients.map((client) => {
      const pools = this.replies.get(client) ?? [];
      return pools.filter((pool, index) => pool !== pools[index - 1]).join(" ");
    });
  }
}
