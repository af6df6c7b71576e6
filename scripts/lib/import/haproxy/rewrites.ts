/**
 * Lines that change the path that origins see.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import { prefixes, type Rewrite, rewriteOf } from "../rewrite.ts";
import { argumentsOf } from "./answers.ts";
import type { Changes } from "./changes.ts";
import type { Step } from "./decisions.ts";
import { asConstant } from "./formats.ts";
import { reportLost } from "./losses.ts";
import { type Line, written } from "./sections.ts";
import type { Source } from "./steps.ts";

/** `%[path,regsub(^/api/,/)]`, as the whole text. */
const STRIPPED = /^%\[(?:path|pathq),regsub\("?(\^[^,"]*)"?,"?([^,")]*)"?(?:,[gi]*)?\)\]$/;
const PREFIXED = /^([^%]*)%\[(?:path|pathq)\]$/;
const ANY_PATH = /^\^?\(\/?\.\*\)\$?$/;

export function rewriteStep(line: Line, kind: string, { acls, findings }: Source): Step[] {
  const condition = acls.conditionOf(line);
  const [first = "", second = ""] = argumentsOf(line, 2);
  const isReplacing = kind.startsWith("replace");
  const rewrite = isReplacing ? replaced(first, second) : setTo(first, kind);
  if (rewrite === null || !routeSchema.shape.rewrite.safeParse(rewrite).success) {
    findings.todo(line.at, `${written(line)}: a route cannot change a path so; origins get it as it came`);
    return [];
  }
  if (isReplacing && !first.startsWith("^") && !ANY_PATH.test(first)) {
    findings.changed(line.at, `${written(line)}: only at the beginning of a path`);
  }
  reportLost(line, condition, "had their path changed, and now have not", findings);
  const change = (before: Changes): Changes => {
    if (before.rewrite === null) return { ...before, rewrite, touched: [...before.touched, "path"] };
    findings.todo(line.at, `${written(line)}: another line changes the path before; only that is done`);
    return before;
  };
  return [{ condition, outcome: { kind: "change", change } }];
}

function setTo(text: string, kind: string): Rewrite | null {
  const constant = asConstant(text);
  // A route keeps the query, which others than this take away.
  if (constant !== null) return kind === "set-path" ? { replace: constant } : null;
  const prefix = PREFIXED.exec(text)?.[1];
  if (prefix !== undefined) return prefixes("", prefix);
  const [, from, to] = STRIPPED.exec(text) ?? [];
  if (from === undefined || to === undefined) return null;
  const isWhole = from.endsWith("/") === to.endsWith("/");
  const plain = from.slice(1).replace(/\\([.-])/g, "$1");
  return isWhole && /^[\w./~-]+$/.test(plain) ? prefixes(plain, to) : null;
}

function replaced(regex: string, text: string): Rewrite | null {
  const target = text.replace(/\\(\d)/g, "$$$1");
  if (ANY_PATH.test(regex)) return /^[^$]+\$1$/.test(target) ? prefixes("", target.slice(0, -2)) : null;
  return rewriteOf(regex.startsWith("/") ? `^${regex}` : regex, target);
}
