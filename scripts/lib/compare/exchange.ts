/**
 * Sends a request as it is and reads what of the answer can be compared. No redirect is followed.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, isIP } from "node:net";
import { systemMessage } from "../config-file.ts";
import { Failure } from "../failure.ts";
import type { ComparedRequest } from "./request.ts";

/** For the connection, the headers and the body together. */
const TIMEOUT_MS = 10_000;
/** By the protocols that an address may have. */
const OWN_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** SHA-256 of the body as it was sent, in hex. */
  readonly bodyHash: string;
}

/** There was a connection but no whole answer; the text says why. A server may do so on purpose, as nginx's 444. */
export type Outcome = Answer | string;

/** A certificate is for the name that the client asked for; an address has none (RFC 6066, 3). */
function serverName(host: string): { servername?: string } {
  const { hostname } = new URL(`http://${host}`);
  return hostname.startsWith("[") || isIP(hostname) !== 0 ? {} : { servername: hostname };
}

/** Makes a connection and sends nothing. @throws Failure if `base` cannot be reached */
export async function mustReach(base: URL): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const socket = connect({ host: hostOf(base), port: Number(base.port || OWN_PORTS[base.protocol]) });
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    throw unreachable(base, signal, error);
  } finally {
    socket.destroy();
  }
}

/**
 * @param base the address that gets it, whatever the request's host is
 * @throws Failure if `base` cannot be reached
 */
export async function exchange(base: URL, request: ComparedRequest): Promise<Outcome> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let isConnected = false;
  try {
    const sent = (base.protocol === "https:" ? httpsRequest : httpRequest)({
      host: hostOf(base),
      port: base.port,
      method: request.method,
      path: request.target,
      headers: ["Host", request.host, ...request.headers.flat()],
      ...serverName(request.host),
      agent: false,
      signal,
    });
    sent.once("socket", (socket) => socket.once("connect", () => (isConnected = true)));
    sent.end();
    const [response] = (await once(sent, "response", { signal })) as [IncomingMessage];
    const hash = createHash("sha256");
    for await (const chunk of response) hash.update(chunk as Buffer);
    return { status: response.statusCode ?? 0, headers: response.headers, bodyHash: hash.digest("hex") };
  } catch (error) {
    if (!isConnected) throw unreachable(base, signal, error);
    return reasonOf(signal, error);
  }
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function unreachable({ origin }: URL, signal: AbortSignal, error: unknown): Failure {
  return new Failure(`${origin} cannot be reached: ${reasonOf(signal, error)}`);
}

function reasonOf(signal: AbortSignal, error: unknown): string {
  return signal.aborted ? `no answer in ${TIMEOUT_MS / 1_000} s` : systemMessage(error);
}
