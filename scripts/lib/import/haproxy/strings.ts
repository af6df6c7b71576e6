/**
 * Tests of texts: hosts, paths, headers, cookies and parameters, as routes can say them (manual, 7.1.3 "Matching strings").
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Match } from "../matches.ts";
import { type PathPattern, plainPaths } from "../regex.ts";
import { validWhere } from "../where.ts";
import { ALWAYS, anyOf, lost, type Meaning, matching, toHosts } from "./meaning.ts";

/** How a text is compared. `found`: it is there. */
export type Method =
  | "str"
  | "beg"
  | "end"
  | "dom"
  | "dir"
  | "sub"
  | "reg"
  | "len"
  | "found"
  | "int"
  | "other";

export interface TextTest {
  /** As it is written, for reasons. */
  readonly label: string;
  readonly method: Method;
  readonly anyCase: boolean;
  readonly patterns: readonly string[];
}

const BY: Readonly<Record<Method, string>> = {
  str: "cannot be a route's",
  beg: "cannot be a route's",
  end: "no route goes by how a text ends",
  dom: "no route goes by a part of a text",
  dir: "no route goes by a part of a path",
  sub: "no route goes by a part of a text",
  reg: "no route has a regular expression",
  len: "no route goes by a length",
  int: "no route compares numbers",
  found: "no route goes by this",
  other: "no route goes by this",
};

function cannot({ label, method }: TextTest, pattern: string): Meaning {
  return lost(`${label} ${pattern}: ${BY[method]}`);
}

/** A host; letters in any case are the same, and a port counts for nothing. */
export function hostMeaning(test: TextTest): Meaning {
  if (test.method === "found") return ALWAYS;
  return anyOf(test.patterns.map((pattern) => ofHost(test, pattern)));
}

function ofHost(test: TextTest, pattern: string): Meaning {
  const { label, method } = test;
  const name = pattern.toLowerCase().replace(/:(443|80)$/, "");
  if (method === "str") return hosts(test, pattern, [name]);
  if (method === "end" || method === "dom") {
    const bare = name.replace(/^\./, "");
    if (method === "end" && name.startsWith(".")) return hosts(test, pattern, [`*${name}`]);
    if (!bare.includes(".")) return cannot(test, pattern);
    const others = method === "end" ? `other${bare}` : `${bare}.other.example`;
    return anyOf([
      hosts(test, pattern, [bare, `*.${bare}`]),
      lost(`${label} ${pattern}: hosts such as ${others} matched too, which no route says`),
    ]);
  }
  if (method === "beg") return named(test, "headers", "host", [pattern.toLowerCase()]);
  const [, start, plain] = /^(\^)?((?:[\w-]|\\\.)+)\$$/.exec(method === "reg" ? name : "") ?? [];
  if (plain === undefined) return cannot(test, pattern);
  return ofHost({ ...test, method: start === undefined ? "end" : "str" }, plain.replaceAll("\\.", "."));
}

function hosts(test: TextTest, pattern: string, names: readonly string[]): Meaning {
  return names.every((name) => routeSchema.shape.host.safeParse(name).success)
    ? toHosts(names)
    : cannot(test, pattern);
}

/** A path. */
export function pathMeaning(test: TextTest): Meaning {
  if (test.method === "found") return ALWAYS;
  const meaning = anyOf(test.patterns.map((pattern) => ofPath(test, pattern)));
  const hasLetters = test.patterns.some((pattern) => /[a-z]/i.test(pattern));
  const cases = test.anyCase && hasLetters && meaning.alternatives.length > 0;
  const other = lost(`${test.label} -i: paths in other cases of letters matched too`);
  return { ...anyOf(cases ? [meaning, other] : [meaning]), reads: ["path"] };
}

function ofPath(test: TextTest, pattern: string): Meaning {
  const kinds = { str: "exact", beg: "beginning" } as const;
  if (test.method === "reg") {
    const paths = plainPaths(pattern);
    return paths === null
      ? cannot(test, pattern)
      : anyOf(paths.map((path) => ofPattern(test, path, pattern)));
  }
  if (test.method !== "str" && test.method !== "beg") return cannot(test, pattern);
  return ofPattern(test, { kind: kinds[test.method], path: pattern }, pattern);
}

