/**
 * The core as others get it: packed, and installed from the tarball without a registry.
 * @module
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const PROJECT = resolve(import.meta.dirname, "../..");

/** Where the package lies in the project that it was installed into. */
export const INSTALLED = "node_modules/edge-balancer";

/**
 * Makes an empty project in `directory` and installs the package there.
 * @returns what npm said
 */
export async function installCore(directory: string): Promise<string> {
  const pack = ["pack", "--json", "--silent", "--pack-destination", directory];
  const [packed] = JSON.parse((await run("npm", pack, { cwd: PROJECT })).stdout) as [{ filename: string }];
  writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
  const install = ["install", "--offline", "--no-audit", "--no-fund", `./${packed.filename}`];
  const { stdout, stderr } = await run("npm", install, { cwd: directory });
  return stdout + stderr;
}

export interface Example {
  /** The heading that it stands under. */
  readonly title: string;
  readonly code: string;
  /** The lines that it prints, by its comments. */
  readonly prints: readonly string[];
}

/** The examples of docs/core.md, in their order. */
export function coreExamples(): Example[] {
  const text = readFileSync(join(PROJECT, "docs/core.md"), "utf8");
  return text.split(/^## /m).flatMap((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    return [...section.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => ({
      title,
      code,
      prints: [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, line = ""]) => line),
    }));
  });
}
