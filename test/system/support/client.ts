/**
 * A client that changes nothing: it follows no redirects, decodes nothing, adds only the headers Host, Connection and
 * the framing, and sends the path byte for byte.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface RequestOptions {
  method?: string;
  headers?: Readonly<Record<string, string | string[]>>;
  /** The Worker's `request.cf` (docs/platform.md, request.cf). */
  cf?: unknown;
  body?: string | Buffer | Readable;
  agent?: Agent;
}

export interface Reply {
  status: number;
  /** Lower-case names; values of a repeated header joined with a comma. */
  headers: Readonly<Record<string, string>>;
  /** Names and values in turn, unchanged. */
  rawHeaders: readonly string[];
  body: Buffer;
}

/** One keep-alive connection, so that requests arrive in the order in which they are sent. */
export function oneConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

/** Sends a request and waits for its headers. The caller reads, ends or breaks off the response. */
export async function open(
  base: string,
  path: string,
  options: RequestOptions = {},
): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  const request = send(base, path, options);
  // The response counts even if the other side does not read the whole upload.
  if (options.body instanceof Readable) pipeline(options.body, request).catch(() => {});
  else request.end(options.body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  // From here on the reader of the response gets errors.
  request.on("error", () => {});
  return { request, response };
}

/** Sends a request and reads the whole response. */
export async function fetchRaw(base: string, path: string, options: RequestOptions = {}): Promise<Reply> {
  const { response } = await open(base, path, options);
  const chunks: Buffer[] = await response.toArray();
  return { ...head(response), body: Buffer.concat(chunks) };
}

/** The same, but only counts and hashes the body, for bodies that do not fit in memory. */
export async function fetchDigest(
  base: string,
  path: string,
  options: RequestOptions = {},
): Promise<Omit<Reply, "body"> & { bytes: number; sha256: string }> {
  const { response } = await open(base, path, options);
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { ...head(response), bytes, sha256: hash.digest("hex") };
}

/**
 * The platform's own `fetch` on a connection of its own. It would keep one, and use it again although the runtime closes it
 * after 5 s: on a busy machine just then.
 */
export function fetchAlone(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("connection", "close");
  return fetch(url, { ...init, headers });
}

export function json(reply: Reply): unknown {
  return JSON.parse(reply.body.toString("utf8"));
}

/** The values of a header that may be repeated. */
export function allValues(reply: Pick<Reply, "rawHeaders">, name: string): string[] {
  return reply.rawHeaders.filter(
    (_value, index, raw) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

/** Three ways for a client to leave. */
export const leave = {
  /** RST: the runtime notices at once. */
  reset: (request: ClientRequest) => void request.socket?.resetAndDestroy(),
  /** FIN: half-closes and ignores the rest of the response. */
  finish: (request: ClientRequest) => void request.socket?.end(),
  /** As a browser does when its user presses "stop". */
  abort: (request: ClientRequest) => void request.destroy(),
};

function send(base: string, path: string, options: RequestOptions): ClientRequest {
  const { method = "GET", headers = {}, cf, body, agent } = options;
  const { hostname, port } = new URL(base);
  // By default Node sends the body of a DELETE without any framing.
  const framing =
    typeof body === "string" || Buffer.isBuffer(body) ? { "content-length": Buffer.byteLength(body) } : {};
  // `agent: false` makes a connection for this request alone.
  return httpRequest({
    hostname,
    port,
    path,
    method,
    headers: { ...framing, ...headers, ...(cf === undefined ? {} : { "mf-cf-blob": JSON.stringify(cf) }) },
    agent: agent ?? false,
  });
}

function head(response: IncomingMessage): Omit<Reply, "body"> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index]?.toLowerCase() ?? "";
    const value = response.rawHeaders[index + 1] ?? "";
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { status: response.statusCode ?? 0, headers, rawHeaders: response.rawHeaders };
}
