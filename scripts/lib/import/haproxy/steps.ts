/**
 * What a frontend and a backend do with a request, line after line, in the order of HAProxy: connections, `http-request`,
 * `redirect`, statistics, and then `use_backend`.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { type Action, closed } from "../model.ts";
import { answerOf, argumentsOf, isToHttps, redirectOf } from "./answers.ts";
import { type Acls, type Condition, constantCondition, UNCONDITIONAL } from "./conditions.ts";
import type { Step } from "./decisions.ts";
import { fallbackOf } from "./fallbacks.ts";
import { headerStep, headersAlways, NOT_NEEDED, OPEN_NOW } from "./headers.ts";
import { reportLost } from "./losses.ts";
import { matching } from "./meaning.ts";
import { rewriteStep } from "./rewrites.ts";
import { type Line, lastLine, linesWith, type ProxySection, written } from "./sections.ts";
import { pathMeaning } from "./strings.ts";

const TARPIT = 500;
const OK = 200;
/** HAProxy's own answer. */
const MONITORED = {
  status: OK,
  content_type: "text/html",
  body: "<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n",
};
const FORBIDDEN = 403;

/** What the steps of a section are made of. */
export interface Source {
  readonly proxy: ProxySection;
  readonly acls: Acls;
  readonly findings: Findings;
}

/** Everything before a backend is chosen. */
export function ruleSets(source: Source): Step[][] {
  const { proxy } = source;
  const lines = (keyword: string) => linesWith(proxy, keyword);
  return [
    [...monitorSteps(source), ...lines("tcp-request").flatMap((line) => connectionStep(line, source))],
    [...headersAlways(source), ...lines("http-request").flatMap((line) => requestStep(line, source))],
    lines("redirect").flatMap((line) => redirectStep(line, 1, source)),
    statisticsSteps(source),
  ];
}

/** `use_backend`, the first that matches. */
export function choosingSteps(source: Source): Step[] {
  return linesWith(source.proxy, "use_backend").flatMap((line) => {
    const [, name = ""] = line.words;
    const condition = source.acls.conditionOf(line);
    if (name.includes("%[")) {
      const message =
        "which backend it is is only known when a request comes; such requests are answered 404: write a route for each";
      source.findings.todo(line.at, `${written(line)}: ${message}`);
      return [{ condition, outcome: { kind: "answer", action: closed() } }];
    }
    const fallback = fallbackOf(line, name, condition, source.findings);
    if (fallback !== null) return [fallback];
    return stepOf(
      line,
      condition,
      { kind: "backend", name, at: line.at },
      `went to ${name}, and now go where the lines after it say`,
      source,
    );
  });
}

/** @param before what became of requests that met the condition and do not here */
function stepOf(
  line: Line,
  condition: Condition,
  outcome: Step["outcome"],
  before: string,
  { findings }: Source,
): Step[] {
  reportLost(line, condition, before, findings);
  return [{ condition, outcome }];
}

/** What a line that ends the matter does, and what becomes of requests that it does not hold for any more. */
function answerAt(line: Line, kind: string, findings: Findings): { action: Action; before: string } | null {
  const args = argumentsOf(line, 2);
  const refused = "were refused, and now get through";
  const answered = "were answered there, and now get through";
  switch (kind) {
    case "deny":
      return { action: answerOf(line, args, FORBIDDEN, findings), before: refused };
    case "tarpit":
      findings.changed(line.at, `${written(line)}: answered at once here`);
      return { action: answerOf(line, args, TARPIT, findings), before: refused };
    case "reject":
    case "silent-drop":
      findings.changed(line.at, `${written(line)}: answered 403 here, instead of closing the connection`);
      return { action: closed(FORBIDDEN), before: refused };
    case "return":
      return { action: answerOf(line, args, OK, findings), before: answered };
    case "use-service":
      findings.changed(line.at, `${written(line)}: answered itself there, and 404 here`);
      return { action: closed(), before: answered };
    default:
      return null;
  }
}

