/**
 * The URL of an origin that was an address and a port.
 * @module
 */
import { isIP } from "node:net";
import type { Findings } from "./findings.ts";
import { toId } from "./names.ts";

export type Scheme = "http" | "https";

/** What an export does not say and the user may. */
export interface ImportOptions {
  /** How to talk to origins, whatever the export hints at; null: as it hints. */
  readonly scheme: Scheme | null;
  /** DNS names of addresses: `192.0.2.1` or `192.0.2.1:8080` to `a.example.com`. */
  readonly names: ReadonlyMap<string, string>;
  /** Leave IP addresses and localhost as they are: for running on one's own machine. */
  readonly local: boolean;
}

/** The same for what a program reads from files of its own. */
export interface FileImportOptions extends ImportOptions {
  /** The directory that stands for the program's own, such as /etc/haproxy or /etc/nginx; null: that of the first file. */
  readonly prefix: string | null;
}

export interface Address {
  /** A DNS name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** null: the scheme's own. */
  readonly port: number | null;
  /** Goes before each request's path: "" or "/base". */
  readonly base?: string;
}

export interface OriginPlace {
  readonly url: string;
  /** False: there is nothing at this URL yet, so the origin must stay switched off. */
  readonly reachable: boolean;
}

/**
 * Workers cannot fetch IP addresses (docs/platform.md, error 1003). One without a name gets a URL at `.invalid`, which no
 * DNS knows (RFC 2606), and is reported.
 * @param found `missing`: what the files would have to say of a name that means nothing in itself
 */
export function originPlace(
  address: Address,
  scheme: Scheme,
  options: ImportOptions,
  found: { findings: Findings; at: string; hint?: string; missing?: string },
): OriginPlace {
  const given = nameOf(address, options.names);
  if (given !== undefined) return { url: urlOf({ ...address, host: given }, scheme), reachable: true };
  const why = unreachable(address.host);
  if (why === null) return { url: urlOf(address, scheme), reachable: true };
  if (options.local && why !== NOT_A_NAME) return { url: urlOf(address, scheme), reachable: true };
  const host = `${toId(address.host)}.invalid`;
  const flag = `--name ${address.host}=HOSTNAME`;
  const reason = found.missing ?? `${address.host} ${why}`;
  const message = `${reason}; switched off at ${host}: give it a DNS name, and then ${flag}`;
  found.findings.todo(found.at, found.hint === undefined ? message : `${message} (${found.hint})`);
  return { url: urlOf({ ...address, host }, scheme), reachable: false };
}

/** A socket file, which nothing but the same machine can reach. @param text as it is written, such as `unix:/run/app.sock` */
export function socketPlace(
  text: string,
  scheme: Scheme,
  options: ImportOptions,
  found: { findings: Findings; at: string },
): OriginPlace {
  const host = options.names.get(text);
  if (host !== undefined) return originPlace({ host, port: null }, scheme, options, found);
  const message = "a socket file cannot be reached from elsewhere; switched off at socket.invalid";
  found.findings.todo(found.at, `${message}: let it listen at a DNS name, and then --name ${text}=HOSTNAME`);
  return { url: `${scheme}://socket.invalid`, reachable: false };
}

const NOT_A_NAME = "is not a host name";

/**
 * Names that the public DNS does not have: RFC 6762 (.local), RFC 8375 (.home.arpa), .internal (ICANN, 2024), and those that
 * clusters, discovery services and routers give out (RFC 6762, appendix G).
 */
const LOCAL_NAMES =
  /\.(cluster\.local|consul|corp|docker|home|home\.arpa|internal|intranet|lan|local|localdomain|private|svc)\.?$/i;

/** Why a Worker in production cannot fetch `host`, or null. */
function unreachable(host: string): string | null {
  if (isIP(host) !== 0) return "is an IP address, which Workers cannot fetch";
  if (/^(.+\.)?localhost\.?$/i.test(host)) return "is the machine itself, which Workers cannot reach";
  if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host))
    return NOT_A_NAME;
  if (/\.cfargotunnel\.com\.?$/i.test(host)) return "is a tunnel's own name, which is no public one";
  if (!host.includes(".") || LOCAL_NAMES.test(host)) {
    return "is a name of a local network, which Workers cannot resolve";
  }
  return null;
}

function nameOf({ host, port }: Address, names: ReadonlyMap<string, string>): string | undefined {
  return (port === null ? undefined : names.get(`${host}:${port}`)) ?? names.get(host);
}

function urlOf({ host, port, base = "" }: Address, scheme: Scheme): string {
  const written = isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
  const own = scheme === "https" ? 443 : 80;
  return `${scheme}://${written}${port === null || port === own ? "" : `:${port}`}${base}`;
}
