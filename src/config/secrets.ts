/**
 * Masks the parts of a pool's document and of the routes that may be secret: headers, with which probes and requests
 * prove who they are; the cookies, headers and query parameters that a route asks for, by which a client proves that it
 * may take it; the query of a probe's path; and `notify_url`, because a webhook's path is its password. They are shown
 * only to those who may write them, and appear in no error, event, log or terminal.
 * @module
 */

/** Stands for a secret where a document is shown. */
export const MASK = "***";

export const MASKED_RULE = `must be the value itself, not the mask "${MASK}" that is shown in its place`;

interface Secret {
  /** Path in a pool's document or in a route. All that stands below is a secret too. */
  readonly at: readonly string[];
  /** What is shown of a text that stands there. */
  readonly shown: (text: string) => string;
}

const SECRETS: readonly Secret[] = [
  { at: ["notify_url"], shown: maskUrl },
  { at: ["health_check", "path"], shown: (path) => path.replace(/\?.*$/s, `?${MASK}`) },
  { at: ["health_check", "headers"], shown: maskAll },
  ...["headers", "cookies", "query"].map((field) => ({ at: ["where", field], shown: maskCondition })),
  ...["respond", "unavailable"].map((field) => ({ at: [field, "headers"], shown: maskAll })),
  ...["request_headers", "response_headers"].flatMap((field) => [
    { at: [field, "set"], shown: maskAll },
    // A client may be given the cookie that opens another route.
    { at: [field, "add"], shown: maskAll },
    // These are names. A wrong one, which only an error could show, may be a whole header with its value.
    { at: [field, "remove"], shown: (name: string) => name },
  ]),
];

/** True for a value that was masked before. A document that is written back must not replace a secret by its mask. */
export function isMasked(value: string): boolean {
  return value === MASK || value.endsWith(`/${MASK}`) || value.endsWith(`?${MASK}`);
}

/**
 * True if no part of a wrong value at `path` may be quoted: it is a secret, or something else stands where an object
 * should hold secrets.
 * @param path in a whole configuration, in a pool's document or in the routes
 */
export function isSecret(path: readonly (string | number)[]): boolean {
  const steps = stepsOf(path);
  return secretAt(steps) !== null || holdsSecrets(steps);
}

/**
 * Masks the secrets in `value`.
 * @param path of `value` in the pool's document or in the routes, such as `origins[a].url`; empty: the whole document
 */
export function maskSecrets(path: string, value: unknown): unknown {
  const steps = path.replace(/\[[^\]]*\]/g, "").split(".");
  return mask(path === "" ? [] : steps, value);
}

function mask(steps: readonly string[], value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => mask(steps, item));
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mask([...steps, key], part)]));
  }
  const secret = secretAt(steps);
  if (typeof value === "string") return secret?.shown(value) ?? (holdsSecrets(steps) ? MASK : value);
  return secret === null ? value : MASK;
}

/** The path in the document, without positions in lists. */
function stepsOf(path: readonly (string | number)[]): string[] {
  const names = path.filter((step) => typeof step === "string");
  if (names[0] === "pools") return names.slice(2);
  return names[0] === "routes" ? names.slice(1) : names;
}

function secretAt(steps: readonly string[]): Secret | null {
  return SECRETS.find(({ at }) => beginsWith(steps, at)) ?? null;
}

function holdsSecrets(steps: readonly string[]): boolean {
  return SECRETS.some(({ at }) => beginsWith(at, steps));
}

function beginsWith(steps: readonly string[], first: readonly string[]): boolean {
  return first.every((step, index) => steps[index] === step);
}

function maskAll(): string {
  return MASK;
}

/** That a header, cookie or parameter must be there at all is no secret. */
function maskCondition(pattern: string): string {
  return pattern === "*" ? pattern : MASK;
}

function maskUrl(text: string): string {
  const url = URL.parse(text);
  return url === null || url.origin === "null" ? MASK : `${url.origin}/${MASK}`;
}
