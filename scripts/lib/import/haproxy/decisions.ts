/**
 * Lines that are obeyed one after the other, as rules of which the first that matches decides.
 * @module
 */
import { canonicalJson } from "../../../../src/config/canonical.ts";
import { both, covers, EVERY, type Match } from "../matches.ts";
import type { Action, Rule } from "../model.ts";
import { alternativesFor, stepsFor } from "./by-host.ts";
import { type Change, type Changes, type NamedBackend, NO_CHANGES } from "./changes.ts";
import type { Condition, Literal } from "./conditions.ts";
import type { Alternative } from "./meaning.ts";

export interface Step {
  readonly condition: Condition;
  readonly outcome:
    | { readonly kind: "answer"; readonly action: Action }
    | ({ readonly kind: "backend" } & NamedBackend)
    /** The next lines go on with the changed request. */
    | { readonly kind: "change"; readonly change: Change }
    /** The rest of the set is passed over. */
    | { readonly kind: "allow" };
}

/** Sets of steps, and what becomes of a request that all of these let through. */
export interface Program {
  readonly sets: readonly (readonly Step[])[];
  end(changes: Changes): Action | NamedBackend;
}

export interface Programs {
  backend(named: NamedBackend): Program;
  /** Is told of a test that would read what an earlier line changed; it counts as not met. */
  blind(literal: Literal): void;
}

/** More steps and rules than this are not followed: each condition on a change of headers doubles what comes after it. */
const MOST_STEPS = 200_000;
/** Before those that are not needed are left out. */
const MOST_RULES = 5_000;

/** There are more rules than routes could say. */
export class TooManyRules extends Error {}

/** Rules, and what is tried after them. */
interface List {
  readonly rules: readonly Rule[];
  readonly next: List | null;
}

/** A place in a program, and what was done to the request before it. */
interface Position {
  readonly program: Program;
  readonly set: number;
  /** Among the steps of the set that can matter to the host. */
  readonly index: number;
  readonly changes: Changes;
}

/** A step that holds for some requests. */
interface Fork {
  readonly step: Step;
  readonly at: Position;
}

/**
 * What becomes of requests to `host`; null: to a host that no rule names.
 * @throws TooManyRules
 */
export function rulesFor(program: Program, host: string | null, programs: Programs): Rule[] {
  const decider = new Decider(host, programs);
  const list = decider.run({ program, set: 0, index: 0, changes: NO_CHANGES });
  const rules = decider.restricted(list, EVERY, null);
  if (rules.length > MOST_RULES) throw new TooManyRules();
  return simplified(rules);
}

/** Files have thousands of lines: what is nested here is changes under a condition, never one line in the one before. */
class Decider {
  readonly #host: string | null;
  readonly #programs: Programs;
  readonly #stepsOf = new Map<readonly Step[], readonly Step[]>();
  #steps = 0;

  constructor(host: string | null, programs: Programs) {
    this.#host = host;
    this.#programs = programs;
  }

  /** What becomes of requests that come to `start`. */
  run(start: Position): List {
    const forks: Fork[] = [];
    let at = start;
    let end: List | null = null;
    while (end === null) {
      this.#count();
      const { program, set, index, changes } = at;
      const steps = this.#stepsIn(program.sets[set]);
      const step = steps?.[index];
      if (steps === undefined) {
        const last = program.end(changes);
        if ("name" in last) at = this.#entryOf(last, changes);
        else end = single(last);
      } else if (step === undefined) at = { ...at, set: set + 1, index: 0 };
      else {
        const isMet = this.#isMet(step.condition, changes);
        if (isMet === null) forks.push({ step, at });
        if (isMet !== true) at = { ...at, index: index + 1 };
        else if (step.outcome.kind === "answer") end = single(step.outcome.action);
        else at = this.#taken(step.outcome, at);
      }
    }
    return forks.reduceRight((no: List, { step, at: where }) => this.#fork(step, where, no), end);
  }

  #stepsIn(set: readonly Step[] | undefined): readonly Step[] | undefined {
    if (set === undefined) return undefined;
    const found = this.#stepsOf.get(set) ?? stepsFor(set, this.#host);
    this.#stepsOf.set(set, found);
    return found;
  }

