/**
 * Answers made here rather than by an origin: `application/problem+json` (RFC 9457) with a stable `type`. They never carry a
 * stack or an origin's address. Which there are is each role's to say.
 * @module
 */

/** Wire status and human title. */
interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

export interface ProblemBody extends ProblemKind {
  readonly type: string;
  readonly requestId: string;
  /** The error in this case. */
  readonly detail?: string | undefined;
  /** Errors with their paths, for documents. */
  readonly errors?: readonly { path: string; message: string }[] | undefined;
}

/** @param headers beside those that every such answer has */
export function problemAnswer(problem: ProblemBody, headers: Readonly<Record<string, string>>): Response {
  const { type, title, status, detail, errors, requestId } = problem;
  // Undefined fields are left out.
  return new Response(JSON.stringify({ type, title, status, detail, errors, request_id: requestId }), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-request-id": requestId,
      ...headers,
    },
  });
}

/** @param seconds undefined: it is not known when trying again makes sense */
export function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(seconds))) };
}
