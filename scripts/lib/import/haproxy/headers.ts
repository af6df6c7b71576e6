/**
 * Lines that change headers, and lines that routes need not or cannot have.
 * @module
 */
import { type HeaderField, isValidRules, OWN_HEADERS } from "../header-rules.ts";
import { argumentsOf } from "./answers.ts";
import { headerChange } from "./changes.ts";
import { constantCondition, UNCONDITIONAL } from "./conditions.ts";
import type { Step } from "./decisions.ts";
import { asHeaderValue } from "./formats.ts";
import { reportLost } from "./losses.ts";
import { type Line, lastLine, linesWith, written } from "./sections.ts";
import type { Source } from "./steps.ts";

/** Gates that no route has: who they kept out gets through. */
export const OPEN_NOW: Readonly<Record<string, string>> = {
  auth: "no password is asked for here: everybody gets through. Put Cloudflare Access before it",
  lua: "Lua does not run here: what it kept out gets through",
  "set-src": "the client's address is the one that Cloudflare sees",
  "wait-for-handshake": "the handshake is Cloudflare's",
};

/** What changes neither which requests get through nor where they go. */
export const NOT_NEEDED: ReadonlySet<string> = new Set([
  "cache-use",
  "capture",
  "disable-l7-retry",
  "early-hint",
  "sc-inc-gpc0",
  "sc-inc-gpc1",
  "sc-inc-gpc",
  "set-log-level",
  "set-mark",
  "set-nice",
  "set-priority-class",
  "set-priority-offset",
  "set-timeout",
  "set-tos",
  "set-var",
  "set-var-fmt",
  "strict-mode",
  "track-sc0",
  "track-sc1",
  "track-sc2",
  "unset-var",
  "wait-for-body",
]);

const HOW = { "set-header": "set", "add-header": "add", "del-header": "remove" } as const;

/** Lines on headers that hold for all requests of a section: `option forwardfor header`, `http-response`. */
export function headersAlways(source: Source): Step[] {
  const { proxy, findings } = source;
  const forwarded = lastLine(proxy, "option", "forwardfor");
  const name = forwarded?.words[forwarded.words.indexOf("header") + 1]?.toLowerCase();
  const isOther =
    forwarded?.words.includes("header") === true && name !== undefined && !OWN_HEADERS.has(name);
  const steps: Step[] = isOther
    ? [
        {
          condition: UNCONDITIONAL,
          outcome: { kind: "change", change: headerChange("request_headers", "set", name, "{client_ip}") },
        },
      ]
    : [];
  for (const line of [...linesWith(proxy, "http-response"), ...linesWith(proxy, "http-after-response")]) {
    const [, action = ""] = line.words;
    if (Object.hasOwn(HOW, action)) steps.push(...headerStep(line, "response_headers", source));
    else if (NOT_NEEDED.has(action)) findings.leftOut(line.at, `${written(line)}: has no counterpart`);
    else findings.todo(line.at, `${written(line)}: is not done here: answers of origins are passed on`);
  }
  return steps;
}

/** `set-header`, `add-header`, `del-header` of requests or answers. */
export function headerStep(line: Line, field: HeaderField, source: Source): Step[] {
  const { findings, acls } = source;
  const how = HOW[line.words[1] as keyof typeof HOW];
  const [name = "", text = "", ...rest] = argumentsOf(line, 2);
  const header = name.toLowerCase();
  const condition = acls.conditionOf(line);
  if (field === "request_headers" && OWN_HEADERS.has(header)) {
    if (header === "host")
      findings.todo(
        line.at,
        `${written(line)}: an origin is asked by the name in its url, and must serve that name`,
      );
    return [];
  }
  const isAnswer = field === "response_headers";
  if (isAnswer && constantCondition(condition) === null) {
    findings.todo(
      line.at,
      `${written(line)}: a route's rules for answers have no conditions on these; it is left out`,
    );
    return [];
  }
  const value = how === "remove" ? "" : asHeaderValue(text);
  const isPattern = how === "remove" && (text === "-m" || rest.length > 0);
  const rules = how === "remove" ? { remove: [header] } : { [how]: { [header]: value ?? "" } };
  if (value === null || isPattern || !isValidRules(field, rules)) {
    const reason = value === null ? "a route has no such value" : "a route cannot change this header so";
    findings.todo(line.at, `${written(line)}: ${reason}; it is left out`);
    return [];
  }
  if (isAnswer) findings.changed(line.at, `${written(line)}: is for all answers of the route`);
  reportLost(line, condition, "had it done, and now have not", findings);
  return [{ condition, outcome: { kind: "change", change: headerChange(field, how, header, value) } }];
}