  /** @param no what becomes of requests that the step does not hold for */
  #fork({ condition, outcome }: Step, at: Position, no: List): List {
    const yes = outcome.kind === "answer" ? single(outcome.action) : this.run(this.#taken(outcome, at));
    const [met, unmet] = condition.isUnless ? [no, yes] : [yes, no];
    return condition.terms.reduceRight(
      (otherwise, term) =>
        this.#isTermMet(term, at.changes) === false
          ? otherwise
          : this.#allOf(term, at.changes, met, otherwise),
      unmet,
    );
  }

  /** Where requests go on that the step holds for. */
  #taken(outcome: Exclude<Step["outcome"], { kind: "answer" }>, at: Position): Position {
    if (outcome.kind === "backend") return this.#entryOf(outcome, at.changes);
    if (outcome.kind === "allow") return { ...at, set: at.set + 1, index: 0 };
    return { ...at, index: at.index + 1, changes: outcome.change(at.changes) };
  }

  #entryOf(named: NamedBackend, changes: Changes): Position {
    return { program: this.#programs.backend(named), set: 0, index: 0, changes };
  }

  /** Null: it depends on the request. */
  #isMet({ terms, isUnless }: Condition, changes: Changes): boolean | null {
    let found: boolean | null = false;
    for (const term of terms) {
      const isMet = this.#isTermMet(term, changes);
      if (isMet === true) return !isUnless;
      found = found === null ? null : isMet;
    }
    return found === null ? null : isUnless;
  }

  #isTermMet(term: readonly Literal[], changes: Changes): boolean | null {
    let found: boolean | null = true;
    for (const literal of term) {
      const isMet = this.#isLiteralMet(literal, changes);
      if (isMet === literal.isNegated) return false;
      if (isMet === null) found = null;
    }
    return found;
  }

  /** Of the test itself, without its `!`. */
  #isLiteralMet(literal: Literal, changes: Changes): boolean | null {
    if (literal.meaning.reads.some((each) => changes.touched.includes(each))) {
      this.#programs.blind(literal);
      return false;
    }
    const found = this.#alternativesOf(literal);
    if (found.some(({ match, but }) => but.length === 0 && covers(match, EVERY))) return true;
    return found.length === 0 ? false : null;
  }

  #alternativesOf({ meaning }: Literal): readonly Alternative[] {
    return alternativesFor(meaning, this.#host);
  }

  /** @param term not known to be unmet */
  #allOf(term: readonly Literal[], changes: Changes, yes: List, no: List): List {
    return term.reduceRight((rest, literal) => {
      if (this.#isLiteralMet(literal, changes) !== null) return rest;
      return literal.isNegated ? this.#test(literal, no, rest) : this.#test(literal, rest, no);
    }, yes);
  }

  #test(literal: Literal, met: List, unmet: List): List {
    return this.#alternativesOf(literal).reduceRight((next: List, { match, but }): List => {
      const excepted = but.flatMap((each) => {
        const common = both(match, each);
        // Another alternative may take it all the same.
        return common === null ? [] : this.restricted(next, common, null);
      });
      return { rules: [...excepted, ...this.restricted(met, match, unmet)], next };
    }, unmet);
  }
  /**
   * The rules of `list` for what `match` matches. What comes from `until` on is left out: who gets there gets there anyway.
   */
  restricted(list: List, match: Match, until: List | null): Rule[] {
    const found: Rule[] = [];
    for (let part: List | null = list; part !== null && part !== until; part = part.next) {
      for (const { action, ...rule } of part.rules) {
        const common = both(match, rule);
        if (common === null) continue;
        this.#count();
        found.push({ ...common, action });
        if (covers(rule, match)) return found;
      }
    }
    return found;
  }

  #count(): void {
    if (++this.#steps > MOST_STEPS) throw new TooManyRules();
  }
}

function single(action: Action): List {
  return { rules: [{ ...EVERY, action }], next: null };
}

/** Without rules that no request reaches, or whose requests go the same way by the rules behind them. */
function simplified(rules: readonly Rule[]): Rule[] {
  const reached = rules.filter(
    (rule, index) => !rules.slice(0, index).some((before) => covers(before, rule)),
  );
  return reached.filter((rule, index) => !isRepeated(rule, reached.slice(index + 1)));
}

function isRepeated(rule: Rule, behind: readonly Rule[]): boolean {
  const action = canonicalJson(rule.action);
  for (const each of behind) {
    if (both(rule, each) === null) continue;
    if (canonicalJson(each.action) !== action) return false;
    if (covers(each, rule)) return true;
  }
  return false;
}
