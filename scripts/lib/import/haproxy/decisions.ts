/**
 * Lines that are obeyed one after the other, as rules of which the first that matches decides.
 * @module
 */
import { canonicalJson } from "../../../../src/config/canonical.ts";
import { both, covers, EVERY, type Match } from "../matches.ts";
import type { Action, Rule } from "../model.ts";
import { includes } from "../routes.ts";
import { type Change, type Changes, type NamedBackend, NO_CHANGES } from "./changes.ts";
import type { Condition, Literal } from "./conditions.ts";

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

type Lazy = () => List;

/**
 * What becomes of requests to `host`; null: to a host that no rule names.
 * @throws TooManyRules
 */
export function rulesFor(program: Program, host: string | null, programs: Programs): Rule[] {
  const decider = new Decider(host, programs);
  const rules = decider.restricted(decider.run(program, 0, 0, NO_CHANGES), EVERY, null);
  if (rules.length > MOST_RULES) throw new TooManyRules();
  return simplified(rules);
}

class Decider {
  readonly #host: string | null;
  readonly #programs: Programs;
  #steps = 0;

  constructor(host: string | null, programs: Programs) {
    this.#host = host;
    this.#programs = programs;
  }

  run(program: Program, set: number, index: number, changes: Changes): List {
    this.#count();
    const steps = program.sets[set];
    if (steps === undefined) return this.#ended(program, changes);
    const step = steps[index];
    if (step === undefined) return this.run(program, set + 1, 0, changes);
    const after = (then: Changes) => this.run(program, set, index + 1, then);
    const { outcome, condition } = step;
    const yes = (): List => {
      if (outcome.kind === "answer") return single(outcome.action);
      if (outcome.kind === "backend") return this.#backend(outcome, changes);
      return outcome.kind === "change"
        ? after(outcome.change(changes))
        : this.run(program, set + 1, 0, changes);
    };
    return this.#decide(
      condition,
      once(yes),
      once(() => after(changes)),
      changes,
    );
  }

  #ended(program: Program, changes: Changes): List {
    const end = program.end(changes);
    return "name" in end ? this.#backend(end, changes) : single(end);
  }

  #backend(named: NamedBackend, changes: Changes): List {
    return this.run(this.#programs.backend(named), 0, 0, changes);
  }

  #decide({ terms, isUnless }: Condition, yes: Lazy, no: Lazy, changes: Changes): List {
    return isUnless ? this.#anyOf(terms, no, yes, changes) : this.#anyOf(terms, yes, no, changes);
  }

  #anyOf([term, ...others]: Condition["terms"], yes: Lazy, no: Lazy, changes: Changes): List {
    if (term === undefined) return no();
    return this.#allOf(
      term,
      yes,
      once(() => this.#anyOf(others, yes, no, changes)),
      changes,
    );
  }

  #allOf([literal, ...others]: readonly Literal[], yes: Lazy, no: Lazy, changes: Changes): List {
    if (literal === undefined) return yes();
    const rest = once(() => this.#allOf(others, yes, no, changes));
    const [met, unmet] = literal.isNegated ? [no, rest] : [rest, no];
    return this.#test(literal, met, unmet, changes);
  }

  #test(literal: Literal, met: Lazy, unmet: Lazy, changes: Changes): List {
    if (literal.meaning.reads.some((each) => changes.touched.includes(each))) {
      this.#programs.blind(literal);
      return unmet();
    }
    const found = literal.meaning.alternatives.filter(({ host }) => includes(host, this.#host));
    if (found.some(({ match, but }) => but.length === 0 && covers(match, EVERY))) return met();
    if (found.length === 0) return unmet();
    const otherwise = unmet();
    return found.reduceRight((next: List, { match, but }): List => {
      const excepted = but.flatMap((each) => {
        const common = both(match, each);
        // Another alternative may take it all the same.
        return common === null ? [] : this.restricted(next, common, null);
      });
      return { rules: [...excepted, ...this.restricted(met(), match, otherwise)], next };
    }, otherwise);
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

function once(make: Lazy): Lazy {
  let made: List | null = null;
  return () => {
    made ??= make();
    return made;
  };
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