/** A beginning ends anywhere; a route's prefix is made of whole segments. */
function ofPattern(test: TextTest, { kind, path }: PathPattern, pattern: string): Meaning {
  if (kind === "beginning" && path === "/") return ALWAYS;
  if (!isRoutePath(path)) return cannot(test, pattern);
  const exactly = (text: string): Match => ({ path: text, where: null });
  if (kind === "exact") return matching(exactly(path));
  const below = exactly(`${path.replace(/\/$/, "")}/*`);
  if (kind === "segments") return matching(below);
  if (path.endsWith("/")) return matching(below, [exactly(path.slice(0, -1))]);
  const more = `${test.label} ${pattern}: whole segments of a path match: ${path}-and-more matched too`;
  return anyOf([matching(below), lost(more)]);
}

function isRoutePath(path: string): boolean {
  return !path.endsWith("*") && routeSchema.shape.path.safeParse(path).success;
}

/** Path and query: only how it begins is the same as of a path. */
export function targetMeaning(test: TextTest): Meaning {
  const isBeginning = test.method === "beg" || (test.method === "reg" && test.patterns.every(isOpen));
  if (isBeginning && test.patterns.every((pattern) => !pattern.includes("?"))) return pathMeaning(test);
  return anyOf(
    test.patterns.map((pattern) =>
      cannot({ ...test, method: test.method === "str" ? "other" : test.method }, pattern),
    ),
  );
}

function isOpen(regex: string): boolean {
  return plainPaths(regex)?.every(({ kind }) => kind === "beginning") === true;
}

/** Host and path in one text. */
export function baseMeaning(test: TextTest): Meaning {
  const parts = test.patterns.map((pattern) => {
    const [, host = "", path = ""] = /^([^/]+)(\/.*)$/.exec(pattern) ?? [];
    const names = ofHost({ ...test, method: "str" }, host);
    if (host === "" || (test.method !== "str" && test.method !== "beg")) return cannot(test, pattern);
    const paths = pathMeaning({ ...test, patterns: [path] });
    const alternatives = names.alternatives.flatMap(({ host: name }) =>
      paths.alternatives.map((each) => ({ ...each, host: name })),
    );
    return { alternatives, lost: [...names.lost, ...paths.lost], reads: ["path"] };
  });
  return anyOf(parts);
}

/** A header, a cookie or a parameter of the query. */
export function named(
  test: TextTest,
  field: "headers" | "cookies" | "query",
  name: string,
  patterns = test.patterns,
): Meaning {
  const { method, label, anyCase } = test;
  const reads = field === "cookies" ? ["header:cookie"] : field === "headers" ? [`header:${name}`] : [];
  if (method === "found") return { ...valued(field, name, ["*"], test), reads };
  if (method !== "str" && method !== "beg") return anyOf(patterns.map((pattern) => cannot(test, pattern)));
  const isOdd = (pattern: string) => method === "str" && pattern.endsWith("*");
  const fit = patterns.filter((pattern) => !isOdd(pattern));
  const cases = anyCase && name !== "host" && fit.some((pattern) => /[a-z]/i.test(pattern));
  const other = lost(`${label} -i ${fit.join(" ")}: values in further cases of letters matched too`);
  // Of all cases these two are the ones that clients write.
  const written = anyCase ? [...new Set(fit.flatMap((pattern) => [pattern, pattern.toLowerCase()]))] : fit;
  const values = written.map((pattern) => (method === "beg" ? `${pattern}*` : pattern));
  return {
    ...anyOf([
      ...(values.length === 0 ? [] : [valued(field, name, values, test)]),
      ...(cases ? [other] : []),
      ...patterns.filter(isOdd).map((pattern) => cannot(test, pattern)),
    ]),
    reads,
  };
}

function valued(
  field: "headers" | "cookies" | "query",
  name: string,
  values: string[],
  test: TextTest,
): Meaning {
  const where = validWhere({ [field]: { [name]: values } });
  return where === null
    ? lost(`${test.label}: no condition of a route says this`)
    : matching({ path: null, where });
}
