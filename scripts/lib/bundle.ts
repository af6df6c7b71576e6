/**
 * The built Worker in `dist/`, built again only when what it is made of has changed.
 * @module
 */
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "./project.ts";
import { runWrangler, WranglerError } from "./wrangler.ts";

const DIST = join(PROJECT, "dist");
/** Holds the digest of the inputs that `dist/` was built from. */
const STAMP = join(DIST, "inputs.sha256");
const INPUTS = ["src/**", "scripts/lib/dashboard.ts", "wrangler.toml", "package-lock.json", "tsconfig*.json"];
/** Made by the build itself. */
const GENERATED = "src/admin/generated/**";

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
  try {
    await runWrangler(["deploy", "--dry-run", "--outdir", outdir]);
  } catch (error) {
    if (!(error instanceof WranglerError)) throw error;
    throw new Error(`the Worker does not build:\n${error.message}`);
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
