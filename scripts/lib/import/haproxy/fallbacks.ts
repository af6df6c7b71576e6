/**
 * A backend that takes over when another has no server left.
 * @module
 */
import type { Findings } from "../findings.ts";
import type { Condition, Literal } from "./conditions.ts";
import type { Step } from "./decisions.ts";
import { type Line, written } from "./sections.ts";

/** `nbsrv(main) lt 1` and its like. */
const DOWN = [/^nbsrv\(([^)]+)\) (eq )?0$/, /^nbsrv\(([^)]+)\) (lt 1|le 0)$/];
const UP = [/^nbsrv\(([^)]+)\) (gt 0|ge 1)$/, /^nbsrv\(([^)]+)\) 1:$/];

/** `use_backend spare if { nbsrv(main) lt 1 }` makes `spare` the fallback of `main`; null: `line` says something else. */
export function fallbackOf(
  line: Line,
  name: string,
  { terms, isUnless }: Condition,
  findings: Findings,
): Step | null {
  const [term, ...others] = terms;
  if (term === undefined || others.length > 0 || (isUnless && term.length > 1)) return null;
  const index = term.findIndex((literal) => mainOf(literal, isUnless) !== null);
  const found = term[index];
  const main = found === undefined ? null : mainOf(found, isUnless);
  if (main === null) return null;
  const message = `becomes fallback_pool of ${main}; requests for other backends stay there`;
  findings.changed(line.at, `${written(line)}: ${message}`);
  return {
    condition: { text: "", isUnless: false, terms: [term.filter((_, each) => each !== index)] },
    outcome: {
      kind: "change",
      change: (before) => ({ ...before, fallbacks: { ...before.fallbacks, [main]: { name, at: line.at } } }),
    },
  };
}

/** The backend that has no server left where the literal is met. */
function mainOf({ words, isNegated }: Literal, isUnless: boolean): string | null {
  const test = words.join(" ");
  const forms = isNegated === isUnless ? DOWN : UP;
  return forms.map((form) => form.exec(test)?.[1]).find((each) => each !== undefined) ?? null;
}
