/** One request that is sent to two addresses. @module */

export interface ComparedRequest {
  /** In capitals. */
  readonly method: string;
  /** What the Host header says, a port included. */
  readonly host: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** More headers, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Methods that ask for nothing but an answer (RFC 9110, 9.2.1). TRACE is refused by most programs. */
export const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/** As the report shows it, and as a list may have it; requests with the same text are the same. */
export function textOf({ method, host, target, headers }: ComparedRequest): string {
  return [`${method} http://${host}${target}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join(
    "\n",
  );
}
