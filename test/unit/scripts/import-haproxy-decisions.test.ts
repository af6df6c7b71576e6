/**
 * Lines obeyed one after the other, and the rules that are made of them, must send each request the same way: for programs
 * drawn at random, and every request that their tests tell apart.
 */
import { describe, expect, it } from "vitest";
import {
  actionOf,
  type Changes,
  headerChange,
  NO_CHANGES,
} from "../../../scripts/lib/import/haproxy/changes.ts";
import type { Condition, Literal } from "../../../scripts/lib/import/haproxy/conditions.ts";
import { type Program, rulesFor, type Step } from "../../../scripts/lib/import/haproxy/decisions.ts";
import type { Alternative } from "../../../scripts/lib/import/haproxy/meaning.ts";
import type { Match } from "../../../scripts/lib/import/matches.ts";
import type { Action } from "../../../scripts/lib/import/model.ts";
import { includes } from "../../../scripts/lib/import/routes.ts";
import { seededRandom } from "../../support/random.ts";

const ROUNDS = 150;
const random = seededRandom();
const below = (most: number) => Math.floor(random() * most);
const oneOf = <T>(items: readonly T[]): T => items[below(items.length)] as T;
const some = <T>(most: number, make: () => T): T[] => Array.from({ length: 1 + below(most) }, make);

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly header: string | null;
}

const PATHS = ["/", "/a", "/a/b", "/a/b/c", "/ab", "/c"];
const REQUESTS: readonly Asked[] = PATHS.flatMap((path) =>
  ["GET", "POST", "PUT"].flatMap((method) => [null, "1", "12"].map((header) => ({ path, method, header }))),
);
/** A host, and the one of a route that it belongs to. */
const HOSTS = [null, "one.test", "*.wild.test", "in.wild.test"];

function matches({ path, where }: Match, asked: Asked): boolean {
  const base = path?.endsWith("/*") ? path.slice(0, -2) : null;
  const isPath =
    path === null || (base === null ? asked.path === path : `${asked.path}/`.startsWith(`${base}/`));
  const values = [where?.headers?.x ?? []].flat();
  const isHeader =
    values.length === 0 ||
    values.some((value) =>
      value.endsWith("*") ? asked.header?.startsWith(value.slice(0, -1)) : asked.header === value,
    );
  return isPath && isHeader && (where?.methods?.includes(asked.method) ?? true);
}

function drawMatch(): Match {
  const where = {
    ...(below(3) === 0 ? { methods: oneOf([["GET"], ["GET", "POST"], ["POST", "PUT"]]) } : {}),
    ...(below(3) === 0 ? { headers: { x: oneOf(["*", "1", "1*", "12"]) } } : {}),
  };
  return {
    path: oneOf([null, "/a", "/a/*", "/a/b", "/a/b/*", "/c"]),
    where: Object.keys(where).length > 0 ? where : null,
  };
}

function drawLiteral(): Literal {
  const drawAlternative = (): Alternative => ({
    host: below(3) === 0 ? oneOf(HOSTS) : null,
    match: drawMatch(),
    but: below(4) === 0 ? [drawMatch()] : [],
  });
  const meaning = { alternatives: some(2, drawAlternative), lost: [], reads: [] };
  return { isNegated: below(3) === 0, text: "", words: [], meaning };
}

function drawCondition(): Condition {
  return { text: "", isUnless: below(3) === 0, terms: some(2, () => some(2, drawLiteral)) };
}

function drawStep(name: string): Step {
  const outcomes: readonly Step["outcome"][] = [
    { kind: "answer", action: { respond: { status: 200 + below(100) } } },
    { kind: "change", change: headerChange("request_headers", "set", `x-${name}-${below(2)}`, "1") },
    { kind: "allow" },
    { kind: "backend", name: "other", at: "" },
  ];
  return { condition: drawCondition(), outcome: oneOf(name === "other" ? outcomes.slice(0, 3) : outcomes) };
}

function drawProgram(name: string): Program {
  return {
    sets: some(2, () => some(2, () => drawStep(name))),
    end: (changes) => ({ pool: name, ...actionOf(changes) }),
  };
}

/** What HAProxy does: line after line. */
function obeyed(program: Program, other: Program, host: string | null, asked: Asked): Action {
  const isMet = ({ terms, isUnless }: Condition) =>
    terms.some((term) =>
      term.every(
        ({ isNegated, meaning }) =>
          isNegated !==
          meaning.alternatives.some(
            (each) =>
              includes(each.host, host) &&
              matches(each.match, asked) &&
              !each.but.some((but) => matches(but, asked)),
          ),
      ),
    ) !== isUnless;
  const run = ({ sets, end }: Program, before: Changes): Action => {
    let changes = before;
    for (const steps of sets) {
      for (const { condition, outcome } of steps) {
        if (!isMet(condition)) continue;
        if (outcome.kind === "answer") return outcome.action;
        if (outcome.kind === "backend") return run(other, changes);
        if (outcome.kind === "allow") break;
        changes = outcome.change(changes);
      }
    }
    return end(changes) as Action;
  };
  return run(program, NO_CHANGES);
}

describe("rules", () => {
  it(`send every request where the lines send it, in ${ROUNDS} programs drawn at random`, () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [program, other] = [drawProgram("first"), drawProgram("other")];
      for (const host of HOSTS) {
        const rules = rulesFor(program, host, { backend: () => other, blind: () => {} });
        for (const asked of REQUESTS) {
          const action = rules.find((rule) => matches(rule, asked))?.action;
          expect(action, JSON.stringify({ round, host, asked, rules: rules.length })).toEqual(
            obeyed(program, other, host, asked),
          );
        }
      }
    }
  });

  it("are no more than needed", () => {
    const all: Condition = { text: "", isUnless: false, terms: [[]] };
    const to = (path: string, but: Match[] = []): Condition => ({
      ...all,
      terms: [
        [
          {
            isNegated: false,
            text: "",
            words: [],
            meaning: {
              alternatives: [{ host: null, match: { path, where: null }, but }],
              lost: [],
              reads: [],
            },
          },
        ],
      ],
    });
    const step = (condition: Condition, pool: string): Step => ({
      condition,
      outcome: { kind: "answer", action: { pool } },
    });
    const steps = [
      step(to("/a/b/*"), "one"),
      step(to("/a/*", [{ path: "/a", where: null }]), "one"),
      step(to("/a/c"), "two"),
      step(to("/c"), "rest"),
    ];
    const program: Program = { sets: [steps], end: () => ({ pool: "rest" }) };
    const rules = rulesFor(program, null, { backend: () => program, blind: () => {} });
    expect(rules.map(({ path, action }) => `${path ?? "*"} ${action.pool}`)).toEqual([
      "/a rest",
      "/a/* one",
      "* rest",
    ]);
  });
});
