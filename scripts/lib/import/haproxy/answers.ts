/**
 * Lines that answer a request themselves: `deny`, `return`, `redirect` and their like.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import { type Action, closed } from "../model.ts";
import { asConstant, asHeaderValue, asLocation } from "./formats.ts";
import { type Line, written } from "./sections.ts";

const REDIRECTS = [301, 302, 303, 307, 308] as const;
const REDIRECTED = 302;

/** The words of a line between its action and its condition. */
export function argumentsOf({ words }: Line, first: number): string[] {
  const end = words.findIndex((word, index) => index >= first && (word === "if" || word === "unless"));
  return words.slice(first, end < 0 ? undefined : end);
}

/** `deny` and `return`. What cannot be said stays closed, and is reported. */
export function answerOf(line: Line, args: readonly string[], status: number, findings: Findings): Action {
  const given: { status: number; content_type?: string; body?: string; headers?: Record<string, string> } = {
    status,
  };
  const reasons: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [word = "", value = ""] = [args[at], args[at + 1]];
    if (word === "status" || word === "deny_status") given.status = Number(value);
    else if (word === "content-type") given.content_type = value;
    else if (word === "string" || word === "lf-string") {
      const body = word === "string" ? value : asConstant(value);
      if (body === null) reasons.push("a body has no placeholders");
      else given.body = body;
    } else if (word === "hdr") {
      const text = asHeaderValue(args[at + 2] ?? "");
      if (text === null) reasons.push(`a route has no such value for ${value}`);
      else given.headers = { ...given.headers, [value.toLowerCase()]: text };
      at++;
    } else if (word !== "default-errorfiles")
      reasons.push(`${word} ${value}: its body is not read: write it into the route`);
    if (word !== "default-errorfiles") at++;
  }
  const { content_type, ...bare } = given;
  const respond =
    given.body === undefined ? bare : { ...bare, ...(content_type === undefined ? {} : { content_type }) };
  if (!routeSchema.shape.respond.safeParse(respond).success) return unsayable(line, findings);
  for (const reason of reasons) findings.todo(line.at, `${written(line)}: answered without it: ${reason}`);
  return { respond };
}

/** `redirect location|prefix|scheme ...`, in any order. */
export function redirectOf(line: Line, args: readonly string[], findings: Findings): Action {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (/^(drop-query|append-slash|ignore-empty|keep-query)$/.test(word)) given.set(word, "");
    else given.set(word, args[++at] ?? "");
  }
  const location = locationOf(given);
  const code = Number(given.get("code") ?? REDIRECTED);
  const status = REDIRECTS.find((each) => each === code);
  const isValid =
    location !== null &&
    status !== undefined &&
    routeSchema.shape.redirect.safeParse({ status, location }).success;
  if (!isValid) return unsayable(line, findings);
  const cookie = given.get("set-cookie") ?? given.get("clear-cookie");
  if (cookie !== undefined) findings.todo(line.at, `${written(line)}: the redirect sets no cookie here`);
  return { redirect: { status, location } };
}

function locationOf(given: ReadonlyMap<string, string>): string | null {
  const path = given.has("drop-query") ? "{path}" : "{target}";
  const [location, prefix, scheme] = [given.get("location"), given.get("prefix"), given.get("scheme")];
  if (given.has("append-slash")) return null;
  if (location !== undefined) return asLocation(location);
  if (scheme !== undefined) return `${scheme}://{host}${path}`;
  const before = prefix === undefined ? null : asLocation(prefix);
  return before === null ? null : `${before === "/" ? "" : before}${path}`;
}

/** Whether it sends the client to where it is already, but by https. */
export function isToHttps({ redirect }: Action): boolean {
  return /^https:\/\/\{host\}(:443)?\{(target|path)\}$/.test(redirect?.location ?? "");
}

function unsayable(line: Line, findings: Findings): Action {
  findings.todo(
    line.at,
    `${written(line)}: a route cannot answer so; it answers 404: write the answer by hand`,
  );
  return closed();
}
