/**
 * A client of a running balancer's admin API. It turns errors into sentences that say what to do.
 * @module
 */
import * as z from "zod";
import { isLoopback } from "../../src/config/urls.ts";
import { Failure } from "./failure.ts";

const TIMEOUT_MS = 15_000;

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

type ProblemBody = z.output<typeof problemSchema>;

/** The API refused a request; `type` is one of those in `src/admin/http/problems.ts`. */
export class ApiProblem extends Failure {
  readonly type: string;
  /** Errors of the document that was sent, with their places. */
  readonly errors: readonly { path: string; message: string }[];

  constructor(message: string, { type, errors = [] }: Pick<ProblemBody, "type" | "errors">) {
    super(message);
    this.type = type;
    this.errors = errors;
  }
}

export interface Sending {
  readonly method?: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class AdminClient {
  /** Address of the balancer, without a slash at its end. */
  readonly base: string;
  readonly #token: string | null;
  readonly #ended: AbortSignal | null;

  /** @param ended aborts requests that are under way, which then fail */
  constructor(base: string, token: string | null, ended: AbortSignal | null = null) {
    this.base = base;
    this.#token = token;
    this.#ended = ended;
  }

  /**
   * Sends a request to `path` under `/_lb`.
   * @throws ApiProblem if the API refuses; Failure if it cannot be reached, or its answer does not match `schema`
   */
  async ask<T>(path: string, schema: z.ZodType<T>, sending: Sending = {}): Promise<T> {
    const response = await this.#fetch(path, sending);
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw this.#problem(response, problemSchema.safeParse(body).data ?? null);
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new Failure(
      `${this.base} answers /_lb${path} in another form than this version knows: is it an edge balancer, of this version?`,
    );
  }

  /** The same, but null if the API answers that the thing does not exist. */
  async find<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
    try {
      return await this.ask(path, schema);
    } catch (error) {
      if (error instanceof ApiProblem && error.type === "not_found") return null;
      throw error;
    }
  }

  async #fetch(path: string, { method = "GET", body, headers }: Sending): Promise<Response> {
    this.#guardToken();
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await fetch(`${this.base}/_lb${path}`, {
        method,
        headers: {
          accept: "application/json",
          ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        redirect: "manual",
        signal: this.#ended === null ? timeout : AbortSignal.any([timeout, this.#ended]),
      });
    } catch (error) {
      throw new Failure(`${this.base} cannot be reached: ${reasonOf(error)}`);
    }
  }

  /** Checked before the token is sent: a refusal would come after everybody on the way could read the token. */
  #guardToken(): void {
    const url = URL.parse(this.base);
    // `fetch` would refuse it too, and quote it.
    if (this.#token !== null && !/^[!-~]*$/.test(this.#token))
      throw new Failure("the token of LB_ADMIN_TOKEN or --token has characters that no header can hold");
    if (this.#token === null || url?.protocol !== "http:" || isLoopback(url.hostname)) return;
    throw new Failure(`${this.base}: a token is sent over https only. Is it https://${url.host}?`);
  }

  #problem(response: Response, problem: ProblemBody | null): Failure {
    const { base } = this;
    const { status, headers } = response;
    if (problem === null) return new Failure(`${base} is no edge balancer: ${foreignAnswer(response)}`);
    const { type, title, detail } = problem;
    const sentence = () => {
      switch (type) {
        case "no_route":
          return `the admin API of ${base} is switched off, because no token is set there: npx wrangler secret put ADMIN_TOKEN, or locally npm start -- --admin-token TOKEN`;
        case "unauthorized":
          return this.#token === null
            ? `${base} asks for a token: set LB_ADMIN_TOKEN, or give --token`
            : `${base} does not take this token: LB_ADMIN_TOKEN or --token must be what ADMIN_TOKEN (or an entry of ADMIN_TOKENS) is there`;
        case "too_many_attempts":
          return `${base}: too many failed logins from this address, try again in ${headers.get("retry-after") ?? "a few"} s`;
        case "not_found":
          return `${base} says: ${detail ?? title}`;
        default:
          return `${base} refuses (${status}): ${detail ?? title}`;
      }
    };
    return new ApiProblem(sentence(), problem);
  }
}

function foreignAnswer({ status, headers }: Response): string {
  const location = headers.get("location");
  if (location === null) return `/_lb answers ${status}`;
  return `/_lb redirects to ${URL.parse(location)?.host ?? location} (is there an access proxy in front of it?)`;
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no answer within ${TIMEOUT_MS / 1_000} s`;
  }
  const { cause } = error as { cause?: { code?: string; message?: string } };
  const code = cause?.code ?? "";
  if (code === "ECONNREFUSED") {
    return "nothing listens there. Start the balancer (npm start), or give its address with --url";
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "there is no such name. Is the address right?";
  if (code === "ECONNRESET" || code === "UND_ERR_SOCKET")
    return "the connection broke off. Is it http or https?";
  // OpenSSL's message only describes its internals.
  if (code.startsWith("ERR_SSL_")) return "TLS fails there. Is it http or https?";
  return cause?.message ?? (error instanceof Error ? error.message : String(error));
}

/** The query with the message of a write; empty if there is none. */
export function because(message: string | undefined): string {
  return message === undefined ? "" : `?message=${encodeURIComponent(message)}`;
}
