/**
 * What lets only some requests through to an origin: as conditions of routes where these can say it.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { type Action, closed, type Rule } from "../model.ts";
import { WHOLE } from "../routes.ts";
import { bothWheres, MOST_ADDRESSES, validWhere } from "../where.ts";
import type { Directive } from "./parser.ts";
import { ACCESS, type Scope } from "./scope.ts";

/** A rule without its path. */
export type Serving = Omit<Rule, "path">;

export const FORBIDDEN = 403;

/** Gates that no route has: who they kept out gets through. */
const OPEN_NOW: Readonly<Record<string, string>> = {
  access_by_lua: "Lua does not run here: what it kept out gets through",
  auth_basic:
    "no password is asked for here: requests get through without it. Put Cloudflare Access before it",
  auth_jwt: "tokens are not checked here: requests get through without one. Put Cloudflare Access before it",
  auth_request:
    "no other service is asked here: requests get through without its leave. Put Cloudflare Access before it",
  client_max_body_size: "larger bodies get through, up to Cloudflare's own limit",
  limit_conn: "a client's connections are not limited here",
  limit_req: "a client's requests are not limited here. Use Cloudflare's rate limiting rules",
  mirror: "nothing is sent twice here",
  satisfy: "is not known here: addresses are checked, and the other checks are not",
  ssl_verify_client: "clients' certificates are not asked for here: use Cloudflare's mTLS",
};

/** Says which gates are gone where requests are passed on. */
export function reportGates(scope: Scope, findings: Findings): void {
  if (!scope.settings.has("client_max_body_size")) {
    findings.changed(
      WHOLE,
      "bodies above 1 MB get through where client_max_body_size is not set; nginx refuses them",
    );
  }
  for (const [name, directives] of scope.settings) {
    const message = ownValue(OPEN_NOW, name.replace(/_(block|file)$/, ""));
    if (message === undefined) continue;
    for (const { at, args } of directives) {
      const isOff = args[0] === "off" || (name === "client_max_body_size" && /^0\w?$/.test(args[0] ?? ""));
      if (!isOff) findings.todo(at, `${[name, ...args].join(" ")}: ${message}`);
    }
  }
}

/** `allow` and `deny` in their order, as conditions on the client's address. */
export function byAddress(serving: readonly Serving[], scope: Scope, findings: Findings): Serving[] {
  const found: Serving[] = [];
  const list = scope.settings.get(ACCESS) ?? [];
  for (const { name, args, at } of list) {
    findings.changed(
      at,
      `${name} ${args.join(" ")}: is a condition on the client's address, as Cloudflare sees it`,
    );
  }
  for (const directive of list) {
    const [what = ""] = directive.args;
    const does = directive.name === "allow" ? serving : [{ where: null, action: closed(FORBIDDEN) }];
    if (what === "all") return [...mergedRanges(found), ...does];
    const where = validWhere({ addresses: [asRange(what)] });
    if (where === null) {
      findings.todo(
        directive.at,
        `${directive.name} ${what}: no condition of a route says that; it is left out`,
      );
    } else found.push(...does.flatMap((each) => joined(each, where)));
  }
  return [...mergedRanges(found), ...serving];
}

/** True if `deny all` is the whole list of addresses. */
export function isClosedToAll(scope: Scope): boolean {
  const list = scope.settings.get(ACCESS) ?? [];
  return list.length === 1 && list[0]?.name === "deny" && list[0].args[0] === "all";
}

function asRange(text: string): string {
  if (text.includes("/")) return text;
  return `${text}/${text.includes(":") ? 128 : 32}`;
}

function joined(serving: Serving, where: Rule["where"]): Serving[] {
  const both = bothWheres(serving.where, where);
  return both === undefined ? [] : [{ ...serving, where: both }];
}

/** `limit_except GET { deny all; }`: other methods are refused. */
export function byMethod(
  serving: readonly Serving[],
  block: readonly Directive[],
  findings: Findings,
): Serving[] {
  const limit = block.find(({ name }) => name === "limit_except");
  if (limit === undefined) return [...serving];
  const given = limit.args.map((method) => method.toUpperCase());
  const methods = given.includes("GET") ? [...new Set([...given, "HEAD"])] : given;
  const isDenied = limit.block?.every(({ name, args }) => name === "deny" && args[0] === "all") === true;
  const where = validWhere({ methods });
  if (!isDenied || where === null) {
    findings.todo(
      limit.at,
      `limit_except ${limit.args.join(" ")}: only "deny all" is understood; all methods get through`,
    );
    return [...serving];
  }
  return [...serving.flatMap((each) => joined(each, where)), { where: null, action: closed(FORBIDDEN) }];
}

/** Neighbours that do the same for other addresses are one, as far as one has room for them. */
function mergedRanges(servings: readonly Serving[]): Serving[] {
  const merged: Serving[] = [];
  for (const serving of servings) {
    const last = merged.at(-1);
    const addresses = [...(last?.where?.addresses ?? []), ...(serving.where?.addresses ?? [])];
    const isOne = last !== undefined && sameBut(last, serving) && addresses.length <= MOST_ADDRESSES;
    if (isOne) merged.splice(-1, 1, { action: last.action, where: { ...last.where, addresses } });
    else merged.push(serving);
  }
  return merged;
}

function sameBut(one: Serving, other: Serving): boolean {
  const rest = ({ action, where }: Serving): [Action, unknown] => [action, { ...where, addresses: null }];
  return JSON.stringify(rest(one)) === JSON.stringify(rest(other));
}
