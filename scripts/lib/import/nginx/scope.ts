/**
 * What is in force at a place: directives inherited from the blocks around it, and variables that are constant there.
 * @module
 */
import type { Directive } from "./parser.ts";

/** Directives in force, by name. `add_header`, for example, stands several times. */
export type Settings = ReadonlyMap<string, readonly Directive[]>;

export interface Scope {
  readonly settings: Settings;
  /** By name without `$`; null: set, but not to a constant. */
  readonly variables: ReadonlyMap<string, string | null>;
}

export const NO_SCOPE: Scope = { settings: new Map(), variables: new Map() };

/** Directives that inner blocks inherit. */
const INHERITED =
  /^(proxy_.+|(add|more_set|more_clear)_(header|headers)|allow|deny|satisfy|auth_(basic|jwt|request)|limit_(conn|req)|ssl_verify_client|client_max_body_size|default_type|error_page|mirror|(access|rewrite|header_filter|body_filter)_by_lua(_block|_file)?)$/;

/** `allow` and `deny` are one list, which an inner block replaces as a whole. */
export const ACCESS = "allow, deny";

/** `outer` with what `block` says itself: a directive given here replaces all of that name from outside. */
export function scopeIn(block: readonly Directive[], outer: Scope): Scope {
  const own = new Map<string, Directive[]>();
  for (const directive of block) {
    if (!INHERITED.test(directive.name)) continue;
    const name = directive.name === "allow" || directive.name === "deny" ? ACCESS : directive.name;
    own.set(name, [...(own.get(name) ?? []), directive]);
  }
  return {
    settings: new Map([...outer.settings, ...own]),
    variables: variablesIn(block, outer.variables),
  };
}

function variablesIn(block: readonly Directive[], outer: Scope["variables"]): Scope["variables"] {
  const variables = new Map(outer);
  for (const { name, args, block: inner } of block) {
    const [variable = "", value = ""] = args;
    if (name === "set") variables.set(variable.slice(1), constant(filledIn(value, variables)));
    // A condition, or a program, may set it to something else.
    if (name === "if")
      for (const each of inner ?? []) if (each.name === "set") unset(variables, each.args[0]);
    if (name.startsWith("set_by_lua")) unset(variables, variable);
  }
  return variables;
}

function unset(variables: Map<string, string | null>, variable = ""): void {
  variables.set(variable.slice(1), null);
}

function constant(text: string): string | null {
  return text.includes("$") ? null : text;
}

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g;

/** `text` with its constant variables filled in; the others stay, as `$name`. */
export function filledIn(text: string, variables: Scope["variables"]): string {
  return text.replace(VARIABLE, (_, braced?: string, plain?: string) => {
    const name = braced ?? plain ?? "";
    return variables.get(name) ?? `$${name}`;
  });
}
