/**
 * Keeps session cookies from origins, also those of other pools: pools share hosts, and browsers send a cookie to all
 * of them. An isolate cannot know all names without asking for pools that it does not serve. So it hides the default
 * name, and the names of all pools that it has served, even after these have changed.
 * @module
 */
import { withoutCookies } from "../../core/affinity/cookie-header.ts";
import { DEFAULT_COOKIE_NAME } from "../../core/affinity/session-affinity.ts";
import { isSessionCookie } from "../../platform/session-cookie.ts";

export class SessionCookieNames {
  readonly #names = new Set([DEFAULT_COOKIE_NAME]);

  [Symbol.iterator](): Iterator<string> {
    return this.#names[Symbol.iterator]();
  }

  /** A pool keeps its sessions by a cookie of that name. */
  add(name: string): void {
    this.#names.add(name);
  }

  /**
   * Removes session cookies, and only those, from the headers for an origin. Several Cookie lines become one.
   * @param own name of this pool's cookie, of which the origin sees none; null: it has none. Under the name of another
   *   pool's, the origin may have a cookie itself: that goes through unless it could be a session.
   */
  hide(headers: Headers, own: string | null): void {
    const header = headers.get("cookie");
    if (header === null || !this.#mayChange(header)) return;
    const sent = withoutCookies(
      header,
      (name, value) => name === own || (this.#names.has(name) && isSessionCookie(value)),
    );
    if (sent === "") headers.delete("cookie");
    // The header is rewritten only if it must be, because bytes that are not UTF-8 do not survive that.
    else if (sent !== header) headers.set("cookie", sent);
  }

  #mayChange(header: string): boolean {
    if (header.includes(", ")) return true;
    for (const name of this.#names) if (header.includes(name)) return true;
    return false;
  }
}
