/**
 * Keeps cookies as a browser does, for one site and one path.
 * @module
 */
import { allValues, type Reply } from "./client.ts";

export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** Headers to send: `Cookie`, or none if there are no cookies. */
  headers(): Record<string, string> {
    if (this.#cookies.size === 0) return {};
    return { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
  }

  /** @returns the names of the cookies that the response set */
  take(reply: Pick<Reply, "rawHeaders">): string[] {
    return allValues(reply, "set-cookie").map((cookie) => {
      const [pair = ""] = cookie.split(";");
      const name = pair.slice(0, pair.indexOf("="));
      this.#cookies.set(name, pair.slice(name.length + 1));
      return name;
    });
  }

  get(name: string): string {
    const value = this.#cookies.get(name);
    if (value === undefined) throw new Error(`no cookie ${name}`);
    return value;
  }

  set(name: string, value: string): void {
    this.#cookies.set(name, value);
  }
}
