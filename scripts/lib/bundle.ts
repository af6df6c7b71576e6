/**
 * The built Worker in `dist/`, built again only when what it is made of has changed.
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";

export const PROJECT = resolve(import.meta.dirname, "../..");
const DIST = join(PROJECT, "dist");
/** Holds the digest of the inputs that `dist/` was built from. */
const STAMP = join(DIST, "inputs.sha256");
const INPUTS = ["src/**", "scripts/lib/dashboard.ts", "wrangler.toml", "package-lock.json", "tsconfig*.json"];
/** Made by the build itself. */
const GENERATED = "src/admin/generated/**";

const run = promisify(execFile);

/**
 * Builds the Worker unless `dist/` is up to date.
 * @returns the bundle's path
 * @throws Error with wrangler's output if it does not build
 */
export async function ensureBundle(): Promise<string> {
  const bundle = join(DIST, "index.js");
  const digest = await inputsDigest();
  if ((await stamp()) === digest) return bundle;
  // Built aside and moved into place, so that a launcher beside this one never reads half a bundle.
  const aside = join(DIST, `.build-${process.pid}`);
  try {
    await build(aside);
    for (const file of await readdir(aside)) await rename(join(aside, file), join(DIST, file));
    await writeFile(STAMP, digest);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return bundle;
}

async function build(outdir: string): Promise<void> {
  await mkdir(outdir, { recursive: true });
  const wrangler = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  try {
    await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", outdir], { cwd: PROJECT, env });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(stripVTControlCharacters(`the Worker does not build:\n${stderr}${stdout}`).trimEnd());
  }
}

async function inputsDigest(): Promise<string> {
  const files = globSync(INPUTS, { cwd: PROJECT, withFileTypes: true, exclude: [GENERATED] })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const contents = await readFile(file);
    hash.update(`${file}\0${contents.length}\0`).update(contents);
  }
  return hash.digest("hex");
}

async function stamp(): Promise<string | null> {
  return readFile(STAMP, "utf8").catch(() => null);
}
