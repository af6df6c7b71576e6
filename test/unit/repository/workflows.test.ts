/**
 * The workflows for GitHub Actions, as text: no parser of YAML is a dependency of this project. Nobody can run them here,
 * so what they must have is written down.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const { scripts, engines } = JSON.parse(read("package.json")) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

const CI = ".github/workflows/ci.yml";
const DEPLOY = "examples/github-actions/deploy.yml";
const POOLS = "examples/github-actions/pools.yml";

/** How lines of each must begin, in this order; others may stand between them. */
const MUST_HAVE: Record<string, readonly string[]> = {
  [CI]: [
    "name: ci",
    "push: { branches: [main] }",
    "pull_request:",
    "permissions: { contents: read }",
    "timeout-minutes: 60",
    "- uses: actions/checkout@v4",
    "- uses: actions/setup-node@v4",
    "with: { node-version-file: package.json, cache: npm }",
    "- run: bash .ci/run",
    "env: { CHROMIUM: /usr/bin/google-chrome }",
  ],
  [DEPLOY]: [
    "name: deploy",
    "permissions: { contents: read }",
    "concurrency: pools",
    "- run: npm ci",
    "run: npm run -s pools -- check ../pools.jsonc",
    "run: npm run -s deploy -- --dry-run --config ../pools.jsonc",
    "run: npm run -s deploy -- --config ../pools.jsonc",
    "CLOUDFLARE_API_TOKEN: $",
    "run: npm run -s pools -- diff ../pools.jsonc || [ $? -eq 1 ]",
    "run: npm run -s pools -- push ../pools.jsonc --yes -m ",
  ],
  [POOLS]: [
    "name: pools",
    "permissions: { contents: read }",
    "concurrency: pools",
    "run: npm run -s pools -- check ../pools.jsonc",
    "run: npm run -s pools -- diff ../pools.jsonc || [ $? -eq 1 ]",
    "if: github.event_name == 'push'",
    "run: npm run -s pools -- push ../pools.jsonc --yes -m ",
  ],
};

/** What follows in `wanted` from the first line on that `lines` does not have in that order. */
function missing(lines: readonly string[], wanted: readonly string[]): readonly string[] {
  let found = 0;
  for (const line of lines) if (found < wanted.length && line.startsWith(wanted[found] ?? "")) found++;
  return wanted.slice(found);
}

const EXPRESSION = /\$\{\{[^{}]*\}\}/g;

/** Reasons for which `text` is no YAML of the simple kind that these files are written in. */
function malformed(text: string): string[] {
  let depth = 0;
  return text.split("\n").flatMap((line, index) => {
    if (line === "" || /^\s*#/.test(line)) return [];
    const [, indent = "", item = ""] = /^( *)(- )?/.exec(line) ?? [];
    const flow = line.replace(EXPRESSION, "");
    const isWellFormed =
      /^ *(- )?[a-z][\w-]*:( .+)?$/i.test(line) &&
      indent.length % 2 === 0 &&
      indent.length <= depth + 2 &&
      flow.replace(/"[^"]*"|[^{]/g, "").length === flow.replace(/"[^"]*"|[^}]/g, "").length;
    depth = indent.length + item.length;
    return isWellFormed ? [] : [`line ${index + 1}: ${line}`];
  });
}

describe.each(Object.keys(MUST_HAVE))("%s", (path) => {
  const text = read(path);
  const lines = text.split("\n").map((line) => line.trim());
  const commands = lines.flatMap((line) => /^(?:- )?run: (.*)$/.exec(line)?.[1] ?? []);

  test("is well formed", () => {
    expect(malformed(text)).toEqual([]);
  });

  test("has what it must have, in order", () => {
    expect(missing(lines, MUST_HAVE[path] ?? [])).toEqual([]);
  });

  test("takes actions of GitHub's own only, each by its major version", () => {
    const actions = lines.flatMap((line) => /^- uses: (.*)$/.exec(line)?.[1] ?? []);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^actions\/[a-z-]+@v\d+$/);
  });

  test("may read the repository and nothing else, keeps no credentials, and each job has a time limit", () => {
    expect(lines.filter((line) => line.startsWith("permissions:"))).toEqual([
      "permissions: { contents: read }",
    ]);
    expect(text.match(/actions\/checkout@.*\n +with: \{ persist-credentials: false \}$/gm)).toHaveLength(1);
    expect(text.match(/^ {4}runs-on: /gm)).toHaveLength(1);
    expect(text.match(/^ {4}timeout-minutes: \d+$/gm)).toHaveLength(1);
  });

  test("runs scripts that package.json has, and files that are there", () => {
    expect(commands.length).toBeGreaterThan(0);
    const named = [...commands.join("\n").matchAll(/\bnpm run (?:-s )?(\S+)/g)].map(([, name]) => name);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
    for (const [, file = ""] of commands.join("\n").matchAll(/\bbash (\S+)/g))
      expect(existsSync(new URL(file, ROOT)), file).toBe(true);
  });

  test("has its secrets in the environment of single steps only, and names each at its top", () => {
    const [top = ""] = text.split("\nname:");
    for (const [, name = ""] of text.matchAll(/secrets\.(\w+)/g)) expect(top).toContain(name);
    for (const command of commands) expect(command).not.toContain("${{");
    expect(text.match(/^ {0,4}env:/gm)).toBeNull();
  });
});

test("the check of the form notices what is not well formed", () => {
  const bad = ["a: b\n   c: d", "a:\n      b: c", "a: { b: c", "\ta: b", "just a text", "a:b", "a: b }"];
  for (const text of bad) expect(malformed(text), text).toHaveLength(1);
  expect(malformed(`a:\n  - b: { c: ${"$"}{{ d }} }\n    e: f\n# g\n\nh: i`)).toEqual([]);
});

test("GitHub's Node is the one that package.json asks for", () => {
  expect(engines.node).toMatch(/^>=\d+\.\d+$/);
  expect(read(CI)).toContain("node-version-file: package.json");
});

test("GitHub's runner installs what .ci/run would, which only root may there; the browser it has already", () => {
  const programs = [...read(".ci/run").matchAll(/programs\+=\(([\w-]+)\)/g)].map(([, name = ""]) => name);
  expect(programs).toContain("chromium");
  const install = /apt-get install -y --no-install-recommends (.*)$/m.exec(read(CI))?.[1]?.split(" ");
  expect(install).toEqual(programs.filter((name) => name !== "chromium"));
});
