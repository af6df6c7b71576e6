/**
 * What may stand as an address.
 * @module
 */

export function isHttpUrl(text: string): boolean {
  const url = parse(text);
  return url !== null && url.username === "" && url.password === "";
}

/** A http or https URL with nothing that a request's own query, fragment or credentials would clash with. */
export function isOriginUrl(text: string): boolean {
  return isHttpUrl(text) && !/[?#]/.test(text);
}

/**
 * True if the URL's host is an IP address or `localhost`. `fetch` in production refuses the first (error 1003)
 * and never reaches the second; both are for running locally.
 */
export function hasLocalHost(text: string): boolean {
  const host = parse(text)?.hostname ?? "";
  // The URL parser has turned every spelling of an IPv4 address (0x7f.1, 2130706433) into four decimals.
  return host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host) || /^(.+\.)?localhost\.?$/.test(host);
}

function parse(text: string): URL | null {
  // Required as written: the URL parser also takes "http:a" and leading blanks.
  if (!/^https?:\/\/[^\s/]\S{0,2040}$/i.test(text)) return null;
  return URL.canParse(text) ? new URL(text) : null;
}
