/**
 * `npm pack` makes a package of the core that others can use: see docs/core.md.
 */
import { execFile } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { coreExamples, INSTALLED, installCore } from "../support/core-package.ts";
import { NODE, PROJECT } from "../system/support/processes.ts";

const run = promisify(execFile);
const TSC = join(PROJECT, "node_modules/.bin/tsc");
const examples = coreExamples().map((example, index) => ({ ...example, file: `example-${index}.ts` }));

let directory: string;
let npmSaid: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "edge-balancer-core-"));
  npmSaid = await installCore(directory);
  for (const { file, code } of examples) writeFileSync(join(directory, file), code);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function installed(pattern: string): string[] {
  return globSync(pattern, { cwd: join(directory, INSTALLED) }).sort();
}

function text(file: string): string {
  return readFileSync(join(directory, INSTALLED, file), "utf8");
}

describe("who installs the package of the core", () => {
  test("gets nothing else with it, and no script of it asks to run", () => {
    expect(globSync("node_modules/*", { cwd: directory })).toEqual([INSTALLED]);
    const manifest = JSON.parse(text("package.json")) as Record<string, unknown>;
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("peerDependencies");
    expect(npmSaid).toMatch(/^\s*added 1 package in \S+\s*$/);
  });

  test("gets the core's modules with their types, its page and its licence, and nothing of the Worker", () => {
    const modules = installed("dist/core/**/*.js");
    const types = installed("dist/core/**/*.d.ts");
    expect(modules).toContain("dist/core/index.js");
    expect(types).toEqual(modules.map((file) => file.replace(/\.js$/, ".d.ts")));
    const rest = installed("**/*.*").filter((file) => !file.startsWith("dist/core/"));
    expect(rest).toEqual(["README.md", "docs/core.md", "package.json"]);
    expect(installed("LICENSE")).toEqual(["LICENSE"]);
  });

  test("can import the core alone", async () => {
    const load = (what: string) =>
      run(NODE, ["--input-type=module", "--eval", `import ${JSON.stringify(what)}`], { cwd: directory });
    await load("edge-balancer/core");
    await expect(load("edge-balancer")).rejects.toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
    await expect(load("edge-balancer/dist/core/load-balancer.js")).rejects.toThrow(
      "ERR_PACKAGE_PATH_NOT_EXPORTED",
    );
  });
});

describe("the examples of docs/core.md", () => {
  test("cover what the package is for", () => {
    const code = examples.map((example) => example.code).join("");
    const names = ["LoadBalancer", "RoundRobin", "P2c", "ConsistentHash", "SlidingWindowLimiter"];
    for (const name of [...names, "HealthChecker", "OutlierDetector", "RetryPolicy", "CursorAllocator"])
      expect(code).toContain(name);
  });

  test.each(["nodenext", "bundler"])("have no type errors with moduleResolution %s", async (resolution) => {
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      ...{ target: "es2023", lib: ["es2023", "dom"], types: [] },
      ...{ module: resolution === "bundler" ? "esnext" : resolution, moduleResolution: resolution },
    };
    const wrong = 'import { Server } from "edge-balancer/core";\n// @ts-expect-error\nnew Server(1, "a");\n';
    writeFileSync(join(directory, "wrong.ts"), wrong);
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const { stdout } = await run(TSC, ["-p", directory]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  test.each(examples)("number %$, of $title, prints what it says", async ({ file, prints }) => {
    const { stdout } = await run(NODE, [file], { cwd: directory });
    expect(prints.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split("\n")).toEqual(prints);
  });
});

/** A member of a class that an interface documents has its comment from there, and a constructor from its options. */
const DOCUMENTED_ELSEWHERE = new Set(["constructor", "name", "next", "prepare", "pin", "method"]);

/** Names in `lines`, a file of types, that lack a comment. @param exported what the package exports */
function undocumented(lines: readonly string[], exported: ReadonlySet<string>): string[] {
  const missing: string[] = [];
  let owner: string | null = null;
  lines.forEach((line, index) => {
    const hasComment = lines[index - 1]?.trimEnd().endsWith("*/") === true;
    const [, kind = "", name = ""] =
      /^export (?:declare )?(class|interface|type|function|const) (\w+)/.exec(line) ?? [];
    if (/^\S/.test(line)) owner = null;
    if (name !== "") owner = exported.has(name) && (kind === "class" || kind === "interface") ? name : null;
    const member = /^ {4}(?:readonly |static |get )*(?!private|set )(\w+)/.exec(line)?.[1];
    if (hasComment) return;
    if (exported.has(name)) missing.push(name);
    else if (owner !== null && member !== undefined && !DOCUMENTED_ELSEWHERE.has(member))
      missing.push(`${owner}.${member}`);
  });
  return missing;
}

test("everything that the package exports has a comment, and so has each public member of it", () => {
  const lists = text("dist/core/index.d.ts").matchAll(/\{([^}]*)\}/g);
  const names = [...lists].flatMap(([, list = ""]) => list.match(/\w+(?=\s*(?:,|$))/g) ?? []);
  const exported = new Set(names);
  expect(exported.size).toBeGreaterThan(70);
  const missing = installed("dist/core/**/*.d.ts").flatMap((file) =>
    undocumented(text(file).split("\n"), exported),
  );
  expect(missing).toEqual([]);
});
