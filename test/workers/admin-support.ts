/** Helpers of the admin API's tests: the tokens of vitest.config.ts, and a short function for calls. */
import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { ENDPOINTS } from "../../src/admin/endpoints/all.ts";
import { problemsOf } from "../../src/admin/endpoints/openapi.ts";
import type { ProblemType } from "../../src/admin/http/problems.ts";

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
  const response = await exports.default.fetch(`https://lb.example/_lb${path}`, {
    method,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const answer = isJson ? JSON.parse(text) : text;
  checkDocumented(method, path, response.status, answer);
  return {
    status: response.status,
    headers: response.headers,
    etag: response.headers.get("etag") ?? "",
    body: answer,
  };
}

/** Every answer in every test is what the OpenAPI document says of it. */
function checkDocumented(method: string, path: string, status: number, answer: unknown): void {
  const [pathname = ""] = path.split("?");
  const wanted = ENDPOINTS.find((each) => {
    const pattern = new RegExp(`^${each.path.replace(/:\w+/g, "[^/]+")}$`);
    return each.method === method.toLowerCase() && pattern.test(pathname);
  });
  if (wanted === undefined) return;
  if (status < 300) {
    expect(wanted.statuses ?? [200], `${method} ${path}`).toContain(status);
    wanted.answer.parse(answer);
  } else {
    const { type } = answer as { type: ProblemType };
    // The data plane's answer, where there is no admin API at all.
    if (type !== "no_route") expect([...problemsOf(wanted)], `${method} ${path}`).toContain(type);
  }
}

export const origin = (id: string, fields: object = {}) => ({ id, url: `http://${id}.example`, ...fields });
