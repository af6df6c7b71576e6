/** The admin API by itself: an admin of its own, asked from an address of its own, so that guesses are its own too. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createAdmin } from "../../src/admin/app.ts";
import type { Env } from "../../src/platform/env.ts";
import { TOKENS } from "./admin-support.ts";

export const HOST = "https://lb.example";
/** What a browser sends with the page's own requests. */
export const OWN = { "sec-fetch-site": "same-origin" };
export const bearer = (token: string = TOKENS.admin) => ({ authorization: `Bearer ${token}` });

let addresses = 0;

/** @returns a function that takes method and URL, and settings that are others for one request */
export function ownAdmin(settings: Partial<Env> = {}) {
  const admin = createAdmin();
  const address = `198.51.100.${++addresses}`;
  return async (
    line: string,
    headers: Record<string, string> = {},
    body?: string,
    others: Partial<Env> = {},
  ) => {
    const [method = "GET", url = ""] = line.split(" ");
    const init = {
      method,
      headers: { "cf-connecting-ip": address, ...headers },
      redirect: "manual",
    } as const;
    const request = new Request(url, body === undefined ? init : { ...init, body });
    return await admin.fetch(request, { ...env, ...settings, ...others }, createExecutionContext());
  };
}

interface Sent {
  headers?: Record<string, string>;
  body?: string;
  host?: string;
  with?: Partial<Env>;
}

/** A browser at an admin of its own. Its lines name paths under `/_lb`. */
export function ownBrowser(settings: Partial<Env> = {}) {
  const ask = ownAdmin(settings);
  const send = async (line: string, sent: Sent = {}) => {
    const [method = "GET", path = ""] = line.split(" ");
    return await ask(`${method} ${sent.host ?? HOST}/_lb${path}`, sent.headers, sent.body, sent.with);
  };
  const login = (token: string, sent: Sent = {}) =>
    send("POST /login", {
      body: new URLSearchParams({ token }).toString(),
      ...sent,
      headers: { ...OWN, ...sent.headers },
    });
  const cookieOf = async (token: string, sent: Sent = {}) => {
    const [cookie = ""] = ((await login(token, sent)).headers.get("set-cookie") ?? "").split(";");
    return cookie;
  };
  return { send, login, cookieOf };
}
