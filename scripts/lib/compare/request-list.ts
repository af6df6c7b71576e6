/**
 * A file with requests: a line `METHOD URL`, then its headers, then a blank line. Lines that begin with # are comments.
 * @module
 */
import { ImportError } from "../import/result.ts";
import type { ComparedRequest } from "./request.ts";

/** Of a target nothing is changed, so it must be what a request line can hold. */
const REQUEST = /^([A-Z][A-Z-]*) https?:\/\/([^\s/?#@]+)([!"$-~]*)$/;
const HEADER = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([ -~]*)$/;
/** They belong to the connection, or say what the URL says; no body is sent. */
const REFUSED = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade"]);

/** @throws ImportError that names `name` and the line, also if there is no request */
export function parseRequestList(text: string, name: string): ComparedRequest[] {
  const requests: ComparedRequest[] = [];
  let headers: [name: string, value: string][] | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line.startsWith("#")) continue;
    if (line === "") headers = null;
    else if (headers === null) {
      headers = [];
      requests.push(parseRequest(line, headers, `${name}:${index + 1}`));
    } else headers.push(parseHeader(line, `${name}:${index + 1}`));
  }
  if (requests.length === 0) throw new ImportError(`${name}: has no request`);
  return requests;
}

function parseRequest(line: string, headers: ComparedRequest["headers"], at: string): ComparedRequest {
  const [, method, host, rest = ""] = REQUEST.exec(line) ?? [];
  if (method === undefined || host === undefined || !URL.canParse(`http://${host}`))
    throw new ImportError(`${at}: ${JSON.stringify(line)} is not METHOD URL`);
  // It asks for a connection, and has no path.
  if (method === "CONNECT") throw new ImportError(`${at}: CONNECT cannot be sent here`);
  return { method, host, target: rest.startsWith("/") ? rest : `/${rest}`, headers };
}

function parseHeader(line: string, at: string): [name: string, value: string] {
  const [, name, value = ""] = HEADER.exec(line) ?? [];
  if (name === undefined)
    throw new ImportError(`${at}: ${JSON.stringify(line)} is not NAME: VALUE; a blank line ends a request`);
  if (REFUSED.has(name.toLowerCase())) throw new ImportError(`${at}: ${name} cannot be set here`);
  return [name, value];
}
