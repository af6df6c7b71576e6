/**
 * Provides the built Worker in `dist/`, and builds it again only when one of its inputs has changed.
 * @module
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { DIST, PROJECT } from "./project.ts";
import { writeWorkerOptions } from "./worker-options.ts";
import { runWrangler, WranglerError } from "./wrangler.ts";

/** File with the digest of the inputs from which `dist/` was built. */
const STAMP = join(DIST, "inputs.sha256");
/** Beside all of `SOURCES`, and every `tsconfig*.json` of the project's root. */
const INPUTS = [
  ...["scripts/lib/dashboard.ts", "scripts/lib/worker-options.ts"],
  ...["wrangler.toml", "package-lock.json"],
];
const SOURCES = "src";
/** Made by the build itself. */
const GENERATED = join("src/admin/generated", sep);

/**
 * Builds the Worker unless `dist/` is up to date.
 * @param begins called before a build, which takes some seconds
 * @returns the bundle's path
 * @throws Error with wrangler's output if it does not build
 */
export async function ensureBundle(begins: () => void = () => undefined): Promise<string> {
  const bundle = join(DIST, "index.js");
  const digest = inputsDigest();
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

/** Each start reads all inputs, and 400 small files take ten times as long without blocking. */
function inputsDigest(): string {
  const hash = createHash("sha256");
  for (const file of inputs()) {
    const contents = readFileSync(join(PROJECT, file));
    hash.update(`${file}\0${contents.length}\0`).update(contents);
  }
  return hash.digest("hex");
}

function inputs(): string[] {
  const sources = readdirSync(join(PROJECT, SOURCES), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PROJECT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(GENERATED));
  const options = readdirSync(PROJECT).filter((name) => /^tsconfig.*\.json$/.test(name));
  return [...INPUTS, ...options, ...sources].sort();
}

async function stamp(): Promise<string | null> {
  return readFile(STAMP, "utf8").catch(() => null);
}
