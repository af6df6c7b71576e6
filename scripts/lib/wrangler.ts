/**
 * Runs wrangler, and turns its errors into messages for people.
 * @module
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { PROJECT } from "./project.ts";

/** Bound of wrangler's output: more than a hundred documents of KV, which are read at a time, can have. */
const MOST_OUTPUT_BYTES = 256 * 1024 * 1024;

const run = promisify(execFile);

/** Wrangler ended with an error; the message is its output. */
export class WranglerError extends Error {}

/**
 * Runs wrangler in the project without a terminal, so that it asks no questions.
 * @returns its standard output
 * @throws WranglerError
 */
export async function runWrangler(args: readonly string[]): Promise<string> {
  const wrangler = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
  // Wrangler's answers are log lines, so a log level in the caller's environment must not hide them.
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

/** The arguments that name an environment of wrangler.toml; null: the top level. */
export function inEnvironment(env: string | null): string[] {
  return env === null ? [] : ["--env", env];
}

/** Wrangler's error messages, without stacks and hints about wrangler itself; without errors, its whole output. */
function essence(output: string): string {
  const text = stripVTControlCharacters(output);
  const errors = text.match(/^.*\[ERROR\].*(\n([ \t]+(?!at ).*)?$)*/gm) ?? [text];
  const about = /^\s*($|If you think this is a bug)/;
  const lines = errors.flatMap((error) => error.split("\n")).filter((line) => !about.test(line));
  return lines.map((line) => line.trimEnd()).join("\n");
}
