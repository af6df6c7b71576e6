/**
 * What of a configuration may be a secret and does not belong on a terminal or in a log.
 * @module
 */

const MASK = "***";

/** `value`, which stands at `path` in a pool's document, without a probe's headers and the paths of a webhook. */
export function maskSecrets(path: string, value: unknown): unknown {
  if (/(^|\.)headers\./.test(path)) return MASK;
  const field = path.slice(path.lastIndexOf(".") + 1);
  if (field === "notify_url" && typeof value === "string") return maskUrl(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      maskSecrets(path === "" ? key : `${path}.${key}`, part),
    ]),
  );
}

function maskUrl(text: string): string {
  const url = URL.parse(text);
  return url === null ? MASK : `${url.origin}/${MASK}`;
}
