/** What the tests of the admin API share: tokens as vitest.config.ts sets them, and a short way to ask. */
import { exports } from "cloudflare:workers";

export const TOKENS = { admin: "test-admin-token", operate: "test-operate-token", read: "test-read-token" };

export interface Asked {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
export type Answer = { status: number; headers: Headers; etag: string; body: any };

/** @param line method and path under `/_lb` */
export async function ask(
  line: string,
  { token = TOKENS.admin, body, headers = {} }: Asked = {},
): Promise<Answer> {
  const [method = "GET", path = ""] = line.split(" ");
  const response = await exports.default.fetch(`http://lb.example/_lb${path}`, {
    method,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    headers: response.headers,
    etag: response.headers.get("etag") ?? "",
    body: isJson ? JSON.parse(text) : text,
  };
}

export const origin = (id: string, fields: object = {}) => ({ id, url: `http://${id}.example`, ...fields });
