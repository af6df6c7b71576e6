/**
 * `return`, as an answer of a route's own.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import { type Action, closed } from "../model.ts";
import { matchesEverything } from "../regex.ts";
import type { Directive } from "./parser.ts";
import { asLocation } from "./placeholders.ts";
import { filledIn, type Scope } from "./scope.ts";

const REDIRECTS = [301, 302, 303, 307, 308] as const;
/** nginx closes the connection without an answer. */
const CLOSED = 444;

/** `return`, or a `rewrite` of every path that is one; null: `block` answers nothing by itself. */
export function answerIn(block: readonly Directive[]): Directive | null {
  for (const directive of block) {
    const answer = directive.name === "return" ? directive : redirectIn(directive);
    if (answer !== null) return answer;
  }
  return null;
}

function redirectIn(directive: Directive): Directive | null {
  const [regex = "", text = "", flag = ""] = directive.args;
  const isRedirect = flag === "permanent" || flag === "redirect" || /^(https?:|\$scheme)/.test(text);
  if (directive.name !== "rewrite" || !isRedirect || !matchesEverything(regex)) return null;
  // The query is added, unless there is one already or the text ends in "?".
  const location = text.replace(/\?$/, "").replace(/\/?\$1$/, "$request_uri");
  return { ...directive, name: "return", args: [flag === "permanent" ? "301" : "302", location] };
}

/**
 * True if it sends a client from http to https, and no other server is there for that: as a route it would lead to itself.
 * @param tlsHosts hosts that are served by https
 */
export function isToHttps({ args }: Directive, scope: Scope, tlsHosts: ReadonlySet<string | null>): boolean {
  const location = asLocation(args.at(-1) ?? "", scope) ?? "";
  const host = /^https:\/\/([^/]+?)(:443)?\{(target|path)\}$/.exec(location)?.[1];
  return host !== undefined && (host === "{host}" || !tlsHosts.has(host.toLowerCase()));
}

/** What cannot be said stays closed, and is reported. */
export function answerOf(directive: Directive, label: string, scope: Scope, findings: Findings): Action {
  const { args, at } = directive;
  const [first = "", second] = args;
  const written = `${label}: return ${args.join(" ")}`;
  const status = /^\d{3}$/.test(first) ? Number(first) : 302;
  if (status === CLOSED) {
    findings.changed(at, `${written}: answered 404 here, instead of closing the connection`);
    return closed();
  }
  const location = status === Number(first) ? second : first;
  const redirect = REDIRECTS.find((each) => each === status);
  const action =
    redirect === undefined ? responseOf(status, second, scope) : redirectOf(redirect, location ?? "", scope);
  if (action !== null && isValid(action)) return action;
  findings.todo(at, `${written}: a route cannot answer so; it answers 404: write the answer by hand`);
  return closed();
}

function redirectOf(status: (typeof REDIRECTS)[number], text: string, scope: Scope): Action | null {
  const location = asLocation(text, scope);
  return location === null ? null : { redirect: { status, location } };
}

function responseOf(status: number, text: string | undefined, scope: Scope): Action | null {
  if (text === undefined) return { respond: { status } };
  const body = filledIn(text, scope.variables);
  if (body.includes("$")) return null;
  const type = scope.settings.get("default_type")?.[0]?.args[0] ?? "text/plain";
  return { respond: { status, ...(body === "" ? {} : { content_type: type, body }) } };
}

function isValid({ redirect, respond }: Action): boolean {
  if (redirect !== undefined) return routeSchema.shape.redirect.safeParse(redirect).success;
  return routeSchema.shape.respond.safeParse(respond).success;
}
