/**
 * Checks URLs in a configuration.
 * @module
 */

export function isHttpUrl(text: string): boolean {
  const url = parse(text);
  return url !== null && url.username === "" && url.password === "";
}

/** True for a http or https URL without query, fragment and credentials, which a request brings itself. */
export function isOriginUrl(text: string): boolean {
  return isHttpUrl(text) && !/[?#]/.test(text);
}

/**
 * True if the URL's host is an IP address or `localhost`. In production `fetch` refuses an IP address (error 1003) and
 * never reaches `localhost`; both are for running locally.
 */
export function hasLocalHost(text: string): boolean {
  const host = parse(text)?.hostname ?? "";
  // The URL parser has turned every spelling of an IPv4 address (0x7f.1, 2130706433) into four decimals.
  return host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host) || /^(.+\.)?localhost\.?$/.test(host);
}

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})+$`, "i");

/** True for a DNS name of two labels and more; false for an address. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && !hasLocalHost(`http://${text}`);
}

/** Suffixes of names that no public DNS answers for (RFC 6761, 6762, 8375; ICANN on `internal`). */
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|home\.arpa|lan|intranet)\.?$/;

/** True if the URL's host is an address, or a name that has a meaning only in a private network. */
export function hasPrivateHost(text: string): boolean {
  const host = parse(text)?.hostname ?? "";
  return hasLocalHost(text) || (host !== "" && (PRIVATE_NAME.test(host) || !/[^.]\.[^.]/.test(host)));
}

/** True if a request to this host does not leave the machine. @param hostname as a URL has it */
export function isLoopback(hostname: string): boolean {
  return hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname) || /^(.+\.)?localhost\.?$/.test(hostname);
}

function parse(text: string): URL | null {
  // Required as written: the URL parser also takes "http:a" and leading blanks.
  if (!/^https?:\/\/[^\s/]\S{0,2040}$/i.test(text)) return null;
  return URL.canParse(text) ? new URL(text) : null;
}
