/**
 * A client that does as it is told: no redirects followed, no encodings undone, no headers added but Host, Connection
 * and the framing, and a path that goes out byte for byte.
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
  body?: string | Buffer | Readable;
  agent?: Agent;
}

export interface Reply {
  status: number;
  /** Lower-case names; values of a repeated header joined with a comma. */
  headers: Readonly<Record<string, string>>;
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[];
  body: Buffer;
}

/** One connection that is kept: the order of requests is the order of their arrival. */
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
  // An upload that the other side does not take to its end is no reason to miss the response.
  if (options.body instanceof Readable) pipeline(options.body, request).catch(() => {});
  else request.end(options.body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  // From here on, who reads the response learns of an error.
  request.on("error", () => {});
  return { request, response };
}

/** Sends a request and reads the whole response. */
export async function fetchRaw(base: string, path: string, options: RequestOptions = {}): Promise<Reply> {
  const { response } = await open(base, path, options);
  const chunks: Buffer[] = await response.toArray();
  return { ...head(response), body: Buffer.concat(chunks) };
}

/** The same, but the body is only counted and hashed: for bodies that would not fit. */
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

export function json(reply: Reply): unknown {
  return JSON.parse(reply.body.toString("utf8"));
}

/** The values of a header that may stand several times. */
export function allValues(reply: Pick<Reply, "rawHeaders">, name: string): string[] {
  return reply.rawHeaders.filter(
    (_value, index, raw) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

/** Three ways for a client to go away. */
export const leave = {
  /** RST: the runtime notices at once. */
  reset: (request: ClientRequest) => void request.socket?.resetAndDestroy(),
  /** FIN: half-closes and lets the rest of the response be. */
  finish: (request: ClientRequest) => void request.socket?.end(),
  /** What a browser does on "stop". */
  abort: (request: ClientRequest) => void request.destroy(),
};

function send(base: string, path: string, options: RequestOptions): ClientRequest {
  const { method = "GET", headers = {}, body, agent } = options;
  const { hostname, port } = new URL(base);
  // Left to itself, Node sends the body of a DELETE without any framing.
  const framing =
    typeof body === "string" || Buffer.isBuffer(body) ? { "content-length": Buffer.byteLength(body) } : {};
  // `agent: false` makes a connection for this request alone.
  return httpRequest({
    hostname,
    port,
    path,
    method,
    headers: { ...framing, ...headers },
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
