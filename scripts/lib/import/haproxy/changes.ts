/**
 * What happens to a request on its way to an origin, and to the answer on its way back.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { HeaderField, HeaderRules } from "../header-rules.ts";
import type { Action } from "../model.ts";
import type { Rewrite } from "../rewrite.ts";

/** A backend, and the place where it is named. */
export interface NamedBackend {
  readonly name: string;
  readonly at: string;
}

export interface Changes {
  readonly headers: Readonly<Record<HeaderField, HeaderRules>>;
  readonly rewrite: Rewrite | null;
  /** Which backend takes over for another one, by the name of that. */
  readonly fallbacks: Readonly<Record<string, NamedBackend>>;
  /** What tests must not read any more: `path`, or a header as `header:name`. */
  readonly touched: readonly string[];
}

export const NO_CHANGES: Changes = {
  headers: { request_headers: {}, response_headers: {} },
  rewrite: null,
  fallbacks: {},
  touched: [],
};

export type Change = (before: Changes) => Changes;

export function headerChange(
  field: HeaderField,
  how: "set" | "add" | "remove",
  name: string,
  value: string,
): Change {
  return (before) => ({
    ...before,
    headers: { ...before.headers, [field]: withHeader(before.headers[field], how, name, value) },
    touched: field === "request_headers" ? [...before.touched, `header:${name}`] : before.touched,
  });
}

/** Lines are obeyed one after the other there; a route takes away, sets and adds in this order. */
function withHeader(
  rules: HeaderRules,
  how: "set" | "add" | "remove",
  name: string,
  value: string,
): HeaderRules {
  const { [name]: __, ...set } = rules.set ?? {};
  const wasSet = ownValue(rules.set ?? {}, name);
  const { [name]: _, ...add } = rules.add ?? {};
  const remove = (rules.remove ?? []).filter((each) => each !== name);
  if (how === "remove") return compact({ set, add, remove: [...remove, name] });
  if (how === "set") return compact({ set: { ...set, [name]: value }, add, remove });
  const kept = wasSet === undefined ? set : { ...set, [name]: wasSet };
  return compact({ set: kept, add: { ...add, [name]: value }, remove: rules.remove ?? [] });
}

function compact({ set, add, remove }: Required<HeaderRules>): HeaderRules {
  return {
    ...(Object.keys(set ?? {}).length === 0 ? {} : { set }),
    ...(Object.keys(add ?? {}).length === 0 ? {} : { add }),
    ...(remove?.length === 0 ? {} : { remove }),
  };
}

/** The changes as fields of a route. */
export function actionOf({ headers, rewrite }: Changes): Action {
  const has = (field: HeaderField) => Object.keys(headers[field]).length > 0;
  return {
    ...(has("request_headers") ? { request_headers: headers.request_headers } : {}),
    ...(has("response_headers") ? { response_headers: headers.response_headers } : {}),
    ...(rewrite === null ? {} : { rewrite }),
  };
}
