/**
 * The package of the core in a browser: bundled as a front end would bundle it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatWithOptions } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coreExamples, installCore } from "../support/core-package.ts";
import { expectNoComplaints, openBrowser, type Visitor } from "./support/browser.ts";

let directory: string;
let visitor: Visitor;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "edge-balancer-core-"));
  await installCore(directory);
  visitor = await openBrowser();
});

afterAll(async () => {
  await visitor?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** As Node prints it. */
function inspected(what: readonly unknown[]): string {
  return formatWithOptions({ breakLength: Number.POSITIVE_INFINITY }, ...what);
}

/** For a browser, where an import of one of Node's modules is an error. */
async function bundle(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: directory, loader: "ts" },
    platform: "browser",
    format: "esm",
    target: "es2022",
    bundle: true,
    minify: true,
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

test.each(coreExamples())("the example of $title does in Chromium what it does in Node", async (example) => {
  // What is printed is taken as values, because each browser shows lists and objects in its own way.
  const shown = "globalThis.console = { ...console, log: (...what) => globalThis.printed.push(what) };";
  const code = await bundle(`${shown}\nglobalThis.printed = [];\n${example.code}`);
  const { page } = visitor;
  await page.goto("about:blank");
  await page.addScriptTag({ type: "module", content: `${code}\nglobalThis.isDone = true;` });
  await page.waitForFunction("globalThis.isDone === true");
  const printed = (await page.evaluate("globalThis.printed")) as unknown[][];
  expect(printed.map((what) => inspected(what))).toEqual(example.prints);
  expectNoComplaints(visitor);
});

test("who needs one algorithm does not carry the others", async () => {
  const one = await bundle(
    'import { ConsistentHash } from "edge-balancer/core"; console.log(ConsistentHash);',
  );
  const all = await bundle('import * as core from "edge-balancer/core"; console.log(core);');
  expect(one.length).toBeLessThan(all.length / 5);
});
