/**
 * Runs wrangler.
 * @module
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { PROJECT } from "./project.ts";

/** A hundred documents of KV at most are read at a time; this is more than any have. */
const MOST_OUTPUT_BYTES = 256 * 1024 * 1024;

const run = promisify(execFile);

/** Wrangler ended with an error; the message is what it said. */
export class WranglerError extends Error {}

/**
 * Runs wrangler in the project, without a terminal: it asks no questions.
 * @returns its standard output
 * @throws WranglerError
 */
export async function runWrangler(args: readonly string[]): Promise<string> {
  const wrangler = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
  // Its answers are lines of its log: a level in the caller's environment must not silence them.
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "log" };
  try {
    const ended = run(process.execPath, [wrangler, ...args], {
      cwd: PROJECT,
      env,
      maxBuffer: MOST_OUTPUT_BYTES,
    });
    ended.child.stdin?.end();
    return (await ended).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new WranglerError(essence(`${stderr}${stdout}`) || String(error));
  }
}

/** The errors that wrangler tells of, without stacks and what is about wrangler itself; if there are none, all it said. */
function essence(output: string): string {
  const text = stripVTControlCharacters(output);
  const errors = text.match(/^.*\[ERROR\].*(\n([ \t]+(?!at ).*)?$)*/gm) ?? [text];
  const about = /^\s*($|If you think this is a bug)/;
  const lines = errors.flatMap((error) => error.split("\n")).filter((line) => !about.test(line));
  return lines.map((line) => line.trimEnd()).join("\n");
}
