/**
 * Requests to the admin API, authorized by the session.
 * @module
 */
import { SESSION_HEADER } from "../../../contract/dashboard.ts";

const BASE = "/_lb";
/** After that a request is given up: the next one may do better. */
const TIMEOUT_MS = 10_000;

/** An error in a document, with its path. */
export interface DocumentError {
  path: string;
  message: string;
}

/** Why a request to the API failed; `status` 0: the API was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: readonly DocumentError[];

  constructor(status: number, message: string, errors: readonly DocumentError[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export interface CallOptions {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** @throws ApiError */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const { method = "GET", body, headers = {}, signal } = options;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await reach(BASE + path, {
    method,
    headers: { [SESSION_HEADER]: "dashboard", accept: "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    redirect: "error",
  });
  const text = await response.text().catch(() => "");
  if (!response.ok) throw errorOf(response.status, parsed(text));
  return (text === "" ? undefined : parsed(text)) as T;
}

/** The path of a write, with why it is done if that was said. */
export function withMessage(path: string, message: string): string {
  const said = message.trim();
  return said === "" ? path : `${path}?${new URLSearchParams({ message: said })}`;
}

/** @throws ApiError */
export async function signIn(token: string): Promise<void> {
  await call("/login", {
    method: "POST",
    body: new URLSearchParams({ token }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    throw new ApiError(0, isLate ? "No answer within 10 s" : "The balancer cannot be reached");
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function errorOf(status: number, problem: unknown): ApiError {
  const { title, detail, errors } = (problem ?? {}) as {
    title?: string;
    detail?: string;
    errors?: DocumentError[];
  };
  return new ApiError(status, detail ?? title ?? `The balancer answered ${status}`, errors ?? []);
}

/** For people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
