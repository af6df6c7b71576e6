/**
 * `proxy_set_header`, `add_header` and `proxy_hide_header` as rules of a route.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { type HeaderField, type HeaderRules, isValidRules, OWN_HEADERS } from "../header-rules.ts";
import type { Action } from "../model.ts";
import type { Directive } from "./parser.ts";
import { asHeaderValue } from "./placeholders.ts";
import type { Scope } from "./scope.ts";

/** What origins get in a header. */
export function requestHeaders(scope: Scope, findings: Findings): Pick<Action, "request_headers"> {
  const rules = new RuleBuilder("request_headers", findings);
  for (const directive of scope.settings.get("proxy_set_header") ?? []) {
    const [name = "", value = ""] = directive.args;
    const header = name.toLowerCase();
    if (header === "host") reportHost(value, directive, findings);
    if (!OWN_HEADERS.has(header)) rules.put("set", directive, scope);
  }
  const found = rules.all();
  return found === null ? {} : { request_headers: found };
}

function reportHost(value: string, { at }: Directive, findings: Findings): void {
  if (value === "$proxy_host") return;
  const message = `proxy_set_header Host ${value}: an origin is asked by the name in its url`;
  if (value.startsWith("$")) findings.changed(at, `${message}; the client's host is in X-Forwarded-Host`);
  else findings.todo(at, `${message}, and must serve that name`);
}

/** What clients get in a header. nginx adds it only to some statuses unless it says `always`. */
export function responseHeaders(scope: Scope, findings: Findings): Pick<Action, "response_headers"> {
  const rules = new RuleBuilder("response_headers", findings);
  for (const directive of scope.settings.get("add_header") ?? []) {
    rules.put("add", directive, scope);
    const message = `is for all answers of the route${directive.args[2] === "always" ? "" : ", errors too"}`;
    findings.changed(directive.at, `${["add_header", ...directive.args].join(" ")}: ${message}`);
  }
  for (const directive of scope.settings.get("proxy_hide_header") ?? []) rules.remove(directive);
  const found = rules.all();
  return found === null ? {} : { response_headers: found };
}

class RuleBuilder {
  readonly #field: HeaderField;
  readonly #findings: Findings;
  #rules: HeaderRules = {};

  constructor(field: HeaderField, findings: Findings) {
    this.#field = field;
    this.#findings = findings;
  }

  put(how: "set" | "add", directive: Directive, scope: Scope): void {
    const [name = "", text = ""] = directive.args;
    const header = name.toLowerCase();
    if (text === "") {
      this.remove(directive);
      return;
    }
    const value = asHeaderValue(text, scope);
    const isTwice = ownValue(this.#rules[how] ?? {}, header) !== undefined;
    const rules = { ...this.#rules, [how]: { ...this.#rules[how], [header]: value ?? "" } };
    const why = isTwice ? "a route adds one line of a name" : null;
    this.#take(rules, directive, value === null ? "a route has no such value" : why);
  }

  remove(directive: Directive): void {
    const name = (directive.args[0] ?? "").toLowerCase();
    this.#take({ ...this.#rules, remove: [...(this.#rules.remove ?? []), name] }, directive, null);
  }

  #take(rules: HeaderRules, { name, args, at }: Directive, why: string | null): void {
    const isValid = isValidRules(this.#field, rules);
    if (why === null && isValid) this.#rules = rules;
    else {
      const reason = why ?? "a route cannot change this header so";
      this.#findings.todo(at, `${[name, ...args].join(" ")}: ${reason}; it is left out`);
    }
  }

  all(): HeaderRules | null {
    return Object.keys(this.#rules).length === 0 ? null : this.#rules;
  }
}
