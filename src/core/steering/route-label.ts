/**
 * Makes the label of a route in statistics and metrics from its host, its path and its conditions. So it does not
 * depend on the route's position in the list.
 * @module
 */

/** A route as written by its author, or as parsed. */
export interface LabelledRoute {
  readonly host?: string | null | undefined;
  readonly path?: string | null | undefined;
  readonly where?: unknown;
}

/** `api.example.com/v1/*`, `shop.example.com/* (countries DE,AT; cookies canary)` */
export function routeLabel({ host, path, where }: LabelledRoute): string {
  const conditions = conditionsText(where);
  return `${(host ?? "*").toLowerCase()}${path ?? "/*"}${conditions === "" ? "" : ` (${conditions})`}`;
}

/** The conditions in a few words; empty: there are none. Headers, cookies and query parameters appear by name only. */
export function conditionsText(where: unknown): string {
  if (typeof where !== "object" || where === null) return "";
  return Object.entries(where)
    .filter(([, value]) => value !== null && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, value]) => `${field} ${valueText(value)}`)
    .join("; ");
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" && value !== null ? Object.keys(value).sort().join(",") : String(value);
}