function requestStep(line: Line, source: Source): Step[] {
  const kind = (line.words[1] ?? "").replace(/\(.*$/, "");
  const answer = answerAt(line, kind, source.findings);
  if (answer !== null) {
    const outcome = { kind: "answer", action: answer.action } as const;
    return stepOf(line, source.acls.conditionOf(line), outcome, answer.before, source);
  }
  if (kind === "redirect") return redirectStep(line, 2, source);
  if (kind === "allow") return allowStep(line, source);
  if (/^(set|replace)-(path|pathq|uri)$/.test(kind)) return rewriteStep(line, kind, source);
  if (/^(set|add|del)-header$/.test(kind)) return headerStep(line, "request_headers", source);
  const reason = ownValue(OPEN_NOW, kind);
  if (reason !== undefined) source.findings.todo(line.at, `${written(line)}: ${reason}`);
  else reportUndone(line, NOT_NEEDED.has(kind), source.findings);
  return [];
}

function allowStep(line: Line, source: Source): Step[] {
  const before = "passed over the lines after it, and now do not";
  return stepOf(line, source.acls.conditionOf(line), { kind: "allow" }, before, source);
}

function reportUndone(line: Line, isHarmless: boolean, findings: Findings): void {
  if (isHarmless) findings.leftOut(line.at, `${written(line)}: has no counterpart`);
  else findings.todo(line.at, `${written(line)}: is not done here: see whether requests depend on it`);
}

/** A redirect to the same place by https is of no use where clients come by https, and leads to itself. */
function redirectStep(line: Line, first: number, source: Source): Step[] {
  const { findings, acls } = source;
  const condition = acls.conditionOf(line);
  const action = redirectOf(line, argumentsOf(line, first), findings);
  const isMet = constantCondition(condition);
  if (!isToHttps(action) || isMet === null) {
    return stepOf(line, condition, { kind: "answer", action }, "were redirected, and now go on", source);
  }
  const message = `${written(line)}: sent clients from http to https: turn on Always Use HTTPS for the zone`;
  findings.todo(line.at, message);
  return isMet ? [{ condition, outcome: { kind: "answer", action: closed() } }] : [];
}

/** `tcp-request connection|content accept|reject`; waiting and counting have no effect on where requests go. */
function connectionStep(line: Line, source: Source): Step[] {
  const [, layer = "", action = ""] = line.words;
  const { findings } = source;
  if (action === "accept") return allowStep(line, source);
  const answer = action === "reject" || action === "silent-drop" ? answerAt(line, action, findings) : null;
  if (answer === null) {
    const isHarmless = layer === "inspect-delay" || /^(track-sc|set-var|unset-var|capture|sc-)/.test(action);
    reportUndone(line, isHarmless, findings);
    return [];
  }
  const outcome = { kind: "answer", action: answer.action } as const;
  return stepOf(line, source.acls.conditionOf(line), outcome, answer.before, source);
}

function monitorSteps({ proxy }: Source): Step[] {
  const uri = lastLine(proxy, "monitor-uri")?.words[1];
  if (uri === undefined) return [];
  const condition = meeting(matching({ path: uri.replace(/\?.*$/, ""), where: null }));
  return [{ condition, outcome: { kind: "answer", action: { respond: MONITORED } } }];
}

/** Statistics were answered by HAProxy itself and never reached an origin; they stay away from origins. */
function statisticsSteps({ proxy, findings }: Source): Step[] {
  const line = linesWith(proxy, "stats").at(-1);
  if (line === undefined) return [];
  const uri = lastLine(proxy, "stats", "uri")?.words[2] ?? "/haproxy?stats";
  findings.changed(line.at, `stats: ${uri} showed statistics, and is answered 404 here`);
  const path = uri.replace(/\?.*$/, "");
  const test = { label: "stats uri", method: "beg", anyCase: false, patterns: [path] } as const;
  return [{ condition: meeting(pathMeaning(test)), outcome: { kind: "answer", action: closed() } }];
}

function meeting(meaning: ReturnType<typeof matching>): Condition {
  return { ...UNCONDITIONAL, terms: [[{ isNegated: false, text: "", words: [], meaning }]] };
}
