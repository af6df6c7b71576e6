/**
 * Provides the built Worker in `dist/`, and builds it again only when one of its inputs has changed.
 * @module
 */
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DIST, PROJECT } from "./project.ts";
import { writeWorkerOptions } from "./worker-options.ts";
import { runWrangler, WranglerError } from "./wrangler.ts";

/** File with the digest of the inputs from which `dist/` was built. */
const STAMP = join(DIST, "inputs.sha256");
const INPUTS = [
  ...["src/**", "scripts/lib/dashboard.ts", "scripts/lib/worker-options.ts"],
  ...["wrangler.toml", "package-lock.json", "tsconfig*.json"],
];
/** Made by the build itself. */
const GENERATED = "src/admin/generated/**";

/**
 * Builds the Worker unless `dist/` is up to date.
 * @param begins called before a build, which takes some seconds
 * @returns the bundle's path
 * @throws Error with wrangler's output if it does not build
 */
export async function ensureBundle(begins: () => void = () => undefined): Promise<string> {
  const bundle = join(DIST, "index.js");
  const digest = await inputsDigest();
  if ((await stamp()) === digest) return bundle;
  begins();
  // Built in another directory and then moved, so that a second launcher never reads an incomplete bundle.
  const aside = join(DIST, `.build-${process.pid}`);
  try {
    await build(aside);
    await writeWorkerOptions(aside);
    for (const file of await readdir(aside)) await rename(join(aside, file), join(DIST, file));
    await writeFile(STAMP, digest);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return bundle;
}

/** A text that the bundle imports: a file beside it. */
export interface TextModule {
  readonly name: string;
  readonly path: string;
}

/** Those that a bundle names: beside it there may be older ones. */
export async function textModulesOf(bundle: string): Promise<TextModule[]> {
  const directory = dirname(bundle);
  const code = await readFile(bundle, "utf8");
  const names = (await readdir(directory)).filter(
    (name) => name.endsWith(".txt") && code.includes(`"./${name}"`),
  );
  return names.map((name) => ({ name, path: join(directory, name) }));
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
